import { TareError } from '../../base/error.ts';
import { nameOf, quotePath, type TreePath } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import { headOf, isScript, ownStart } from './programs.ts';
import type { Detector, Start, StartInput } from './types.ts';

/** Most entries of the application folder that are looked at. */
const MAX_LISTED = 10_000;
const LIBRARY = /\.so(\.\d+)*$/;

/** The only ELF executable of the folder. */
export const fromBinary: Detector = async (input) =>
  onlyOne(await executables(input, (path, head) => isElf(head) && !LIBRARY.test(path)));

/** The only executable script of the folder. */
export const fromScripts: Detector = async (input) =>
  onlyOne(await executables(input, (_path, head) => isScript(head)));

async function executables(
  { app, content, tree }: StartInput,
  suits: (path: TreePath, head: Uint8Array) => boolean,
): Promise<TreePath[]> {
  const out: TreePath[] = [];
  for (const entry of tree.children(app).slice(0, MAX_LISTED)) {
    if (entry.type !== 'file' || (entry.mode & 0o111) === 0) continue;
    if (suits(entry.path, await headOf(content, entry))) out.push(entry.path);
  }
  return out;
}

function onlyOne(candidates: readonly TreePath[]): Start | undefined {
  const [only] = candidates;
  if (only === undefined) return undefined;
  if (candidates.length === 1) return ownStart(only, 'the only executable of the folder');
  const names = candidates.map((path) => quotePath(nameOf(path))).join(', ');
  throw new TareError('E_AMBIGUOUS_ENTRY', `the folder holds several executables: ${names}`, {
    hint: 'say which one: `tare build --entry FILE`, or `entry:` in tare.yaml',
  });
}
