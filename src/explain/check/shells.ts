import { pathOfText, textOfBytes } from '../../base/path.ts';
import type { RunConfig } from '../../oci/types.ts';
import { pathInImage } from './path-in-image.ts';
import type { Entry, Tree } from '../../tree/types.ts';

const NAMES = [
  'sh',
  'ash',
  'bash',
  'busybox',
  'csh',
  'dash',
  'fish',
  'ksh',
  'ksh93',
  'mksh',
  'oksh',
  'pwsh',
  'rbash',
  'sash',
  'tcsh',
  'toybox',
  'yash',
  'zsh',
];
const FOLDERS = ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];
/** Of a PATH of a stranger. */
const MAX_FOLDERS = 100;
const EXECUTABLE = 0o111;

export interface Shell {
  readonly path: string;
  /** Of a link: the program itself. */
  readonly leadsTo?: string;
  /** Of the program. */
  readonly bytes: number;
}

/** Programs that read commands, by their names, in the usual folders and on the image's PATH. Two folders that are one are one. */
export function shellsIn(tree: Tree, config: RunConfig): readonly Shell[] {
  const path = config.Env?.find((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const own = path.split(':', MAX_FOLDERS).filter((folder) => folder.startsWith('/'));
  const found = new Map<string, Shell>();
  for (const folder of new Set([...FOLDERS, ...own])) {
    const inside = folderAt(tree, folder);
    if (inside?.type !== 'directory') continue;
    for (const name of NAMES) {
      const plain = `${inside.path === '/' ? '' : textOfBytes(inside.path)}/${name}`;
      const program = found.has(plain) ? undefined : tree.resolve(pathOfText(plain))?.entry;
      if (program?.content === undefined || (program.mode & EXECUTABLE) === 0) continue;
      const target = textOfBytes(program.path);
      found.set(plain, { path: plain, bytes: program.size, ...(target === plain ? {} : { leadsTo: target }) });
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function folderAt(tree: Tree, folder: string): Entry | undefined {
  const path = pathInImage(folder);
  return path === undefined ? undefined : tree.resolve(path)?.entry;
}
