import { readdirSync } from 'node:fs';
import { readProc } from './processes.ts';

/** What /proc counts time in (USER_HZ), on every machine that Node runs on. */
const TICK_MS = 10;

interface Used {
  readonly ticks: number;
  readonly children: number[];
}

/**
 * Processor time of a process and all below it, with that of children which have ended and were waited for; in milliseconds. In a PID namespace all that
 * lose their parent become children of the first process. 0 when there is no such process, or it is hidden from us.
 */
export function processorMsOf(first: number): number {
  const all = new Map<number, Used>();
  const usedBy = (pid: number): Used => {
    const known = all.get(pid) ?? { ticks: 0, children: [] };
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
    all.set(pid, { ticks: utime + stime + cutime + cstime, children: usedBy(pid).children });
    usedBy(parent).children.push(pid);
  }
  let ticks = 0;
  const pending = [first];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    const used = all.get(pid);
    all.delete(pid);
    if (used === undefined) continue;
    ticks += used.ticks;
    pending.push(...used.children);
  }
  return ticks * TICK_MS;
}
