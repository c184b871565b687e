import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSandbox } from '../../src/sandbox/index.ts';
import { leftoversBelow, until } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { startScript } from '../helpers/script-process.ts';
import { tempDir } from '../helpers/temp.ts';

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

const WAYS = [
  { way: 'with crun', runtime: 'crun', tracer: undefined },
  { way: 'with runc', runtime: 'runc', tracer: undefined },
  { way: 'with crun, observed by notify', runtime: 'crun', tracer: 'notify' },
  { way: 'with runc, observed by notify', runtime: 'runc', tracer: 'notify' },
  { way: 'with crun, observed by strace', runtime: 'crun', tracer: 'strace' },
] as const;

describe.each(WAYS)('when tare is killed, $way,', ({ runtime, tracer }) => {
  const available = needs(runtime, 'unshare', 'nsenter', 'ldd') && (tracer !== 'strace' || needs('strace'));
  const trace = tracer === undefined ? '' : ', trace: { syscalls: false }';
  const begun = (signal: string): string => `
const sandbox = await findSandbox({ runtime: '${runtime}', tracer: ${JSON.stringify(tracer)} });
const running = await sandbox.start({ rootfs: ${JSON.stringify(root.dir)}, args: ['/bin/node', '/app/server.mjs'], env: [], cwd: '/', user: '', readOnly: false,
  network: { kind: 'private', publish: [{ host: 0, container: 8080 }] }, mounts: [], stdio: 'pipe'${trace} }, ${signal});`;
  const body = (): string => `${begun('undefined')}
console.log('ready');
setInterval(() => undefined, 1000);
`;

  const started = async (dir: string) => {
    const child = startScript(body(), { dir });
    let told = '';
    child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString('utf8')));
    await until(() => told.includes('ready') || child.exitCode !== null);
    expect(told).toContain('ready');
    return child;
  };

  it.skipIf(!available)('ends the container and removes everything', async () => {
    const dir = tempDir();
    const child = await started(dir);
    const run = join(dir, 'run');
    expect(leftoversBelow(run)).not.toEqual([]);
    child.kill('SIGKILL');
    await until(() => leftoversBelow(run).length === 0);
  });

  it.skipIf(!available)('at any moment of its start, nothing runs on and the next tare removes the files', async () => {
    for (const afterMs of [0, 50, 100, 160]) {
      const dir = tempDir();
      const child = startScript(body(), { dir });
      const run = join(dir, 'run');
      await until(() => existsSync(join(run, 'tare')) && readdirSync(join(run, 'tare')).length > 0);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child.kill('SIGKILL');
      await until(() => child.signalCode !== null && leftoversBelow(run).every((line) => line.startsWith('/')));
      await until(() => processesWithFilesBelow(run).length === 0);
      await findSandbox({ runtime, env: { ...process.env, XDG_RUNTIME_DIR: run } });
      await until(() => leftoversBelow(run).length === 0);
    }
  });

  it.skipIf(!available)('or gives up at any moment of its start, nothing is left', async () => {
    for (const afterMs of [60, 100, 140, 200]) {
      const dir = tempDir();
      const late = `${begun(`AbortSignal.timeout(${afterMs})`)}\nawait running.stop(0);`;
      const child = startScript(late, { dir });
      await until(() => child.exitCode !== null);
      const run = join(dir, 'run');
      await until(() => processesWithFilesBelow(run).length === 0);
      expect(leftoversBelow(run)).toEqual([]);
    }
  });

  it.skipIf(!available)('together with its watchman, the next tare cleans up', async () => {
    const dir = tempDir();
    const child = await started(dir);
    const run = join(dir, 'run');
    const bundle = readdirSync(join(run, 'tare')).find((name) => name.startsWith('tare-')) ?? '';
    const init = Number(readFileSync(join(run, 'tare', bundle, 'pid'), 'utf8'));
    const ofRun = (word: string): number[] =>
      leftoversBelow(run)
        .filter((line) => line.startsWith('process ') && line.includes(word))
        .map((line) => Number(/\d+/.exec(line)?.[0]));
    for (const pid of [...ofRun('launch.sh'), ...ofRun('--bundle')]) if (existsSync(`/proc/${pid}`)) killHard(pid);
    child.kill('SIGKILL');
    await until(() => ofRun('launch.sh').length === 0 && child.signalCode !== null);
    expect(existsSync(`/proc/${init}`)).toBe(true);
    await findSandbox({ runtime, env: { ...process.env, XDG_RUNTIME_DIR: run } });
    await until(() => !existsSync(`/proc/${init}`) || readFileSync(`/proc/${init}/stat`, 'latin1').includes(') Z '));
    expect(leftoversBelow(run)).toEqual([]);
  });
});

/** `runc init` names no folder on its command line, and holds a FIFO of it open. */
function processesWithFilesBelow(dir: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(dir));
    } catch {
      return false; // Ended meanwhile.
    }
  });
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

it.skipIf(!needs('crun', 'unshare', 'nsenter'))('leaves alone what is not its own', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'tare', 'notes'), { recursive: true });
  mkdirSync(join(dir, 'tare', `tare-${process.pid}-1-abc`));
  writeFileSync(join(dir, 'tare', 'notes', 'text'), '');
  await findSandbox({ env: { ...process.env, XDG_RUNTIME_DIR: dir } });
  // The second one claims to be of a process with our id, but not of our start time.
  expect(readdirSync(join(dir, 'tare'))).toEqual(['notes']);
});

it.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))(
  'gives the container this process’s own streams when told so',
  async () => {
    const dir = tempDir();
    const echo = `process.stdin.on('data', (data) => process.stdout.write(String(data).toUpperCase())); process.stdin.on('end', () => process.exit(6))`;
    const child = startScript(
      `const sandbox = await findSandbox({ runtime: 'crun' });
const running = await sandbox.start({ rootfs: ${JSON.stringify(root.dir)}, args: ['/bin/node', '-e', ${JSON.stringify(echo)}], env: [], cwd: '/', user: '', readOnly: false,
  network: { kind: 'none' }, mounts: [], stdio: 'host' });
process.exitCode = (await running.wait()).code;`,
      { dir, stdin: 'pipe' },
    );
    let told = '';
    child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString('utf8')));
    child.stdin?.end('from outside\n');
    await until(() => child.exitCode !== null && child.stdout?.readableEnded === true);
    expect(told).toBe('FROM OUTSIDE\n');
    expect(child.exitCode).toBe(6);
    expect(leftoversBelow(join(dir, 'run'))).toEqual([]);
  },
);
