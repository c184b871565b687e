import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fromErrno, TareError } from '../base/error.ts';
import type { RunSpec } from './types.ts';

export interface CheckedSpec {
  readonly spec: RunSpec;
  /** Permission bits of the root folder. */
  readonly rootMode: number;
}

/**
 * Refuses what no runtime could do, in words about the request and not about a runtime's inside; paths of the host become absolute.
 * @throws TareError E_ENTRYPOINT, E_USAGE, E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_PERMISSION
 */
export async function checkedSpec(spec: RunSpec): Promise<CheckedSpec> {
  if (spec.args[0] === undefined || spec.args[0] === '')
    throw new TareError('E_ENTRYPOINT', 'there is no program to start', { hint: 'set an entry point or arguments' });
  for (const text of [...spec.args, ...spec.env, spec.cwd, spec.user, spec.hostname ?? ''])
    if (text.includes('\0')) throw new TareError('E_USAGE', `${JSON.stringify(text.slice(0, 100))} holds a NUL byte`);
  if (spec.hostname !== undefined && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62})$/.test(spec.hostname))
    throw new TareError('E_USAGE', `${JSON.stringify(spec.hostname)} is not a host name`);
  const rootfs = resolve(spec.rootfs);
  const root = await statOrThrow(rootfs, 'the root file system');
  if (!root.isDirectory()) throw new TareError('E_NOT_DIRECTORY', `the root file system ${rootfs} is not a folder`);
  const mounts = spec.mounts.map((mount) => ({ ...mount, source: resolve(mount.source) }));
  for (const { source, target } of mounts) {
    await statOrThrow(source, 'the mount');
    if (!target.startsWith('/'))
      throw new TareError('E_USAGE', `mount target ${JSON.stringify(target)} is not an absolute path`);
  }
  const cwd = spec.cwd.startsWith('/') ? spec.cwd : `/${spec.cwd}`;
  return { spec: { ...spec, rootfs, mounts, cwd }, rootMode: root.mode };
}

async function statOrThrow(path: string, what: string) {
  try {
    return await stat(path);
  } catch (error) {
    throw fromErrno(error, `${what} ${path} cannot be used`);
  }
}
