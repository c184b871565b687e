import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecMount } from '../../../src/solve/types.ts';
import { leftoversBelow, until } from '../../helpers/leftovers.ts';
import { needs } from '../../helpers/needs.ts';
import { makeShellRoot } from '../../helpers/shell-root.ts';
import { startStepScript } from '../../helpers/step-script.ts';
import { openSteps, SCRATCH, type Steps } from '../../helpers/steps.ts';
import { tempDir } from '../../helpers/temp.ts';

const isRoot = process.getuid?.() === 0;
const can = (runtime: string): boolean => isRoot && needs(runtime, 'unshare', 'ldd');

let root: ReturnType<typeof makeShellRoot>;
beforeAll(() => {
  root = makeShellRoot();
});
afterAll(() => root?.remove());

const OWNED = { mode: 0o755, uid: 0, gid: 0 } as const;
const cache = (more: Partial<ExecMount & { kind: 'cache' }> = {}): ExecMount => ({
  kind: 'cache',
  id: 'one',
  target: '/cache',
  sharing: 'shared',
  source: '/',
  readOnly: false,
  ...OWNED,
  ...more,
});

async function changed(steps: Steps, script: string, mounts: readonly ExecMount[] = []): Promise<readonly string[]> {
  const { members } = await steps.diff(await steps.sh(script, { vertex: { mounts } }));
  return members.map(({ path }) => path);
}

describe.each(['crun', 'runc'] as const)('a step, with %s', (runtime) => {
  it.skipIf(!can(runtime))('leaves nothing of what it stood on', async () => {
    const steps = await openSteps(root.dir, { runtime });
    const mounts: ExecMount[] = [
      cache({ target: '/root/.cache/deep' }),
      { kind: 'tmpfs', target: '/data/tmp' },
      { kind: 'secret', id: 'x', target: '/run/secrets/x', required: false, ...OWNED },
      { kind: 'bind', from: SCRATCH, source: '/etc/passwd', target: '/mnt/passwd', readOnly: true },
    ];
    expect(await changed(steps, '[ -d /proc/1 ] && [ -e /etc/hosts ] && [ -f /mnt/passwd ]', mounts)).toEqual([]);
    expect(
      await changed(steps, 'echo x > /etc/new; echo y > /root/.cache/other; echo z > /root/.cache/deep/in', mounts),
    ).toEqual(['etc/', 'etc/new', 'root/', 'root/.cache/', 'root/.cache/other']);
    const { members } = await steps.diff(await steps.sh(': > /data/sub/x', { vertex: { mounts } }));
    expect(members.find(({ path }) => path === 'data/')?.mtime).toBe(1_600_000_000);
  });

  it.skipIf(!can(runtime))('runs as a builder would', async () => {
    const steps = await openSteps(root.dir, { runtime });
    const told = await steps.sh(
      'id -u; cat; cat /proc/self/status; cat /etc/hosts; echo to stderr > /dev/stderr; [ ! -e /etc/hostname ]',
      { hostname: 'builder', vertex: { hosts: ['db:10.1.2.3', 'six:fd00::1'] } },
    );
    expect(told.output).toMatch(/^0$/m);
    expect(told.output).toMatch(/CapBnd:\s*00000000a80425fb\n/);
    expect(told.output).toMatch(/NoNewPrivs:\s*0\n/);
    expect(told.output).toMatch(/Seccomp:\s*2\n/);
    expect(told.output).toMatch(/localhost builder\n/);
    expect(told.output).toContain('10.1.2.3\tdb\nfd00::1\tsix\n');
    expect(told.output).toContain('to stderr\n');
    const suid = await steps.keep(await steps.sh('cp /bin/id /bin/suid; chmod 4755 /bin/suid'));
    const risen = await steps.sh('suid', { lowers: [root.dir, suid], vertex: { user: 'app' } });
    expect(risen.output).toContain('euid=0(root)');
    expect((await steps.run(['/bin/false'])).exit).toEqual({ code: 1 });
    const user = await steps.sh('id -u; echo $HOME; touch /etc/x 2>/dev/null && exit 1; exit 0', {
      vertex: { user: 'app' },
    });
    expect(user.output).toMatch(/^1000\n\/home\/app\n/);
    const insecure = await steps.sh('cat /proc/self/status', { vertex: { insecure: true } });
    expect(insecure.output).toMatch(/Seccomp:\s*0\n/);
  });

  it.skipIf(!can(runtime))('has its mounts', async () => {
    const steps = await openSteps(root.dir, { runtime });
    const agent = join(tempDir(), 'agent');
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(agent, resolve));
    const mounts: ExecMount[] = [
      { kind: 'secret', id: 'token', target: '/run/secrets/token', required: true, mode: 0o440, uid: 1000, gid: 33 },
      { kind: 'secret', id: 'plain', env: 'TOKEN', required: true, ...OWNED },
      { kind: 'ssh', id: 'default', target: '/run/agent', required: true, mode: 0o600, uid: 1000, gid: 0 },
      { kind: 'tmpfs', target: '/ram', size: 65_536 },
      { kind: 'bind', from: SCRATCH, source: '/data', target: '/ro', readOnly: true },
      { kind: 'bind', from: SCRATCH, source: '/data', target: '/rw', readOnly: false },
      cache({ id: 'mine', uid: 1000, gid: 1000, mode: 0o750 }),
    ];
    const options = {
      vertex: { mounts },
      secrets: new Map([
        ['token', Buffer.from('s3cret\0\n\xff', 'latin1')],
        ['plain', Buffer.from('s3cret too')],
      ]),
      ssh: new Map([['default', agent]]),
    };
    const script = `
      stat -c '%a %u:%g' /run/secrets/token /run/agent /cache; sha256sum </run/secrets/token; [ "$TOKEN" = "s3cret too" ]; echo "$SSH_AUTH_SOCK"
      touch /ro/x 2>/dev/null && exit 1; echo new > /rw/a; rm /rw/b; cat /rw/a; cat /ro/a
      head -c 100000 /dev/zero > /ram/x 2>/dev/null && exit 1; echo again >> /cache/count; cat /cache/count`;
    const first = await steps.sh(script, options);
    const second = await steps.sh(script, options);
    server.close();
    expect(first.output.split('\n').slice(0, 4)).toEqual([
      '440 1000:33',
      '600 1000:0',
      '750 1000:1000',
      `${createHash('sha256').update(Buffer.from('s3cret\0\n\xff', 'latin1')).digest('hex')}  -`,
    ]);
    expect(first.output).toContain('/run/agent\nnew\ndata/a\nagain\n');
    expect(second.output).toContain('again\nagain\n');
    expect((await steps.diff(first)).members).toEqual([]);
    expect(readdirSync(first.changes).sort()).toEqual(['0.tar', 'upper']);
    expect(readFileSync(join(root.dir, 'data/a'), 'utf8')).toBe('data/a\n');
    for (const dir of [steps.home, steps.runDir])
      expect(execFileSync('sh', ['-c', 'grep -rl s3cret "$1" || :', 'grep', dir], { encoding: 'utf8' })).toBe('');
    expect(leftoversBelow(steps.runDir)).toEqual([]);
  });
});

