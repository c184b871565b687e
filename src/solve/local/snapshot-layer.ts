import type { Digest } from '../../base/digest.ts';
import { ROOT, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';

export interface LayerOptions {
  /** Names the snapshot: the chain ID of the layers up to this one (attributes of folders that are not in the layer come from those below). */
  readonly id: Digest;
  /** What the layer writes, by real paths: no link on the way. Hard links to what is among them. */
  readonly entries: readonly Entry[];
  readonly removed?: readonly TreePath[];
  /** Folders of which nothing of what is below is to be seen. */
  readonly opaque?: readonly TreePath[];
  /** What it lies on: has the attributes of folders that `entries` runs through and does not name. */
  readonly below: Tree;
  /** The host file with the uncompressed tar that entries have their contents in. */
  readonly layerTar: (diffId: Digest) => Promise<string>;
}

/** With all folders above the entries, as they are below the layer or as they are in it. */
export function withFolders({ below, entries, opaque = [], removed = [] }: LayerOptions): readonly Entry[] {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  const want = (path: TreePath): void => {
    const known = all.get(path) ?? below.get(path);
    if (known?.type !== 'directory' && path !== ROOT) throw new Error(`the layer has no folder ${path}`);
    if (known !== undefined) all.set(path, known);
  };
  const above = (path: TreePath): void => {
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1))
      want(path.slice(0, cut) as TreePath);
  };
  want(ROOT);
  for (const { path } of entries) above(path);
  for (const path of removed) above(path);
  for (const path of opaque) {
    above(path);
    want(path);
  }
  return [...all.values()];
}

/** The tars that contents are in. */
export async function tarsOf(
  entries: readonly Entry[],
  layerTar: (diffId: Digest) => Promise<string>,
): Promise<ReadonlyMap<Digest, string>> {
  const tars = new Map<Digest, string>();
  for (const { content } of entries)
    if (content?.in === 'layer' && !tars.has(content.diffId)) tars.set(content.diffId, await layerTar(content.diffId));
  return tars;
}

/** Of all files. */
export function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { size, type }) => sum + (type === 'file' ? size : 0), 0);
}
