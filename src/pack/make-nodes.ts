import { chmodSync, lchownSync, linkSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { x } from 'tinyexec';
import { errnoOf, TareError } from '../base/error.ts';
import { showPath, type TreePath } from '../base/path.ts';
import type { Entry, Tree } from '../tree/types.ts';
import { doing, timeOf, type Target } from './unpack-target.ts';

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
  const working = join(target.dir, workingName(target.tree));
  if (nodes.length > MAX_NODES) {
    throw new TareError('E_LIMIT', `the tree holds ${nodes.length} devices and pipes, more than ${MAX_NODES}`);
  }
  const mayMakeDevices = target.owners === 'keep' && process.getuid?.() === 0;
  for (const entry of nodes) {
    const why =
      entry.type === 'fifo' || mayMakeDevices
        ? await makeNode(target, entry, working)
        : 'only root may make it, keeping owners';
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

/** One that the tree does not have. */
function workingName(tree: Tree): string {
  let name = WORKING_NAME;
  for (let count = 2; tree.get(`/${name}` as TreePath) !== undefined; count++) name = `${WORKING_NAME}.${count}`;
  return name;
}

/** Under a name that can be an argument, since the path may be any bytes. Undefined, or why it could not be made. */
async function makeNode(target: Target, entry: Entry, working: string): Promise<string | undefined> {
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
    utimesSync(path, timeOf(entry), timeOf(entry));
  });
  return undefined;
}
