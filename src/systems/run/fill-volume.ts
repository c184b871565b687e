import { rename } from 'node:fs/promises';
import { errnoOf, fromErrno } from '../../base/error.ts';
import { isInside, pathOfText, textOfBytes, type TreePath } from '../../base/path.ts';
import { layeredRoot } from '../../sandbox/index.ts';
import type { Sandbox } from '../../sandbox/types.ts';
import { withLock } from '../../store/lock.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { inNamespace, makeFolder, namesIn, removeFolder } from '../folders.ts';

export interface MountedImage {
  readonly tree: Tree;
  readonly rootfs: string;
}

type Ids = Pick<Sandbox, 'ids' | 'namespace'>;

/** Of paths that one chown(1) is told of. */
const MAX_ARGUMENTS = 500;

/**
 * Gives an empty volume what the image has in its place, with its owners; of the folder itself at least the owner and the mode. It is there with all of
 * it or not at all, also when several containers begin with it at once.
 * @param dir is there @throws TareError E_IO, E_LOCKED
 */
export async function fillVolume(
  dir: string,
  target: string,
  { rootfs, tree }: MountedImage,
  sandbox: Ids,
): Promise<void> {
  const found = tree.resolve(pathOfText(target))?.entry;
  const host = layeredRoot([rootfs]).locate(target)?.host;
  if (found?.type !== 'directory' || host === undefined) return;
  const isEmpty = async (): Promise<boolean> => (await namesIn(dir))?.length === 0;
  if (!(await isEmpty())) return;
  await withLock(`${dir}.lock`, async () => {
    if (!(await isEmpty())) return;
    const made = `${dir}.new`;
    await removeFolder(made, sandbox);
    await makeFolder(made);
    await inNamespace(sandbox, ['cp', '-a', '--', `${host}/.`, made], `fill ${dir}`);
    // Where an ordinary user has unpacked the image, all of it is root's.
    if (sandbox.ids === 'range') await giveAway(made, found.path, tree, sandbox);
    const owner = sandbox.ids === 'single' ? '0:0' : ownerOf(found);
    await inNamespace(
      sandbox,
      ['sh', '-c', 'chown "$2" "$1" && chmod "$3" "$1"', 'fill', made, owner, found.mode.toString(8)],
      `fill ${dir}`,
    );
    try {
      await rename(made, dir);
    } catch (error) {
      // A container that runs already was faster: what is there stays.
      if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw fromErrno(error, `cannot fill ${dir}`);
      await removeFolder(made, sandbox);
    }
  });
}

const ownerOf = ({ gid, uid }: Entry): string => `${uid}:${gid}`;

async function giveAway(dir: string, top: TreePath, tree: Tree, sandbox: Ids): Promise<void> {
  const byOwner = new Map<string, string[]>();
  for (const entry of tree.walk()) {
    if (entry.path === top || !isInside(top, entry.path) || (entry.uid === 0 && entry.gid === 0)) continue;
    const path = `${dir}/${textOfBytes(entry.path.slice(top.length).replace(/^\//, ''))}`;
    // A name that is no text cannot be said on a command line.
    if (/\p{Surrogate}/u.test(path)) continue;
    const paths = byOwner.get(ownerOf(entry)) ?? [];
    paths.push(path);
    byOwner.set(ownerOf(entry), paths);
  }
  for (const [owner, paths] of byOwner)
    for (let at = 0; at < paths.length; at += MAX_ARGUMENTS)
      await inNamespace(sandbox, ['chown', '-h', owner, '--', ...paths.slice(at, at + MAX_ARGUMENTS)], `fill ${dir}`);
}
