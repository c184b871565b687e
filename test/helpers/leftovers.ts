import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a sandbox whose temporary folders are below `dir` has left on this machine: mounts, processes, files. */
export function leftoversBelow(dir: string): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(dir));
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name).includes(dir));
  // What is kept on purpose: the compiled filters, for the next container.
  const files = namesBelow(dir).filter(
    (name) => name !== 'tare' && !/^(?:tare\/)?seccomp-[0-9a-f]{32}\.bpf$/.test(name),
  );
  return [
    ...mounts,
    ...processes.map((pid) => `process ${pid}: ${commandOf(pid)}`),
    ...files.map((name) => join(dir, name)),
  ];
}

function namesBelow(dir: string): readonly string[] {
  try {
    return readdirSync(dir, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    // Somebody is removing things just now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ['what is being removed'];
    throw error;
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // Ended meanwhile.
  }
}

/** Waits until a condition holds; the test's own time-out ends it otherwise. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
