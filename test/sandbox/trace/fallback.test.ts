import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findSandbox } from '../../../src/sandbox/index.ts';
import { leftoversBelow } from '../../helpers/leftovers.ts';
import { needs } from '../../helpers/needs.ts';
import { makeNodeRoot } from '../../helpers/rootfs.ts';
import { tempDir } from '../../helpers/temp.ts';

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

const available = needs('crun', 'strace', 'unshare', 'nsenter', 'ldd');
const dist = fileURLToPath(new URL('../../../dist/', import.meta.url));

/** Observes a container with a tare beside which no koffi is installed; prints what comes of it. */
function withoutKoffi(env: NodeJS.ProcessEnv): { readonly answer: Record<string, unknown>; readonly dir: string } {
  const dir = tempDir();
  const run = join(dir, 'run');
  mkdirSync(run, { mode: 0o700 });
  for (const part of ['base', 'formats', 'oci', 'sandbox', 'store'])
    cpSync(join(dist, part), join(dir, part), { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  const script = `import { findSandbox } from ${JSON.stringify(pathToFileURL(join(dir, 'sandbox/index.js')).href)};
const sandbox = await findSandbox({ runtime: 'crun' });
try {
  const running = await sandbox.start({ rootfs: ${JSON.stringify(root.dir)}, args: ['/bin/node', '-e', 'fs.existsSync("/asked")'], env: [], cwd: '/', user: '',
    readOnly: false, network: { kind: 'none' }, mounts: [], stdio: 'pipe', trace: { syscalls: false } });
  const exit = await running.wait();
  console.log(JSON.stringify({ exit, asked: (await running.observation()).paths.some(({ path }) => path === '/asked') }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
}`;
  const stdout = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    cwd: dir,
    env: { ...process.env, NODE_OPTIONS: '', XDG_RUNTIME_DIR: run, ...env },
  });
  expect(leftoversBelow(run)).toEqual([]);
  return { answer: JSON.parse(stdout) as Record<string, unknown>, dir };
}

it.skipIf(!available)('observes by strace where koffi is missing', () => {
  expect(withoutKoffi({}).answer).toEqual({ exit: { code: 0 }, asked: true });
});

it.skipIf(!available)('says so when koffi is missing and nothing else was allowed', () => {
  expect(withoutKoffi({ TARE_TRACER: 'notify' }).answer).toMatchObject({
    code: 'E_TRACER',
    message: expect.stringContaining('koffi'),
  });
});

it('refuses a tracer that it does not know', async () => {
  await expect(findSandbox({ env: { ...process.env, TARE_TRACER: 'magic' } })).rejects.toMatchObject({
    code: 'E_USAGE',
  });
});
