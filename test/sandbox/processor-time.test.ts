import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { memoryBytesOf, processorMsOf } from '../../src/sandbox/processor-time.ts';
import { until } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';

const MIB = 1024 * 1024;

/** Runs a program with all that it starts, which ends afterwards. */
async function whileRunning(argv: readonly [string, ...string[]], use: (pid: number) => Promise<void>): Promise<void> {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  const pid = child.pid ?? 0;
  try {
    await use(pid);
  } finally {
    process.kill(-pid, 'SIGKILL');
  }
}

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

it('counts a process, those below it, and those that have ended', async () => {
  const before = processorMsOf(process.pid);
  execFileSync(process.execPath, ['-e', 'const end = Date.now() + 300; while (Date.now() < end);']);
  expect(processorMsOf(process.pid)).toBeGreaterThan(before);
  const script = `${process.execPath} -e 'setInterval(() => { const end = Date.now() + 20; while (Date.now() < end); }, 30)' & wait`;
  await whileRunning(['sh', '-c', script], async (pid) => until(() => processorMsOf(pid) > 200));
});

it('counts the memory of a process and of those below it, and what they have in common once', async () => {
  const hold = `${process.execPath} -e 'globalThis.held = Buffer.alloc(${64 * MIB}, 1); setInterval(() => undefined, 1000)'`;
  await whileRunning(['sh', '-c', `${hold} & ${hold} & wait`], async (pid) => {
    await until(() => memoryBytesOf(pid) > 2 * 64 * MIB);
    await until(() => childrenOf(pid).every((child) => memoryBytesOf(child) > 64 * MIB));
    const alone = childrenOf(pid).reduce((sum, child) => sum + memoryBytesOf(child), 0);
    // Both have the same program.
    expect(memoryBytesOf(pid)).toBeLessThan(alone);
  });
});

it.skipIf(!needs('python3'))('counts shared memory once', async () => {
  const script = `
import mmap, os, time
held = mmap.mmap(-1, ${64 * MIB})
held.write(b'x' * ${64 * MIB})
os.fork()
held.seek(0)
held.read(${64 * MIB})
os.fork()
while True: time.sleep(1)
`;
  await whileRunning(['python3', '-c', script], async (pid) => {
    const shared = (of: number): number =>
      Number(/^RssShmem:\s+(\d+)/m.exec(readFileSync(`/proc/${of}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    await until(() => childrenOf(pid).length === 2 && childrenOf(pid).some((child) => shared(child) >= 64 * MIB));
    expect(memoryBytesOf(pid)).toBeGreaterThan(64 * MIB);
    expect(memoryBytesOf(pid)).toBeLessThan(2 * 64 * MIB);
  });
});

it('knows nothing of what is not there', () => {
  expect(processorMsOf(0x7fff_ffff)).toBe(0);
  expect(memoryBytesOf(0x7fff_ffff)).toBe(0);
});
