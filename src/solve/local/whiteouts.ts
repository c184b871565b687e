import { execFileSync } from 'node:child_process';
import { linkSync, lstatSync, unlinkSync, type Stats } from 'node:fs';
import { errnoOf, TareError } from '../../base/error.ts';
import { hostPath, parentOf, type TreePath } from '../../base/path.ts';
import { setTimes, type Xattrs } from '../../sandbox/index.ts';

/** No image has a use for it: it lies beside the root's own folders for a moment. */
const WORKING_NAME = '/.tare-whiteout.new' as TreePath;

/**
 * Puts the whiteouts of overlayfs into a folder: character devices 0:0, which also an ordinary user may make (Linux 5.8), all of them one inode. The
 * folders around keep their times.
 * @throws TareError E_TOOL_MISSING, E_SANDBOX
 */
export function makeWhiteouts(dir: string, paths: readonly TreePath[]): void {
  if (paths.length === 0) return;
  const parents = new Map<TreePath, Stats>();
  for (const path of paths) {
    const parent = parentOf(path);
    if (!parents.has(parent)) parents.set(parent, lstatSync(hostPath(dir, parent)));
  }
  const working = hostPath(dir, WORKING_NAME).toString();
  makeNode(working);
  for (const path of paths) {
    try {
      linkSync(working, hostPath(dir, path));
    } catch (error) {
      if (errnoOf(error) !== 'EMLINK') throw error;
      unlinkSync(working);
      makeNode(working);
      linkSync(working, hostPath(dir, path));
    }
  }
  unlinkSync(working);
  for (const [parent, stat] of parents) setTimes(hostPath(dir, parent), stat);
}

function makeNode(path: string): void {
  try {
    execFileSync('mknod', ['--', path, 'c', '0', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      throw new TareError('E_TOOL_MISSING', 'mknod is not installed', { hint: 'it is part of GNU coreutils' });
    throw new TareError('E_SANDBOX', `a whiteout cannot be made: ${(error as Error).message}`, {
      cause: error,
      hint: 'without root it takes Linux 5.8 or later',
    });
  }
}

/** Hides what lies below a folder. Which of the two names overlayfs looks at depends on `userxattr`, which a user namespace needs. */
export function setOpaque(path: string | Buffer, xattrs: Xattrs, isUserNamespace: boolean): void {
  xattrs.set(path, isUserNamespace ? 'user.overlay.opaque' : 'trusted.overlay.opaque', Buffer.from('y'));
}
