import { joinPath, nameOf, parentOf, type TreePath } from '../../base/path.ts';
import { resolveWith } from '../../tree/resolve.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { walkWith } from '../../tree/walk.ts';
import { plainConfig, type Venv } from './venv.ts';

export interface VenvViewInput {
  /** The application's own tree; `venv` is in it. */
  readonly own: Tree;
  readonly content: ContentReader;
  readonly venv: Venv;
  /** The interpreter in the image. */
  readonly program: TreePath;
  /** Where the root of `own` is on the host, and where it will be in the image. */
  readonly hostRoot: TreePath;
  readonly mount: TreePath;
}

/** Scripts that installers write have some hundred bytes; larger files are programs. */
const MAX_SCRIPT_BYTES = 256 * 1024; // 256 KiB
const INTERPRETER = /^python(?:3(?:\.\d+t?)?)?$/;
/** The first line of what pip and others write, and their way around the kernel's limit of its length. */
const SHEBANG = /^#![^\n]*\/python[\w.]*(?=[ \t]*\n)/;
const LONG_SHEBANG = /^#!\/bin\/sh\n'''exec' "?[^\n]*?\/python[\w.]*"? /;

/**
 * The application's own tree with an environment that fits the image: an environment is full of absolute paths of the machine that made it. Links to the
 * interpreter lead to that of the image, pyvenv.cfg and the scripts name it, editable installs lead to where the application will be. What
 * running the application leaves behind (its own `__pycache__`) is absent.
 */
export async function fittedVenv(input: VenvViewInput): Promise<Tree> {
  const { own, venv } = input;
  const changed = new Map<TreePath, Entry>();
  const put = (entry: Entry): void => void changed.set(entry.path, entry);
  for (const entry of await fittedScripts(input)) put(entry);
  for (const entry of await fittedPaths(input)) put(entry);
  const config = own.resolve(joinPath(venv.dir, 'pyvenv.cfg'))?.entry;
  if (config !== undefined) put(withBytes(config, plainConfig(venv, parentOf(input.program))));
  return replaced(own, changed);
}

async function fittedScripts({ content, mount, own, program, venv }: VenvViewInput): Promise<Entry[]> {
  const bin = joinPath(venv.dir, 'bin');
  const python = `${inImage(mount, bin)}/python`;
  const out: Entry[] = [];
  for (const entry of own.children(bin)) {
    if (INTERPRETER.test(nameOf(entry.path))) {
      if (entry.type !== 'symlink' || entry.link?.startsWith('/') === true) out.push(linkTo(entry, program));
    } else if (entry.type === 'file' && entry.size <= MAX_SCRIPT_BYTES) {
      const text = Buffer.from(await content.read(entry)).toString('latin1');
      const fitted = text.replace(SHEBANG, `#!${python}`).replace(LONG_SHEBANG, `#!/bin/sh\n'''exec' "${python}" `);
      if (fitted !== text) out.push(withBytes(entry, Buffer.from(fitted, 'latin1')));
    }
  }
  return out;
}

/** `.pth` files, and the finders of editable installs. */
async function fittedPaths({ content, hostRoot, mount, own, venv }: VenvViewInput): Promise<Entry[]> {
  const out: Entry[] = [];
  for (const entry of venv.packages.flatMap((folder) => own.children(folder))) {
    const isPath = /\.(?:pth|egg-link)$|^__editable__.*_finder\.py$/.test(nameOf(entry.path));
    if (!isPath || entry.type !== 'file' || entry.size > MAX_SCRIPT_BYTES) continue;
    const text = Buffer.from(await content.read(entry)).toString('latin1');
    const fitted = text.replaceAll(`${hostRoot}/`, `${mount === '/' ? '' : mount}/`);
    const bare = fitted.replaceAll(new RegExp(`^${escaped(hostRoot)}$`, 'gm'), mount);
    if (bare !== text) out.push(withBytes(entry, Buffer.from(bare, 'latin1')));
  }
  return out;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/** A path of the application's own tree, in the image. */
export function inImage(mount: TreePath, path: TreePath): TreePath {
  if (mount === '/') return path;
  return path === '/' ? mount : (`${mount}${path}` as TreePath);
}

function linkTo({ gid, mtime, path, uid }: Entry, target: TreePath): Entry {
  return { path, type: 'symlink', mode: 0o777, uid, gid, mtime, size: 0, link: target };
}

function withBytes({ sha256: _sha256, ...entry }: Entry, bytes: Uint8Array): Entry {
  return { ...entry, size: bytes.length, content: { in: 'memory', bytes } };
}

function replaced(tree: Tree, changed: ReadonlyMap<TreePath, Entry>): Tree {
  const get = (path: TreePath): Entry | undefined => changed.get(path) ?? tree.get(path);
  const children = (path: TreePath): readonly Entry[] =>
    tree.children(path).map((entry) => changed.get(entry.path) ?? entry);
  return { get, resolve: (path) => resolveWith(get, path), children, walk: () => walkWith(children) };
}

const INSTALLED = /\/(?:site|dist)-packages\//;

/** Without the compiled modules of the application itself: they appear when somebody runs it, and must change nothing. */
export function withoutCompiled(tree: Tree): Tree {
  const hidden = (path: TreePath): boolean => /\/__pycache__(?:\/|$)/.test(path) && !INSTALLED.test(path);
  const get = (path: TreePath): Entry | undefined => (hidden(path) ? undefined : tree.get(path));
  const children = (path: TreePath): readonly Entry[] => tree.children(path).filter((entry) => !hidden(entry.path));
  return {
    get,
    resolve: (path) => (hidden(path) ? undefined : resolveWith(get, path)),
    children,
    walk: () => walkWith(children),
  };
}
