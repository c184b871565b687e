import { TareError } from '../base/error.ts';
import { nameOf, parentOf, quotePath, type ByteString, type TreePath } from '../base/path.ts';

// image-spec layer.md, sections "Whiteouts" and "Opaque Whiteout". The names come from aufs, which keeps more files of that kind for itself.

const WHITEOUT_PREFIX = '.wh.';
const META_PREFIX = '.wh..wh.';
/** aufs kept the files behind hard links here, where another folder than theirs was in a lower layer. */
const LINKED_FILES_DIR = '/.wh..wh.plnk/';
const OPAQUE_NAME = '.wh..wh..opq';

/** What a path in a layer stands for. */
export type LayerName =
  | { readonly is: 'entry' }
  /** The path `name` in `dir` of the lower layers is gone. */
  | { readonly is: 'whiteout'; readonly dir: TreePath; readonly name: ByteString }
  /** All that the lower layers have in `dir` is gone. */
  | { readonly is: 'opaque'; readonly dir: TreePath }
  /** The content behind hard links of this layer that name it as their target; in no folder itself. */
  | { readonly is: 'linked' }
  /** Other bookkeeping of aufs, of no meaning to anybody else. */
  | { readonly is: 'ignored' };

/**
 * @throws TareError E_TAR_PATH for a whiteout of nothing, of the folder itself or of the one above, and for a path through a whiteout:
 * in a tree that holds such a folder, packing it would delete something
 */
export function layerNameOf(path: TreePath, where: string): LayerName {
  if (!path.includes(`/${WHITEOUT_PREFIX}`)) return { is: 'entry' };
  const dir = parentOf(path);
  const name = nameOf(path);
  if (name === OPAQUE_NAME && !dir.includes(`/${WHITEOUT_PREFIX}`)) return { is: 'opaque', dir };
  if (isLinkedFile(path)) return { is: 'linked' };
  if (path.includes(`/${META_PREFIX}`)) return { is: 'ignored' };
  if (dir.includes(`/${WHITEOUT_PREFIX}`)) {
    throw new TareError('E_TAR_PATH', `${where}: the path ${quotePath(path)} runs through a whiteout`);
  }
  const target = name.slice(WHITEOUT_PREFIX.length);
  if (target === '' || target === '.' || target === '..') {
    throw new TareError('E_TAR_PATH', `${where}: the whiteout ${quotePath(path)} names no file`);
  }
  return { is: 'whiteout', dir, name: target };
}

/** Whether it is where aufs kept what hard links lead to. */
export function isLinkedFile(path: TreePath): boolean {
  return path.startsWith(LINKED_FILES_DIR);
}
