import { statSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';
import { fromErrno, TareError } from '../base/error.ts';
import { layeredRoot } from './layered-root.ts';
import type { Mount, RunSpec } from './types.ts';

/** overlayfs takes 500; their names must fit into one page of options (mount(2)). */
export const MAX_LOWERS = 127;
/** The limit of BuildKit, in bytes. */
const MAX_SECRET_BYTES = 500 * 1024; // 500 KiB

export interface CheckedSpec {
  readonly spec: RunSpec;
  /** Permission bits of the root folder. */
  readonly rootMode: number;
}

/**
 * Refuses what no runtime could do, in words about the request and not about a runtime's inside; paths of the host become absolute.
 * @throws TareError E_ENTRYPOINT, E_USAGE, E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_PERMISSION, E_LIMIT
 */
export async function checkedSpec(spec: RunSpec): Promise<CheckedSpec> {
  if (spec.args[0] === undefined || spec.args[0] === '')
    throw new TareError('E_ENTRYPOINT', 'there is no program to start', { hint: 'set an entry point or arguments' });
  // Of a variable its name is told: its value may be a secret.
  if (spec.env.some((text) => text.includes('\0')))
    throw new TareError('E_USAGE', `the variables ${namesWithNul(spec.env)} hold a NUL byte`);
  for (const text of [...spec.args, spec.cwd, spec.user, spec.hostname ?? ''])
    if (text.includes('\0')) throw new TareError('E_USAGE', `${JSON.stringify(text.slice(0, 100))} holds a NUL byte`);
  if (spec.hostname !== undefined && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62})$/.test(spec.hostname))
    throw new TareError('E_USAGE', `${JSON.stringify(spec.hostname)} is not a host name`);
  for (const line of spec.hosts ?? []) checkHost(line);
  const lowers = spec.changes === undefined ? [spec.rootfs] : spec.changes.lowers;
  const folders = await checkedLowers(lowers, 'the root file system');
  const top = folders.at(-1) as string;
  const changes =
    spec.changes === undefined ? undefined : { lowers: folders, dir: await checkedFolder(spec.changes.dir) };
  const mounts = await Promise.all(spec.mounts.map((mount) => checkedMount(mount, spec)));
  const cwd = spec.cwd.startsWith('/') ? spec.cwd : `/${spec.cwd}`;
  return { spec: { ...spec, rootfs: top, changes, mounts, cwd }, rootMode: statSync(top).mode };
}

async function checkedLowers(lowers: readonly string[], what: string): Promise<readonly string[]> {
  if (lowers.length === 0) throw new TareError('E_USAGE', `${what} is made of no folder`);
  if (lowers.length > MAX_LOWERS)
    throw new TareError('E_LIMIT', `${what} is made of ${lowers.length} folders, more than ${MAX_LOWERS}`);
  return Promise.all(lowers.map((lower) => checkedFolder(lower, what)));
}

async function checkedFolder(path: string, what = 'the folder'): Promise<string> {
  const folder = resolve(path);
  if (!statOrThrow(folder, what).isDirectory())
    throw new TareError('E_NOT_DIRECTORY', `${what} ${folder} is not a folder`);
  return folder;
}

async function checkedMount(mount: Mount, spec: RunSpec): Promise<Mount> {
  if (!mount.target.startsWith('/') || mount.target.includes('\0'))
    throw new TareError('E_USAGE', `mount target ${JSON.stringify(mount.target)} is not an absolute path`);
  switch (mount.kind) {
    case 'tmpfs':
      return mount;
    case 'view': {
      const lowers = await checkedLowers(mount.lowers, `the mount at ${mount.target}`);
      const source = layeredRoot(lowers).locate(mount.source);
      if (source?.host === undefined)
        throw new TareError(
          'E_PATH_NOT_FOUND',
          `${JSON.stringify(mount.source)} of the mount at ${mount.target} is not there`,
        );
      const changes = mount.changes === undefined ? undefined : await checkedFolder(mount.changes);
      return { ...mount, lowers, source: source.path, changes };
    }
    case 'secret':
      if (spec.stdio === 'host')
        throw new TareError('E_USAGE', 'a container with secrets cannot have the stdin of tare');
      if (mount.bytes.length > MAX_SECRET_BYTES)
        throw new TareError('E_LIMIT', `the secret at ${mount.target} has more than ${MAX_SECRET_BYTES} bytes`);
      return mount;
    default: {
      const source = resolve(mount.source);
      statOrThrow(source, 'the mount');
      return { ...mount, source };
    }
  }
}

function namesWithNul(env: readonly string[]): string {
  const names = env.filter((text) => text.includes('\0')).map((text) => text.slice(0, text.indexOf('=')));
  return JSON.stringify(names.map((name) => name.slice(0, 100)).join(', '));
}

function checkHost(line: string): void {
  if (!/^[A-Za-z0-9_.-]+:[0-9A-Fa-f.:]+$/.test(line))
    throw new TareError('E_USAGE', `${JSON.stringify(line)} is not HOST:ADDRESS`);
}

function statOrThrow(path: string, what: string): Stats {
  try {
    // At once: in turn with threads it takes ten times as long, and a root is made of dozens of folders.
    return statSync(path);
  } catch (error) {
    throw fromErrno(error, `${what} ${path} cannot be used`);
  }
}
