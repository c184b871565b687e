import { createServer } from 'node:net';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Running, RunSpec, Sandbox } from '../../src/sandbox/index.ts';
import { leftoversBelow, until } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { nodeSpec, outputOf, sandboxIn } from '../helpers/sandboxes.ts';
import { tempDir } from '../helpers/temp.ts';

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

/** The script prints one JSON value. */
async function answerOf(sandbox: Sandbox, script: string, changes: Partial<RunSpec> = {}): Promise<unknown> {
  const running = await sandbox.start(nodeSpec(root.dir, script, changes));
  const { stderr, stdout } = await outputOf(running);
  const exit = await running.wait();
  if (exit.code !== 0) throw new Error(`exit code ${exit.code}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

const print = (expression: string): string => `console.log(JSON.stringify(${expression}))`;
const server = (changes: Partial<RunSpec> = {}): RunSpec =>
  nodeSpec(root.dir, '', {
    args: ['/bin/node', '/app/server.mjs'],
    network: { kind: 'private', publish: [{ host: 0, container: 8080 }] },
    ...changes,
  });

async function up(running: Running): Promise<string> {
  await until(() => running.connects(8080));
  return `http://127.0.0.1:${running.ports[0]?.host}`;
}

/** Of this machine, by what stands in their command line; but for the tools that brought them into a container. */
const processesWith = (mark: string): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      return line.startsWith('node\0') && line.includes(mark);
    } catch {
      return false; // No process, or it has ended.
    }
  });

