import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { makeFolders } from '../base/folders.ts';
import { throwIfCancelled } from '../base/context.ts';
import { fromErrno, TareError } from '../base/error.ts';
import { hostPath, quotePath, ROOT, textOfBytes } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';
import { makeNodes } from './make-nodes.ts';
import { removeTree } from './remove-tree.ts';
import { restoreXattrs } from './restore-xattrs.ts';
import { doing, timeOf, type MaterialiseOptions, type Target } from './unpack-target.ts';
import { writeFromTars } from './unpack-threads.ts';
import { writeFiles } from './write-files.ts';

export { removeTree } from './remove-tree.ts';
export type { MaterialiseOptions } from './unpack-target.ts';

/** While it is filled nobody else may look into a folder, or write to it. */
const WORKING_MODE = 0o700;
const PROGRESS_FILES = 1000;

/**
 * Writes a Tree to disk: contents, modes with suid, sgid and sticky, times, hard links, pipes; owners and devices when they are kept; extended
 * attributes where `setfattr` is there and they may be set. What cannot be made is told in a warning. Nothing is ever written through a link: links
 * come last. The folder itself gets the attributes of the tree's root. On any failure what was written is removed again.
 *
 * @throws TareError E_EXISTS when there is something already (also for names that the file system takes for the same), E_CANCELLED, E_NO_SPACE,
 * E_PERMISSION, E_READ_ONLY, E_IO, E_LIMIT, and what the content reader throws
 */
export async function materialise(options: MaterialiseOptions): Promise<void> {
  const { ctx, dir } = options;
  throwIfCancelled(ctx.signal);
  const made = makeRoot(dir);
  try {
    await fill({
      ...options,
      warn: (code, message, path) =>
        ctx.onEvent({ kind: 'warning', warning: { code, message, ...(path === undefined ? {} : { path }) } }),
    });
  } catch (error) {
    if (made.topmost === undefined) await emptyFolder(dir, made.mode);
    else await removeTree(made.topmost);
    throw error;
  }
}

/** `topmost`: the first folder that had to be made; undefined when all were there. `mode`: of the last. */
function makeRoot(dir: string): { readonly topmost: string | undefined; readonly mode: number } {
  try {
    const topmost = makeFolders(dir);
    if (topmost === undefined && readdirSync(dir).length > 0)
      throw new TareError('E_EXISTS', `${quotePath(dir)} is not empty`);
    return { topmost, mode: statSync(dir).mode & 0o7777 };
  } catch (error) {
    throw fromErrno(error, `cannot make the folder ${quotePath(dir)}`);
  }
}

async function emptyFolder(dir: string, mode: number): Promise<void> {
  for (const name of readdirSync(dir, { encoding: 'buffer' })) {
    await removeTree(Buffer.concat([Buffer.from(`${dir}/`), name]));
  }
  chmodSync(dir, mode);
}

async function fill(target: Target): Promise<void> {
  const { ctx, dir, tree } = target;
  const entries = [...tree.walk()];
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const root = tree.get(ROOT);
  const folders = entries.filter((entry) => entry.type === 'directory');
  const files = entries.filter((entry) => entry.type === 'file');
  const nodes = entries.filter((entry) => ['char', 'block', 'fifo'].includes(entry.type));
  const links = entries.filter((entry) => entry.type === 'symlink');
  const hardlinks = entries.filter((entry) => entry.type === 'hardlink');
  const isToLink = (entry: Entry): boolean => byPath.get(entry.link as Entry['path'])?.type === 'symlink';

  chmodSync(dir, WORKING_MODE);
  for (const folder of folders) doing(target, folder, (path) => mkdirSync(path, WORKING_MODE));
  let done = 0;
  const onDone = (count: number): void => {
    const told = Math.floor(done / PROGRESS_FILES);
    done += count;
    if (Math.floor(done / PROGRESS_FILES) === told) return;
    ctx.onEvent({ kind: 'step.progress', step: 'unpack', done, total: files.length, unit: 'files' });
  };
  await writeFiles(target, await writeFromTars(target, files, onDone), () => onDone(1));
  const skipped = await makeNodes(target, nodes);
  for (const entry of hardlinks) if (!isToLink(entry) && !skipped.has(entry.link ?? '')) makeHardlink(target, entry);
  for (const entry of links) makeSymlink(target, entry);
  for (const entry of hardlinks) if (isToLink(entry)) makeHardlink(target, entry);
  await restoreXattrs(target, root === undefined ? entries : [root, ...entries], skipped);
  // The deepest first: what is done in a folder changes its time.
  for (const folder of [...folders].reverse()) finishFolder(target, folder);
  if (root !== undefined) finishFolder(target, root);
}

function makeHardlink(target: Target, entry: Entry): void {
  doing(target, entry, (path) => linkSync(hostPath(target.dir, entry.link as Entry['path']), path));
}

function makeSymlink(target: Target, entry: Entry): void {
  doing(target, entry, (path) => {
    symlinkSync(Buffer.from(entry.link ?? '', 'latin1'), path);
    if (target.owners === 'keep') lchownSync(path, entry.uid, entry.gid);
    lutimesSync(path, timeOf(entry), timeOf(entry));
  });
}

function finishFolder(target: Target, entry: Entry): void {
  doing(target, entry, (path) => {
    if (!lstatSync(entry.path === ROOT ? `${target.dir}/.` : path).isDirectory()) {
      throw new TareError('E_IO', `${quotePath(textOfBytes(entry.path))} was replaced while it was unpacked`);
    }
    if (target.owners === 'keep') lchownSync(entry.path === ROOT ? `${target.dir}/.` : path, entry.uid, entry.gid);
    chmodSync(path, entry.mode);
    utimesSync(path, timeOf(entry), timeOf(entry));
  });
}
