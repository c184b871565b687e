import { chmodSync, lchownSync, linkSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { x } from 'tinyexec';
import { errnoOf, TareError } from '../base/error.ts';
import { showPath, type TreePath } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';
import { doing, type Target } from './unpack-target.ts';

/** Each costs a process. */
const MAX_NODES = 4096;
/** A name that no image has a use for: it lies beside the root's own folders for a moment. */
const WORKING_NAME = '.tare-node.new';

/**
 * Makes pipes, and devices when the owners are kept and this is root, with mknod(1): Node has no call for it. What cannot be made is left out,
 * with a warning.
 * @returns the paths that were left out
 */
export async function makeNodes(target: Target, nodes: readonly Entry[]): Promise<ReadonlySet<string>> {
  const skipped = new Set<string>();
  if (nodes.length > MAX_NODES) {
    throw new TareError('E_LIMIT', `the tree holds ${nodes.length} devices and pipes, more than ${MAX_NODES}`);
  }
  const mayMakeDevices = target.owners === 'keep' && process.getuid?.() === 0;
  for (const entry of nodes) {
    const why =
      entry.type === 'fifo' || mayMakeDevices ? await makeNode(target, entry) : 'only root may make it, keeping owners';
    if (why === undefined) continue;
    skipped.add(entry.path);
    const path = showPath(entry.path);
    target.warn(
      'device-skipped',
      `the ${entry.type === 'fifo' ? 'pipe' : 'device'} ${path} was left out: ${why}`,
      path,
    );
  }
  return skipped;
}

/** Under a name that can be an argument, since the path may be any bytes. Undefined, or why it could not be made. */
async function makeNode(target: Target, entry: Entry): Promise<string | undefined> {
  const working = join(
    target.dir,
    target.tree.get(`/${WORKING_NAME}` as TreePath) ? `${WORKING_NAME}.2` : WORKING_NAME,
  );
  const numbers = entry.device?.map(String) ?? [];
  const type = { char: 'c', block: 'b' }[entry.type as string] ?? 'p';
  try {
    const result = await x('mknod', ['-m', '600', '--', working, type, ...(type === 'p' ? [] : numbers)]);
    if (result.exitCode !== 0) return result.stderr.trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'there is no mknod on PATH';
    throw error;
  }
  doing(target, entry, (path) => {
    linkSync(working, path);
    unlinkSync(working);
    if (target.owners === 'keep') lchownSync(path, entry.uid, entry.gid);
    chmodSync(path, entry.mode);
    utimesSync(path, entry.mtime, entry.mtime);
  });
  return undefined;
}
