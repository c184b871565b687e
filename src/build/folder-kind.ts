import { nameOf, textOfBytes, type TreePath } from '../base/path.ts';
import type { Tree } from '../tree/types.ts';

interface FolderKind {
  readonly what: string;
  readonly looks: RegExp;
  readonly hint: string;
}

/** What a folder without anything to start may be, by the names in it; the first that fits. */
const KINDS: readonly FolderKind[] = [
  {
    what: 'Go sources',
    looks: /^go\.mod$|\.go$/,
    hint: 'compile them first: `CGO_ENABLED=0 go build -o app .` makes a static binary',
  },
  {
    what: 'Rust sources',
    looks: /^Cargo\.toml$/,
    hint: 'compile them first, and name the binary: `tare build --entry target/release/NAME`',
  },
  { what: 'C or C++ sources', looks: /\.(?:c|cc|cpp|cxx)$|^CMakeLists\.txt$/, hint: 'compile them first' },
  {
    what: 'TypeScript sources',
    looks: /^tsconfig\.json$|\.[cm]?ts$/,
    hint: 'compile them first, and name the JavaScript: `tare build --entry FILE.js`',
  },
  {
    what: 'a Python application',
    looks: /^(?:pyproject\.toml|requirements\.txt|setup\.py)$|\.py$/,
    hint: 'say what to start: `tare build --entry FILE.py` or `--entry MODULE:CALLABLE`',
  },
  {
    what: 'a .NET application',
    looks: /\.(?:cs|fs)proj$|\.sln$/,
    hint: 'publish it first, and build what was published: `dotnet publish -c Release -o OUT && tare build OUT`',
  },
  {
    what: 'a Java application',
    looks: /^(?:pom\.xml|build\.gradle(?:\.kts)?)$|\.(?:jar|java)$/,
    hint: 'package it first (`mvn package`, `gradle assemble`); the jar needs a Main-Class in its manifest, or name the class: `entrypoint: [java, -cp, FILE.jar, CLASS]` in tare.yaml',
  },
  { what: 'an executable script without its mode', looks: /\.sh$/, hint: 'make it executable: `chmod +x FILE`' },
];

/** What the folder looks like, and what its owner can do. */
export function folderKind(tree: Tree, dir: TreePath): { readonly what: string; readonly hint: string } | undefined {
  const names = tree
    .children(dir)
    .filter((entry) => entry.type === 'file')
    .map((entry) => textOfBytes(nameOf(entry.path)));
  return KINDS.find((kind) => names.some((name) => kind.looks.test(name)));
}
