import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import type { Sandbox } from '../sandbox/types.ts';
import { withLock } from '../store/lock.ts';
import { isAlive, thisProcess } from '../store/process-identity.ts';
import { removeFolder } from './folders.ts';
import { forgetLog, keepLog } from './kept-log.ts';

/** What is known of a system from outside of the process that runs it. */
export interface SystemRecord {
  readonly name: string;
  /** `PID-START-WHERE` of the process that runs it. */
  readonly process: string;
  /** Of the machine, since when the process may run. */
  readonly boot: string;
  /** A socket of this machine on which it can be spoken to. */
  readonly socket: string;
  readonly files: readonly string[];
  readonly dir: string;
}

/** Of one project, below TARE_HOME. */
export interface SystemFolder {
  readonly dir: string;
  readonly record: string;
  readonly log: string;
  readonly scratch: string;
}

export function systemFolder(home: string, name: string): SystemFolder {
  const dir = join(home, 'tare', 'systems', name);
  return { dir, record: join(dir, 'system.json'), log: join(dir, 'log'), scratch: join(dir, 'scratch') };
}

export const volumesFolder = (home: string): string => join(home, 'tare', 'volumes');

/**
 * Notes that this process runs the system. What a killed one left of it is removed first.
 * @throws TareError E_SYSTEM_STATE when it runs already
 */
export async function claimSystem(
  home: string,
  record: Omit<SystemRecord, 'boot' | 'process'>,
  sandbox: Pick<Sandbox, 'namespace'>,
): Promise<{
  readonly folder: SystemFolder;
  /** @param keepsLog so that `tare logs` finds it afterwards */
  release(keepsLog: boolean): Promise<void>;
}> {
  const folder = systemFolder(home, record.name);
  const own: SystemRecord = { ...record, process: await thisProcess(), boot: await bootId() };
  await locked(home, async () => {
    const other = await readRecord(folder);
    if (other !== undefined && (await runs(other)))
      throw new TareError('E_SYSTEM_STATE', `${record.name} runs already`, {
        hint: 'see it with `tare ps` and `tare logs -f`, end it with `tare down`; or run a second one under another name: --project-name',
      });
    await removeFolder(folder.dir, sandbox);
    await forgetLog(home, record.name, sandbox);
    try {
      await mkdir(folder.dir, { recursive: true, mode: 0o700 });
      await writeFile(folder.record, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      throw fromErrno(error, `cannot write ${folder.record}`);
    }
  });
  return { folder, release: (keepsLog) => forgetSystem(home, own, sandbox, { keepsLog }) };
}

/** Undefined: there is none. `runs` false: its process was killed, and left this. */
export async function findSystem(
  home: string,
  name: string,
): Promise<{ readonly record: SystemRecord; readonly folder: SystemFolder; readonly runs: boolean } | undefined> {
  const folder = systemFolder(home, name);
  const record = await readRecord(folder);
  return record === undefined ? undefined : { record, folder, runs: await runs(record) };
}

/** Names of the systems that run, or were killed, in byte order. */
export async function systemNames(home: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(home, 'tare', 'systems'));
    return names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function runs({ boot, process }: SystemRecord): Promise<boolean> {
  // Of a process in another PID namespace nothing is known; nobody outlives the machine.
  return boot === (await bootId()) && (await isAlive(`${process}-`, 0)) === true;
}

const bootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();

/** Nobody else takes a project, or takes one away, meanwhile. */
async function locked<T>(home: string, work: () => Promise<T>): Promise<T> {
  const dir = join(home, 'tare');
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    throw fromErrno(error, `cannot make ${dir}`);
  }
  return withLock(join(dir, 'systems.lock'), work);
}

async function readRecord({ record }: SystemFolder): Promise<SystemRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(record, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch (error) {
    // Half a record is one whose writer was killed.
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw fromErrno(error, `cannot read ${record}`);
  }
}

function isRecord(value: unknown): value is SystemRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['name', 'process', 'boot', 'socket', 'dir'].every((key) => typeof Reflect.get(value, key) === 'string') &&
    Array.isArray(Reflect.get(value, 'files'))
  );
}

/** Removes what there is of a system, with its log unless that is kept; not what somebody else has in its place since. Idempotent. */
export async function forgetSystem(
  home: string,
  record: Pick<SystemRecord, 'name' | 'process'>,
  sandbox: Pick<Sandbox, 'namespace'>,
  { keepsLog = false }: { readonly keepsLog?: boolean } = {},
): Promise<void> {
  const folder = systemFolder(home, record.name);
  await locked(home, async () => {
    if ((await readRecord(folder))?.process !== record.process) return;
    if (keepsLog) await keepLog(home, record.name, folder.log);
    await removeFolder(folder.dir, sandbox);
  });
}

/** Removes volumes; those that are not there are none of our business. @returns the names of those that were */
export async function removeVolumes(
  home: string,
  names: readonly string[],
  sandbox: Pick<Sandbox, 'namespace'>,
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const name of names) {
    const dir = join(volumesFolder(home), name);
    if (!existsSync(dir)) continue;
    await removeFolder(dir, sandbox);
    gone.push(name);
  }
  return gone;
}
