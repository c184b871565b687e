import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftoversBelow } from '../helpers/leftovers.ts';
import { needsOtherUser } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { runScript } from '../helpers/script-process.ts';
import { tempDir } from '../helpers/temp.ts';

const NOBODY = { user: 'nobody', uid: 65534, gid: 65534 };
// Without root, container.test.ts itself is the test of this.
const isRoot = process.getuid?.() === 0 && existsSync('/etc/subuid') && existsSync('/etc/subgid');

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
  if (isRoot) execFileSync('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, dirname(root.dir)]);
});
afterAll(() => root.remove());

const body = (runtime: string): string => `
const sandbox = await findSandbox({ runtime: '${runtime}' });
const spec = { rootfs: ${JSON.stringify(root.dir)}, args: ['/bin/node', '/app/server.mjs'], env: [], cwd: '/app', user: 'app', readOnly: false,
  network: { kind: 'private', publish: [{ host: 0, container: 8080 }] }, mounts: [], stdio: 'pipe' };
const running = await sandbox.start(spec);
while (!(await running.connects(8080))) await new Promise((resolve) => setTimeout(resolve, 20));
const answer = await (await fetch('http://127.0.0.1:' + running.ports[0].host + '/status')).json();
const inside = await running.exec(['node', '-p', 'JSON.stringify([process.getuid(), process.getgid(), process.getgroups().sort(), process.env.HOME])']);
const exit = await running.stop(30_000);
const writing = await sandbox.start({ ...spec, user: '', network: { kind: 'host' }, args: ['/bin/node', '-e',
  'fs.rmSync("/app", { recursive: true }); fs.mkdirSync("/app"); fs.writeFileSync("/app/new", ""); fs.chownSync("/app/new", 33, 33); console.log(fs.readdirSync("/app").join() + fs.statSync("/app/new").uid)'] });
let written = '';
for await (const { bytes } of writing.output) written += Buffer.from(bytes);
await writing.wait();
console.log(JSON.stringify({ description: sandbox.description, answer, inside: JSON.parse(inside.stdout || JSON.stringify(inside)), exit, written }));
`;

describe.each([
  ['crun', 'range'],
  ['crun', 'single'],
  ['runc', 'range'],
  ['runc', 'single'],
] as const)('without root: %s, ids: %s', (runtime, ids) => {
  it.skipIf(!isRoot || !needsOtherUser(runtime, 'unshare', 'newuidmap', 'ldd'))(
    'runs, serves, stops, cleans up',
    async () => {
      const dir = tempDir();
      const result = await runScript(body(runtime), { dir, as: { ...NOBODY, ids } });
      expect(result.stderr).toBe('');
      const told = JSON.parse(result.stdout) as Record<string, unknown>;
      expect(told).toMatchObject({
        description: expect.stringMatching(ids === 'range' ? /\(rootless\)$/ : /\(rootless, one user id\)$/),
        answer: { status: 'OK', pid: 1 },
        exit: { code: 42 },
        // With one id the program runs as that one, and changes of owner are pretended.
        inside: ids === 'range' ? [1234, 2345, [2345, 50, 60], '/home/app'] : [0, 0, expect.any(Array), '/home/app'],
        written: ids === 'range' ? 'new33\n' : 'new0\n',
      });
      expect(existsSync(join(root.dir, 'app/server.mjs'))).toBe(true);
      expect(leftoversBelow(join(dir, 'run'))).toEqual([]);
    },
  );
});

const observing = (runtime: string, tracer: string): string => `
const sandbox = await findSandbox({ runtime: '${runtime}', tracer: '${tracer}' });
const running = await sandbox.start({ rootfs: ${JSON.stringify(root.dir)}, args: ['/bin/node', '--eval',
  'fs.existsSync("asked"); process.on("SIGTERM", () => process.exit(0)); setInterval(() => 0, 1000); console.log(1)'], env: [], cwd: '/app', user: 'app', readOnly: false,
  network: { kind: 'none' }, mounts: [], stdio: 'pipe', trace: { syscalls: false } });
for await (const _ of running.output) break;
await running.mark('exec');
const { exit } = await running.exec(['node', '-e', 'fs.existsSync("/asked-by-exec")']);
await running.stop(30_000);
const { incomplete, paths } = await running.observation();
console.log(JSON.stringify({ exit, incomplete, asked: paths.filter(({ path }) => path.includes('asked')).map(({ by, path, phase }) => [path, ...by, phase]) }));
`;

describe.each([
  ['crun', 'range', 'notify'],
  ['crun', 'single', 'notify'],
  ['runc', 'range', 'notify'],
  ['runc', 'single', 'notify'],
  ['crun', 'range', 'strace'],
  ['runc', 'single', 'strace'],
] as const)('without root: %s, ids: %s, observed by %s', (runtime, ids, tracer) => {
  const tools = tracer === 'strace' ? ['strace'] : [];
  it.skipIf(!isRoot || !needsOtherUser(runtime, 'unshare', 'newuidmap', 'ldd', ...tools))('is seen', async () => {
    const dir = tempDir();
    const result = await runScript(observing(runtime, tracer), { dir, as: { ...NOBODY, ids } });
    expect(result.stderr).toBe('');
    expect(JSON.parse(result.stdout)).toEqual({
      exit: { code: 0 },
      asked: [
        ['/app/asked', '/bin/node', 'start'],
        ['/asked-by-exec', '/bin/node', 'exec'],
      ],
    });
    expect(leftoversBelow(join(dir, 'run'))).toEqual([]);
  });
});

it.skipIf(!isRoot || !needsOtherUser('crun', 'unshare'))('the doctor finds its way without root', async () => {
  const dir = tempDir();
  const { stdout } = await runScript(`console.log(JSON.stringify(await diagnose({ home: ${JSON.stringify(dir)} })))`, {
    dir,
    as: { ...NOBODY, ids: 'single' },
  });
  const { checks, ok } = JSON.parse(stdout) as {
    ok: boolean;
    checks: { name: string; ok: boolean | null; cure?: string }[];
  };
  const check = (name: string): unknown => checks.find((each) => each.name === name);
  expect(check('container')).toMatchObject({ ok: true });
  expect(check('subordinate ids')).toMatchObject({ ok: false, cure: expect.stringContaining('usermod') });
  expect(check('home')).toMatchObject({ ok: false, cure: expect.stringContaining('TARE_HOME') });
  expect(ok).toBe(false);
});
