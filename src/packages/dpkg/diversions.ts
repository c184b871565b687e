import type { TreePath } from '../../base/path.ts';
import type { ManagerInput } from '../manager.ts';
import { fileIn, readRecordText, recordedPath, tolerated } from '../record-files.ts';

/** Path that packages ship → where dpkg puts it instead, unless the package is the one that diverts. */
export type Diversions = ReadonlyMap<TreePath, { readonly to: TreePath; readonly by: string }>;

/** `diversions`: three lines each: from, to, the package that asked for it (':' for the administrator). dpkg-divert(1). */
export async function readDiversions(home: TreePath, input: ManagerInput): Promise<Diversions | undefined> {
  const file = fileIn(input.tree, home, 'diversions');
  if (file === undefined) return undefined;
  const text = await tolerated(file.path, input.warn, () => readRecordText(input.content, file));
  const lines = (text ?? '').split('\n');
  const out = new Map<TreePath, { to: TreePath; by: string }>();
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const from = recordedPath(lines[at] as string);
    const to = recordedPath(lines[at + 1] as string);
    if (from !== undefined && to !== undefined) out.set(from, { to, by: lines[at + 2] as string });
  }
  return out;
}
