import { bytesOfText, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { locate } from '../locate.ts';
import { resolveText } from '../node/files.ts';
import { HERE, WILD } from './scan/types.ts';
import type { Start } from './start.ts';

/** A path text from a scan, in the folder of the scanned file. Undefined when part of it is unknown, or it is relative to who knows what. */
export function placeOf(text: string, folder: TreePath): TreePath | undefined {
  if (text.includes(WILD)) return undefined;
  if (text.startsWith(HERE)) return resolveText(folder, `./${text.slice(HERE.length)}`);
  return text.startsWith('/') ? resolveText('/' as TreePath, text) : undefined;
}

/** Options of servers that name a folder to import from, or to change to. */
const FOLDER_OPTIONS = new Set([
  '--chdir',
  '--pythonpath',
  '--app-dir',
  '--workdir',
  '--wsgi-dir',
  '--python-path',
  '--pp',
]);

/** Folders that servers started by a console script put on `sys.path`: the working one, and those of their options. */
export function applicationFolders(tree: Tree, cwd: TreePath, { command, script }: Start): TreePath[] {
  const out: TreePath[] = [];
  for (const [at, word] of command.args.entries()) {
    const [option = '', inline] = word.split(/=(.*)/s, 2);
    const value = FOLDER_OPTIONS.has(option) ? (inline ?? command.args[at + 1]) : undefined;
    for (const item of value?.split(/[,:]/) ?? []) {
      const place = item === '' ? undefined : locate(tree, cwd, bytesOfText(item))?.path;
      if (place !== undefined) out.push(place);
    }
  }
  return script === undefined ? out : [...out, cwd];
}
