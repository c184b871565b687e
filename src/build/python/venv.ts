import { bytesOfText, joinPath, nameOf, type TreePath } from '../../base/path.ts';
import { fileAt, folderAt, readText } from '../../evidence/node/files.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';

/** An environment of Python (PEP 405) in a folder. */
export interface Venv {
  readonly dir: TreePath;
  /** "3.11", by the folder of its packages. */
  readonly version: string;
  /** `site-packages`, with those of lib64 where it is another folder. */
  readonly packages: readonly TreePath[];
  /** The folder of the interpreter that it was made with, as that machine names it. */
  readonly home: string | undefined;
  readonly systemSitePackages: boolean;
}

/** Names that people give to them, the usual one first; another name counts when none of these is there. */
const NAMES = ['.venv', 'venv', 'env'];
const MAX_CONFIG_BYTES = 64 * 1024; // 64 KiB

/** The environment in a folder of the application, if one is there. */
export async function findVenv(tree: Tree, content: ContentReader, app: TreePath): Promise<Venv | undefined> {
  const folders = tree.children(app).filter((entry) => entry.type === 'directory');
  const rank = (path: TreePath): number => (NAMES.includes(nameOf(path)) ? NAMES.indexOf(nameOf(path)) : NAMES.length);
  for (const { path: dir } of folders.toSorted((a, b) => rank(a.path) - rank(b.path))) {
    const config = fileAt(tree, joinPath(dir, 'pyvenv.cfg'));
    if (config === undefined || config.size > MAX_CONFIG_BYTES) continue;
    const values = configValues(await readText(content, config));
    const found = packageFolders(tree, dir);
    if (found === undefined) continue;
    return {
      dir,
      ...found,
      home: values.get('home'),
      systemSitePackages: values.get('include-system-site-packages')?.toLowerCase() === 'true',
    };
  }
  return undefined;
}

function configValues(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf('=');
      return at <= 0 ? [] : [[line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const];
    }),
  );
}

function packageFolders(tree: Tree, dir: TreePath): Pick<Venv, 'packages' | 'version'> | undefined {
  const lib = joinPath(dir, 'lib');
  const versions = tree.children(lib).flatMap((entry) => /^python(3\.\d+t?)$/.exec(nameOf(entry.path))?.[1] ?? []);
  for (const version of versions) {
    const packages = ['lib', 'lib64']
      .map((name) => joinPath(joinPath(joinPath(dir, name), `python${version}`), 'site-packages'))
      .filter((folder) => tree.get(folder) !== undefined && folderAt(tree, folder) !== undefined);
    if (packages.length > 0) return { version, packages };
  }
  return undefined;
}

/** pyvenv.cfg as the interpreter needs it in the image: nothing of the machine and the command that made it. */
export function plainConfig({ systemSitePackages, version }: Venv, home: TreePath): Uint8Array {
  const lines = [
    `home = ${home}`,
    `include-system-site-packages = ${systemSitePackages ? 'true' : 'false'}`,
    `version = ${version}`,
  ];
  return Buffer.from(bytesOfText(`${lines.join('\n')}\n`), 'latin1');
}
