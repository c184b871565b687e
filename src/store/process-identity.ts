import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errnoOf } from '../base/error.ts';

/** Of a process in another PID namespace, or of another machine or boot, nothing can be known but how old its traces are. */
const STRANGER_LIVES_MS = 24 * 60 * 60 * 1000; // 1 day

/**
 * Names this process for others that share the store: `PID-START-WHERE`. START is in clock ticks since boot (proc(5), /proc/PID/stat, field 22), so
 * that a reused PID is told apart; WHERE is a hash of the boot and the PID namespace, outside of which PID and START mean nothing.
 */
export async function thisProcess(): Promise<string> {
  const own = await statusOf(process.pid);
  return `${process.pid}-${own?.start ?? '0'}-${await where()}`;
}

/** Whether the process that a name (of a file: `PID-START-WHERE-…`) stands for still runs. Undefined when the name is of another form. */
export async function isAlive(name: string, ageMs: number): Promise<boolean | undefined> {
  const match = /^(\d{1,10})-(\d{1,20})-([0-9a-f]{8})-/.exec(name);
  if (match === null) return undefined;
  if (match[3] !== (await where())) return ageMs < STRANGER_LIVES_MS;
  const pid = Number(match[1]);
  const status = await statusOf(pid);
  if (status !== undefined) return status.start === match[2] && !status.ended;
  return match[2] === '0' && answers(pid);
}

async function where(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    orEmpty(() => readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    orEmpty(() => readlink('/proc/self/ns/pid')),
  ]);
  const place = boot === '' ? hostname() : `${boot.trim()} ${namespace}`;
  return createHash('sha256').update(place).digest('hex').slice(0, 8);
}

async function statusOf(pid: number): Promise<{ readonly start: string; readonly ended: boolean } | undefined> {
  const text = await orEmpty(() => readFile(`/proc/${pid}/stat`, 'utf8'));
  // The command name in parentheses may hold anything, spaces and parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === undefined || start === undefined) return undefined;
  // A zombie holds nothing any more, although its parent has not asked for it yet.
  return { start, ended: state === 'Z' || state === 'X' };
}

async function orEmpty(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return '';
    throw error;
  }
}

/** Where there is no /proc. */
function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