describe.each(['crun', 'runc'] as const)('a container of %s', (runtime) => {
  const available = needs(runtime, 'unshare', 'nsenter', 'ldd');

  it.skipIf(!available)('has an output that can be opened anew, also by an ordinary user', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const script = "fs.writeFileSync('/dev/stdout', 'out'); fs.writeFileSync('/dev/stderr', 'err')";
    for (const user of ['', '65532:65532']) {
      const running = await sandbox.start(nodeSpec(root.dir, script, { user }));
      expect(await outputOf(running)).toEqual({ stdout: 'out', stderr: 'err' });
      expect(await running.wait()).toEqual({ code: 0 });
    }
  });

  it.skipIf(!available)('serves a published port, runs more processes, stops, and leaves nothing', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    expect(sandbox.description).toMatch(new RegExp(`^${runtime} \\d+\\.\\d+`));
    const running = await sandbox.start(server({ cwd: '/made/for/it', env: ['A=1', 'A=2'] }));
    const output = outputOf(running);
    const response = await fetch(`${await up(running)}/status`);
    expect(await response.json()).toMatchObject({ status: 'OK', pid: 1 });
    expect(running.ports).toEqual([{ host: expect.any(Number), container: 8080, address: '127.0.0.1' }]);
    const echoed = await running.exec(['node', '-p', 'process.cwd() + process.env.A']);
    expect(echoed).toEqual({ exit: { code: 0 }, stdout: '/made/for/it2\n', stderr: '' });
    expect((await running.exec(['node', '-e', 'process.exit(9)'])).exit).toEqual({ code: 9 });
    const absent = await running.exec(['no-such-program']);
    expect(absent.exit.code).toBe(127);
    expect(absent.stderr).toContain('no-such-program');
    expect(await running.stop(30_000)).toEqual({ code: 42 });
    expect(await running.stop(0)).toEqual({ code: 42 });
    expect(await running.connects(8080)).toBe(false);
    expect((await output).stdout).toBe('listening on 8080\nbye\n');
    await expect(fetch(`http://127.0.0.1:${running.ports[0]?.host}/status`)).rejects.toThrow('fetch failed');
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('ends what is run in it when that is wanted, with what that has started', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const running = await sandbox.start(server());
    await up(running);
    const mark = `hangs-${process.pid}-${runtime}`;
    const hang = `setInterval(() => '${mark}', 1000)`;
    const script = `child_process.spawn('node', ['-e', ${JSON.stringify(hang)}], { stdio: 'inherit' }); ${hang}`;
    const hanging = (): number => processesWith(mark).length;
    const limit = new AbortController();
    const asked = running.exec(['node', '-e', script], limit.signal);
    await until(() => hanging() === 2);
    limit.abort();
    expect((await asked).exit).toEqual({ code: 137, signal: 'SIGKILL' });
    await until(() => hanging() === 0);
    expect((await running.exec(['node', '-p', '1'], limit.signal)).exit.code).toBe(137);
    // What a program is told may be secret.
    const [bundle = ''] = readdirSync(join(dir, 'tare')).filter((name) => name.startsWith('tare-'));
    for (const file of ['config.json', 'process-0'])
      expect(statSync(join(dir, 'tare', bundle, file)).mode & 0o777).toBe(0o600);
    await running.stop(0);
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('is contained', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const facts = (await answerOf(
      sandbox,
      `const status = fs.readFileSync('/proc/self/status', 'utf8');
       const attempt = (f) => { try { f(); return 'done'; } catch (error) { return error.code; } };
       ${print(`{
         seccomp: /^Seccomp:\\s+(\\d)/m.exec(status)[1],
         noNewPrivileges: /^NoNewPrivs:\\s+(\\d)/m.exec(status)[1],
         capabilities: /^CapEff:\\s+(\\w+)/m.exec(status)[1],
         pid: process.pid,
         host: os.hostname(),
         interfaces: Object.keys(os.networkInterfaces()),
         routes: fs.readFileSync('/proc/net/route', 'utf8').trim().split('\\n').length,
         sysctl: attempt(() => fs.writeFileSync('/proc/sys/kernel/hostname', 'x')),
         masked: fs.readFileSync('/proc/interrupts', 'utf8'),
         write: attempt(() => fs.writeFileSync('/new', 'x')),
         dev: fs.readdirSync('/dev').includes('null'),
         processes: fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)),
         hosts: fs.readFileSync('/etc/hosts', 'utf8').includes('localhost'),
         resolver: fs.existsSync('/etc/resolv.conf'),
         umask: process.umask(),
       }`)}`,
    )) as Record<string, unknown>;
    expect(facts).toMatchObject({
      seccomp: '2',
      noNewPrivileges: '1',
      pid: 1,
      host: 'tare',
      interfaces: ['lo'],
      routes: 1,
      sysctl: 'EROFS',
      write: 'done',
      dev: true,
      processes: ['1'],
      hosts: true,
      resolver: false,
      umask: 0o022,
      masked: '',
    });
    // Nothing of CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_NET_ADMIN, CAP_SYS_MODULE.
    expect(BigInt(`0x${String(facts['capabilities'])}`) & 0x29_1000n).toBe(0n);
  });

  it.skipIf(!available)('writes nothing into the root that it was given', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    await answerOf(
      sandbox,
      `fs.writeFileSync('/app/server.mjs', 'gone'); fs.rmSync('/etc/passwd'); fs.mkdirSync('/home/app/x'); ${print('1')}`,
    );
    expect(readFileSync(join(root.dir, 'app/server.mjs'), 'utf8')).toContain('createServer');
    expect(await answerOf(sandbox, print(`fs.readdirSync('/home/app')`))).toEqual([]);
  });

  it.skipIf(!available)('can be read-only, with a /tmp of its own', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const script = `let code; try { fs.writeFileSync('/etc/x', ''); } catch (error) { code = error.code; }
      fs.writeFileSync('/tmp/x', ''); ${print('code')}`;
    expect(await answerOf(sandbox, script, { readOnly: true })).toBe('EROFS');
  });

  it.skipIf(!available)('runs as the user of the image config', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const who = print('[process.getuid(), process.getgid(), process.getgroups().sort(), process.env.HOME]');
    expect(await answerOf(sandbox, who, { user: '' })).toEqual([0, 0, [0], '/root']);
    if (sandbox.description.includes('one user id')) return;
    expect(await answerOf(sandbox, who, { user: 'app' })).toEqual([1234, 2345, [2345, 50, 60], '/home/app']);
    expect(await answerOf(sandbox, who, { user: '65532:staff' })).toEqual([65532, 50, [50], '/']);
    await expect(sandbox.start(server({ user: 'nobody-knows' }))).rejects.toMatchObject({ code: 'E_USER' });
  });

  it.skipIf(!available)('mounts host folders, read-only or not', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const shared = tempDir();
    mkdirSync(join(shared, 'in'));
    mkdirSync(join(shared, 'out'), { mode: 0o777 });
    writeFileSync(join(shared, 'in/text'), 'from outside');
    const mounts = [
      { source: join(shared, 'in'), target: '/data/in', readOnly: true },
      { source: join(shared, 'out'), target: '/data/out', readOnly: false },
    ];
    const script = `let code; try { fs.writeFileSync('/data/in/x', ''); } catch (error) { code = error.code; }
      fs.writeFileSync('/data/out/text', fs.readFileSync('/data/in/text')); ${print('code')}`;
    expect(await answerOf(sandbox, script, { mounts })).toBe('EROFS');
    expect(readFileSync(join(shared, 'out/text'), 'utf8')).toBe('from outside');
    const lost = [{ source: join(shared, 'lost'), target: '/data', readOnly: true }];
    await expect(sandbox.start(server({ mounts: lost }))).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
  });

  it.skipIf(!available)('tells how it ended', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const exits = async (script: string): Promise<unknown> => (await sandbox.start(nodeSpec(root.dir, script))).wait();
    expect(await exits('process.exit(3)')).toEqual({ code: 3 });
    const sleeper = await sandbox.start(nodeSpec(root.dir, 'setInterval(() => 1, 1000)', { stopSignal: 'SIGUSR2' }));
    // It does not listen to that signal, and as the first of its namespace never gets it: no use waiting an hour.
    expect(await sleeper.stop(3_600_000)).toEqual({ code: 137, signal: 'SIGKILL' });
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('that cannot start says why, and leaves nothing', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const broken = tempDir();
    mkdirSync(join(broken, 'bin'));
    writeFileSync(join(broken, 'bin/node'), '#!/no/such/interpreter\n', { mode: 0o755 });
    const start = (changes: Partial<RunSpec>): Promise<Running> => sandbox.start(server(changes));
    await expect(start({ args: ['/no/such/program'] })).rejects.toMatchObject({
      code: 'E_ENTRYPOINT',
      message: expect.stringContaining('/no/such/program'),
    });
    await expect(start({ args: ['/app/server.mjs'] })).rejects.toMatchObject({ code: 'E_ENTRYPOINT' });
    await expect(start({ args: ['/etc'] })).rejects.toMatchObject({ code: 'E_ENTRYPOINT' });
    const lost = await sandbox.start(nodeSpec(broken, '', { args: ['/bin/node'] })).catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: 'E_ENTRYPOINT', message: expect.stringMatching(/no such file/i) });
    await expect(start({ args: [] })).rejects.toMatchObject({ code: 'E_ENTRYPOINT' });
    await expect(start({ rootfs: join(root.dir, 'nowhere') })).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    await expect(start({ stopSignal: 'SIGNOPE' })).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(start({ args: ['/bin/node', 'a\0b'] })).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('refuses a port that is taken, by its number', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    const network: RunSpec['network'] = { kind: 'private', publish: [{ host: port, container: 8080 }] };
    await expect(sandbox.start(server({ network }))).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      message: expect.stringContaining(String(port)),
    });
    other.close();
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('ends when the caller gives up, before or after its start', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    await expect(sandbox.start(server(), AbortSignal.abort())).rejects.toMatchObject({ code: 'E_CANCELLED' });
    const early = new AbortController();
    const starting = sandbox.start(server(), early.signal);
    setImmediate(() => early.abort());
    await expect(starting).rejects.toMatchObject({ code: 'E_CANCELLED' });
    const late = new AbortController();
    const running = await sandbox.start(server(), late.signal);
    late.abort();
    expect((await running.wait()).code).toBe(137);
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('copies the root where an overlay is not wanted', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime, root: 'copy' });
    expect(
      await answerOf(sandbox, `fs.rmSync('/etc/group'); ${print(`fs.readdirSync('/etc').includes('passwd')`)}`),
    ).toBe(true);
    expect(readFileSync(join(root.dir, 'etc/group'), 'utf8')).toContain('staff');
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('sees the host’s network when told so', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const ours = readFileSync('/proc/self/net/dev', 'utf8').split('\n').length;
    const theirs = print(`fs.readFileSync('/proc/net/dev', 'utf8').split('\\n').length`);
    expect(await answerOf(sandbox, theirs, { network: { kind: 'host' } })).toBe(ours);
  });
});
