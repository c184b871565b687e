import { chmod, lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Context } from '../base/events.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { isInside, pathOfText, quotePath, ROOT, textOfBytes, type TreePath } from '../base/path.ts';
import type { Image } from '../oci/types.ts';
import { materialise } from '../pack/materialise.ts';
import type { Store } from '../store/types.ts';
import { replaceFile } from '../transports/write-file.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import { createTree } from '../tree/memory.ts';
import type { Entry, Tree } from '../tree/types.ts';

export interface Extracted {
  readonly reference: string;
  /** In the image, links followed. */
  readonly path: string;
  /** On the host, absolute. */
  readonly target: string;
  /** Paths but folders. */
  readonly files: number;
  readonly bytes: number;
}

/**
 * Copies a file or a folder out of an image. A file becomes `target`, which must not be there; a folder is written into `target`, a new or empty folder. Links
 * inside the folder are copied as they are, and nothing is written through one: neither of the image nor of the host. Nobody gets suid bits or owners.
 * @throws TareError E_PATH_NOT_FOUND, E_NOT_FILE for a device or pipe, E_EXISTS; what writing throws. What was half written is removed again.
 */
export async function extract(options: {
  readonly image: Image;
  readonly path: string;
  readonly target: string;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<Extracted> {
  const { ctx, image, store } = options;
  const { content, tree } = await treeOfImage(image, store, ctx.signal);
  const wanted = pathOfText(options.path);
  const entry = tree.resolve(wanted)?.entry;
  if (entry === undefined)
    throw new TareError('E_PATH_NOT_FOUND', `${image.reference} has no ${quotePath(wanted)}`, {
      hint: `list what is there with \`tare files ${image.reference}\``,
    });
  const target = resolve(options.target);
  const told = { reference: image.reference, path: textOfBytes(entry.path), target };
  if (entry.type === 'directory') {
    const part = subtree(tree, entry);
    await materialise({ tree: part, content, dir: target, owners: 'self', ctx });
    const entries = [...part.walk()];
    const files = entries.filter(({ type }) => type !== 'directory').length;
    return { ...told, files, bytes: entries.reduce((sum, { size, type }) => sum + (type === 'file' ? size : 0), 0) };
  }
  if (entry.content === undefined)
    throw new TareError('E_NOT_FILE', `${quotePath(wanted)} is a ${entry.type}, not a file or a folder`);
  await requireFree(target);
  const bytes = await replaceFile(target, content.stream(entry), ctx.signal);
  await chmod(target, entry.mode & PERMISSIONS);
  return { ...told, files: 1, bytes };
}

/** Without suid, sgid and sticky: what is trusted in an image need not be trusted on the host. */
const PERMISSIONS = 0o777;

async function requireFree(target: string): Promise<void> {
  try {
    await lstat(target);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw fromErrno(error, `cannot write ${target}`);
  }
  throw new TareError('E_EXISTS', `${target} is there already`, { hint: 'name a file that is not there yet' });
}

/** A folder as the root of a tree. A hard link to what stays outside is a file of its own; devices and pipes stay behind. */
function subtree(tree: Tree, folder: Entry): Tree {
  const inside = (path: TreePath): TreePath =>
    (folder.path === ROOT ? path : path.slice(folder.path.length) || ROOT) as TreePath;
  const names = new Map<TreePath, TreePath>();
  const entries: Entry[] = [{ ...folder, path: ROOT, mode: folder.mode & PERMISSIONS }];
  for (const entry of tree.walk()) {
    if (entry.path === folder.path || !isInside(folder.path, entry.path)) continue;
    if (entry.type === 'char' || entry.type === 'block' || entry.type === 'fifo') continue;
    const path = inside(entry.path);
    const { link, xattrs: _xattrs, ...rest } = entry;
    const plain = { ...rest, path, mode: entry.mode & PERMISSIONS };
    if (entry.type === 'symlink') entries.push({ ...plain, ...(link === undefined ? {} : { link }) });
    else if (entry.type !== 'hardlink') entries.push(plain);
    else if (entry.content !== undefined) entries.push(linked(plain, link as TreePath));
  }
  return createTree(entries);

  function linked(entry: Entry, target: TreePath): Entry {
    if (isInside(folder.path, target)) return { ...entry, link: inside(target) };
    const first = names.get(target);
    if (first !== undefined) return { ...entry, link: first };
    names.set(target, entry.path);
    return { ...entry, type: 'file' };
  }
}