describe('a step', () => {
  it.skipIf(!can('crun'))('starts a cache with what another file system has', async () => {
    const steps = await openSteps(root.dir);
    const mount = cache({ id: 'seeded', from: SCRATCH, source: '/data' });
    const { output } = await steps.sh('cat /cache/a; rm /cache/a; ls /cache', { vertex: { mounts: [mount] } });
    expect(output).toBe('data/a\nb\nold\nsub\n');
    expect((await steps.sh('ls /cache', { vertex: { mounts: [mount] } })).output).toBe('b\nold\nsub\n');
  });

  it.skipIf(!can('crun'))('waits for a locked cache, and takes a private one of its own', async () => {
    const steps = await openSteps(root.dir);
    const at = (sharing: 'locked' | 'private'): Promise<string> =>
      Promise.all(
        [1, 2].map(() =>
          steps.sh('[ ! -e /cache/busy ] || echo together; touch /cache/busy; sleep 0.5; rm -f /cache/busy', {
            vertex: { mounts: [cache({ id: sharing, sharing })] },
          }),
        ),
      ).then((both) => both.map(({ output }) => output).join(''));
    expect(await at('locked')).toBe('');
    expect(await at('private')).toBe('');
  });

  it.skipIf(!can('crun'))('says what is missing', async () => {
    const steps = await openSteps(root.dir);
    const secret: ExecMount = { kind: 'secret', id: 'x', target: '/x', required: true, ...OWNED };
    const cases: readonly (readonly [Partial<Parameters<Steps['run']>[1]>, string])[] = [
      [{ vertex: { mounts: [secret] } }, 'E_SECRET'],
      [{ vertex: { mounts: [{ ...secret, env: 'X' }] }, secrets: new Map([['x', Buffer.from('a\0b')]]) }, 'E_SECRET'],
      [{ vertex: { mounts: [{ ...secret, kind: 'ssh', target: '/x' }] } }, 'E_SECRET'],
      [
        { vertex: { mounts: [{ kind: 'bind', from: SCRATCH, source: '/nowhere', target: '/x', readOnly: true }] } },
        'E_PATH_NOT_FOUND',
      ],
      [{ vertex: { mounts: [{ kind: 'tmpfs', target: '/data/a/below' }] } }, 'E_NOT_DIRECTORY'],
      [{ vertex: { hosts: ['two words:1.2.3.4'] } }, 'E_USAGE'],
      [{ vertex: { user: 'nobody-knows' } }, 'E_USER'],
      [{ lowers: Array.from({ length: 128 }, () => root.dir) }, 'E_LIMIT'],
    ];
    for (const [options, code] of cases)
      await expect(steps.run(['/bin/true'], options)).rejects.toMatchObject({ code });
    await expect(steps.run(['/nowhere'])).rejects.toMatchObject({ code: 'E_ENTRYPOINT' });
    expect(readdirSync(join(steps.home, 'tare/solve/snapshots/all/tmp'))).toEqual([]);
    expect(leftoversBelow(steps.runDir)).toEqual([]);
  });

  it.skipIf(!can('crun'))('tells its output as it comes, and ends when nobody wants it any more', async () => {
    const steps = await openSteps(root.dir);
    const controller = new AbortController();
    const running = steps.run(['/bin/sh', '-c', 'trap "" TERM INT; echo begun; sleep 1000; sleep 1000'], {
      signal: controller.signal,
      onOutput: ({ bytes }) => {
        if (Buffer.from(bytes).toString('utf8').includes('begun')) controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(leftoversBelow(steps.runDir)).toEqual([]);
    expect(readdirSync(join(steps.home, 'tare/solve/snapshots/all/tmp'))).toEqual([]);
  });

  it.skipIf(!can('crun'))('starts from nothing', async () => {
    const steps = await openSteps(root.dir);
    const mounts: ExecMount[] = ['bin', 'lib', 'lib64']
      .filter((name) => existsSync(join(root.dir, name)))
      .map((name) => ({
        kind: 'bind',
        from: SCRATCH,
        source: `/${name}`,
        target: `/${name}`,
        readOnly: true,
      }));
    const step = await steps.sh('mkdir /only', { lowers: [], vertex: { mounts } });
    expect((await steps.diff(step)).members.map(({ path }) => path)).toEqual(['only/']);
  });

  it.skipIf(!can('crun'))('runs over more folders than their names would fit for', async () => {
    const steps = await openSteps(root.dir);
    const folders = Array.from({ length: 126 }, (_, index) => {
      const dir = join(tempDir(), 'a-name-that-is-long-enough-to-fill-a-page-soon');
      mkdirSync(dir);
      writeFileSync(join(dir, `file-${index}`), '');
      return dir;
    });
    const { output } = await steps.sh('ls /', { lowers: [root.dir, ...folders] });
    expect(output.match(/^file-/gm)).toHaveLength(126);
  });
});

describe('a build that is killed', () => {
  it.skipIf(!can('crun'))(
    'leaves no process and no mount, and what it leaves on the disk goes with the next build',
    async () => {
      const dir = tempDir();
      const child = startStepScript(`await run(['/bin/sh', '-c', 'echo begun; sleep 1000']);`, { dir, root: root.dir });
      let told = '';
      child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString('utf8')));
      await until(() => told.includes('begun') || child.exitCode !== null);
      expect(told).toContain('begun');
      child.kill('SIGKILL');
      await until(() => leftoversBelow(join(dir, 'run')).length === 0);
      const left = join(dir, 'home/tare/solve/snapshots/all/tmp');
      expect(readdirSync(left)).toHaveLength(1);
      const next = startStepScript('', { dir, root: root.dir });
      await new Promise((resolve) => next.once('close', resolve));
      expect(readdirSync(left)).toEqual([]);
    },
  );
});
