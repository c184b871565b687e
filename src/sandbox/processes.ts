import { readFileSync } from 'node:fs';
import { errnoOf } from '../base/error.ts';

/** PF_FORKNOEXEC of linux/sched.h: forked, and has not yet executed a program. */
const FORKED_BUT_NOT_EXECUTED = 0x40;

export interface ProcessStat {
  /** Clock ticks since boot; with the id it names one process for ever. */
  readonly startTime: string;
  /** Whether it runs its own program already, and no longer that of its creator. */
  readonly executed: boolean;
  readonly zombie: boolean;
  /** The id of its process group. */
  readonly group: number;
}

/** /proc/PID/stat (proc_pid_stat(5)); undefined when there is no such process, or it is hidden from us. */
export function statOf(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat');
  if (text === undefined) return undefined;
  // The name stands in parentheses and may hold anything, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    startTime: fields[19] ?? '',
    executed: (Number(fields[6]) & FORKED_BUT_NOT_EXECUTED) === 0,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    group: Number(fields[2]),
  };
}

/**
 * What becomes of a signal that the process is sent. The first process of a PID namespace never sees one that it neither catches nor
 * blocks (pid_namespaces(7)), so waiting for its answer would be in vain. Blocked may be for ever (signalfd), or while it starts.
 */
export function fateOf(pid: number, signal: number): 'caught' | 'blocked' | 'lost' {
  const text = readProc(pid, 'status') ?? '';
  const holds = (name: string): boolean => {
    const mask = BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(text)?.[1] ?? '0'}`);
    return (mask & (1n << BigInt(signal - 1))) !== 0n;
  };
  if (holds('SigCgt')) return 'caught';
  return holds('SigBlk') ? 'blocked' : 'lost';
}

/** A file of /proc/PID; undefined when there is no such process, or it is hidden from us. */
export function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** @returns false when the process is gone */
export function sendSignal(pid: number, signal: number): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** Also true for a process that may not be signalled. */
export function exists(pid: number): boolean {
  try {
    return sendSignal(pid, 0);
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return true;
    throw error;
  }
}
