import { readdirSync } from 'node:fs';
import { readProc } from './processes.ts';

/** What /proc counts time in (USER_HZ), on every machine that Node runs on. */
const TICK_MS = 10;

interface Used {
  readonly pid: number;
  readonly ticks: number;
  readonly children: number[];
}

/**
 * Processor time of a process and all below it, with that of children which have ended and were waited for; in milliseconds. In a PID namespace all that
 * lose their parent become children of the first process. 0 when there is no such process, or it is hidden from us.
 */
export function processorMsOf(first: number): number {
  return below(first).reduce((sum, { ticks }) => sum + ticks, 0) * TICK_MS;
}

/**
 * Memory that a process and all below it hold, in bytes: what each has for itself (with pages of its parent that it has not written to), and of files and
 * shared memory, which several may have in common, once the largest share. 0 when there is no such process, or it is hidden from us.
 */
export function memoryBytesOf(first: number): number {
  const held = below(first).map(({ pid }) => residentOf(readProc(pid, 'status') ?? ''));
  return held.reduce((sum, { own }) => sum + own, 0) + Math.max(0, ...held.map(({ shared }) => shared));
}

/** Not of statm: that counts in pages, whose size the machine chooses. */
function residentOf(status: string): { readonly own: number; readonly shared: number } {
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { own: bytes('RssAnon'), shared: bytes('RssFile') + bytes('RssShmem') };
}

function below(first: number): readonly Used[] {
  const all = new Map<number, Used>();
  const usedBy = (pid: number): Used => {
    const known = all.get(pid) ?? { pid, ticks: 0, children: [] };
    all.set(pid, known);
    return known;
  };
  for (const name of readdirSync('/proc')) {
    const text = /^\d+$/.test(name) ? readProc(Number(name), 'stat') : undefined;
    if (text === undefined) continue;
    // The name stands in parentheses and may hold anything (proc_pid_stat(5)): from the state on, which is field 3.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, utime = 0, stime = 0, cutime = 0, cstime = 0] = [1, 11, 12, 13, 14].map((at) => fields[at]);
    const pid = Number(name);
    all.set(pid, { pid, ticks: utime + stime + cutime + cstime, children: usedBy(pid).children });
    usedBy(parent).children.push(pid);
  }
  const found: Used[] = [];
  const pending = [first];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    const used = all.get(pid);
    all.delete(pid);
    if (used === undefined) continue;
    found.push(used);
    pending.push(...used.children);
  }
  return found;
}
