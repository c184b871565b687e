import { TareError } from '../base/error.ts';
import {
  cleanPath,
  isInside,
  joinPath,
  nameOf,
  parentOf,
  quotePath,
  textOfBytes,
  type TreePath,
} from '../base/path.ts';
import type { Image } from '../oci/types.ts';
import type { IndexedMember, LayerIndex } from '../store/types.ts';
import { layerNameOf } from '../tree/layer-names.ts';
import type { Tree } from '../tree/types.ts';
import { instructionsOf } from './layers/history.ts';
import type { Why } from './why.ts';

/** What a layer does to a path. */
interface Change {
  readonly kind: 'made' | 'changed' | 'deleted';
  /** Index of the layer, base first. */
  readonly layer: number;
  /** Bytes that the layer has of it. */
  readonly size: number;
}

/**
 * The answer for an image without a record of reasons, out of its layers and its history: which step made the path, which changed it, which deleted it.
 * @throws TareError E_PATH_NOT_FOUND when no layer has ever had it
 */
export function whyOfLayers(options: {
  readonly image: Image;
  readonly tree: Tree;
  readonly indexes: readonly LayerIndex[];
  readonly asked: TreePath;
}): Why {
  const { asked, image, indexes, tree } = options;
  const path = realPath(tree, asked);
  const changes = changesOf(indexes, path);
  const steps = instructionsOf(image.config, indexes.length);
  const last = changes.at(-1);
  if (last === undefined)
    throw new TareError('E_PATH_NOT_FOUND', `${quotePath(asked)} is not in ${image.reference}: no layer of it has it`, {
      hint: `list what is there with \`tare files ${image.reference}\``,
    });
  const chain = changes.map(({ kind, layer }) => ({
    path: textOfBytes(path),
    kind,
    because: `layer ${layer}: ${steps[layer] || 'the history does not tell'}`,
  }));
  const answer = { path: textOfBytes(asked), chain };
  const entry = tree.get(path);
  if (entry !== undefined) return { ...answer, kept: true, size: entry.size };
  const size = changes.reduce((sum, change) => sum + change.size, 0);
  const because = 'a later layer deletes it; what lower layers have of it is still stored and pulled';
  return { ...answer, kept: false, size, dropped: { size, because } };
}

/** Links in the folders on the way are followed, as far as they are there. */
function realPath(tree: Tree, asked: TreePath): TreePath {
  if (asked === '/' || tree.get(asked) !== undefined) return asked;
  const parent = tree.resolve(parentOf(asked))?.entry.path;
  return parent === undefined ? asked : joinPath(parent, nameOf(asked));
}

function changesOf(indexes: readonly LayerIndex[], path: TreePath): readonly Change[] {
  const changes: Change[] = [];
  let isThere = false;
  for (const [layer, { members }] of indexes.entries()) {
    // A whiteout takes away what lower layers have, wherever it stands in its own.
    const hides = members.some((member) => isHiddenBy(member, path, `layer ${layer}`));
    const own = members.findLast((member) => cleanPath(member.path) === path);
    const below = own ?? members.find((member) => isMemberBelow(member, path, `layer ${layer}`));
    if (hides && isThere && below === undefined) changes.push({ kind: 'deleted', layer, size: 0 });
    if (hides) isThere = false;
    if (below === undefined) continue;
    const size = own?.size ?? 0;
    const isRepeated = isThere && (own === undefined || own.type === 'directory');
    if (!isRepeated) changes.push({ kind: isThere || (hides && changes.length > 0) ? 'changed' : 'made', layer, size });
    isThere = true;
  }
  return changes;
}

/** It, or a folder above it, is deleted, emptied, or no folder any more. */
function isHiddenBy(member: IndexedMember, path: TreePath, where: string): boolean {
  const name = cleanPath(member.path);
  const meaning = layerNameOf(name, where);
  if (meaning.is === 'whiteout') return isInside(joinPath(meaning.dir, meaning.name), path);
  if (meaning.is === 'opaque') return path !== meaning.dir && isInside(meaning.dir, path);
  return meaning.is === 'entry' && member.type !== 'directory' && name !== path && isInside(name, path);
}

const isMemberBelow = (member: IndexedMember, path: TreePath, where: string): boolean => {
  const name = cleanPath(member.path);
  return name !== path && isInside(path, name) && layerNameOf(name, where).is === 'entry';
};
