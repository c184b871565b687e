import { execFileSync, spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { processorMsOf } from '../../src/sandbox/processor-time.ts';
import { until } from '../helpers/leftovers.ts';

it('counts a process, those below it, and those that have ended', async () => {
  const before = processorMsOf(process.pid);
  execFileSync(process.execPath, ['-e', 'const end = Date.now() + 300; while (Date.now() < end);']);
  expect(processorMsOf(process.pid)).toBeGreaterThan(before);
  const script = `${process.execPath} -e 'setInterval(() => { const end = Date.now() + 20; while (Date.now() < end); }, 30)' & wait`;
  const shell = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true });
  try {
    await until(() => processorMsOf(shell.pid ?? 0) > 200);
  } finally {
    process.kill(-(shell.pid ?? 0), 'SIGKILL');
  }
});

it('knows nothing of what is not there', () => {
  expect(processorMsOf(0x7fff_ffff)).toBe(0);
});
