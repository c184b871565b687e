import { mkdir, readdir, rm } from 'node:fs/promises';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { runTool } from '../sandbox/spawn.ts';
import type { Sandbox } from '../sandbox/types.ts';

/** Removes a folder whose files may belong to ids that only containers have. */
export async function removeFolder(dir: string, sandbox: Pick<Sandbox, 'namespace'>): Promise<void> {
  if ((await namesIn(dir)) === undefined) return;
  try {
    await rm(dir, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(errnoOf(error) ?? ''))
      throw fromErrno(error, `cannot remove ${dir}`);
    await inNamespace(sandbox, ['rm', '-rf', '--', dir], `remove ${dir}`);
  }
}

/** Runs a program that sees owners as containers do. @throws TareError E_IO */
export async function inNamespace(
  { namespace }: Pick<Sandbox, 'namespace'>,
  argv: readonly string[],
  what: string,
): Promise<void> {
  const [tool = '', ...args] = [...namespace, ...argv];
  const { code, stderr } = await runTool(tool, args);
  if (code !== 0) throw new TareError('E_IO', `cannot ${what}: ${stderr.trim().split('\n')[0] ?? ''}`);
}

/** @throws TareError E_IO, E_PERMISSION */
export async function makeFolder(dir: string, mode?: number): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode });
  } catch (error) {
    throw fromErrno(error, `cannot make ${dir}`);
  }
}

/** Undefined: there is no such folder. One that cannot be read is not empty. */
export async function namesIn(dir: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'EACCES') return ['?'];
    throw fromErrno(error, `cannot read ${dir}`);
  }
}
