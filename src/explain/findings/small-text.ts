import type { TreePath } from '../../base/path.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';

/** A small file as UTF-8, links followed inside the root; undefined when there is none, or a larger one. */
export async function readSmallText(
  tree: Tree,
  content: ContentReader,
  path: TreePath,
  maxBytes: number,
): Promise<string | undefined> {
  const entry = tree.resolve(path)?.entry;
  if (entry?.content === undefined || entry.size > maxBytes) return undefined;
  return Buffer.from(await content.read(entry)).toString('utf8');
}
