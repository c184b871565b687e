import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seccompFileOf, type RunSpec, type SeccompDocument } from '../../../src/sandbox/index.ts';
import { allowanceOf, checkedDocument } from '../../../src/sandbox/seccomp-document.ts';
import { canRunDockerd, withDockerd } from '../../helpers/dockerd.ts';
import { needs } from '../../helpers/needs.ts';
import { makeNodeRoot } from '../../helpers/rootfs.ts';
import { nodeSpec, outputOf, sandboxIn } from '../../helpers/sandboxes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { canBuild, makeTraceRoot } from '../../helpers/trace-root.ts';

const parsed = (text: string): SeccompDocument => JSON.parse(text) as SeccompDocument;

describe('the file', () => {
  it('is the same for the same names, in any order', () => {
    const one = seccompFileOf({ syscalls: ['openat', 'mkdir', 'openat'], arch: 'amd64' });
    expect(seccompFileOf({ syscalls: ['mkdir', 'openat'], arch: 'amd64' })).toBe(one);
    expect(one).not.toBe(seccompFileOf({ syscalls: ['mkdir', 'openat'], arch: 'arm64' }));
    const names = parsed(one).syscalls[0]?.names ?? [];
    expect(names).toEqual([...names].sort());
  });

  it('allows nothing that no container may do, whatever a profile names', () => {
    const document = parsed(
      seccompFileOf({ syscalls: ['mount', 'io_uring_setup', 'bpf', 'no_such_call', '__proto__'], arch: 'amd64' }),
    );
    const allows = allowanceOf(document, 'x64');
    for (const name of ['mount', 'io_uring_setup', 'bpf', 'no_such_call', '__proto__', 'clone3', 'mkdir'])
      expect(allows(name)).toBeUndefined();
    expect(allows('read')).toBe('free');
    expect(allows('clone')).toHaveLength(1);
  });

  it('names no machine that it does not know', () => {
    expect(parsed(seccompFileOf({ syscalls: [], arch: 'riscv64' })).architectures).toBeUndefined();
  });
});

describe('profiles of other makers', () => {
  const of = (value: unknown) => allowanceOf(checkedDocument(value, 'it'), 'x64');
  it.each([
    [
      'a list of what is denied',
      { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['chmod'], action: 'SCMP_ACT_ERRNO' }] },
      'mkdir',
      'free',
    ],
    [
      'what is denied there',
      { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['chmod'], action: 'SCMP_ACT_ERRNO' }] },
      'chmod',
      undefined,
    ],
    [
      'a rule for privileged containers',
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['bpf'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_BPF'] } }],
      },
      'bpf',
      undefined,
    ],
    [
      'a rule for another machine',
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['x'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['s390x'] } }],
      },
      'x',
      undefined,
    ],
    [
      'a condition',
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['x'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
      },
      'x',
      [[{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }]],
    ],
  ])('%s', (_what, document, name, expected) => {
    expect(of(document)(name)).toEqual(expected);
  });

  it.each([
    null,
    [],
    1,
    {},
    { defaultAction: 1, syscalls: [] },
    { defaultAction: 'x', syscalls: [{ names: 'a', action: 'b' }] },
    { defaultAction: 'x', syscalls: [{ names: [], action: 'b', args: [{}] }] },
  ])('refuses %j', (value) => {
    expect(() => of(value)).toThrow(expect.objectContaining({ code: 'E_JSON' }));
  });
});

describe('under the profile of its own observation', () => {
  let root: ReturnType<typeof makeTraceRoot> | undefined;
  beforeAll(() => {
    if (canBuild('static')) root = makeTraceRoot([['forks', 'static']]);
  });
  afterAll(() => root?.remove());
  const available = canBuild('static') && needs('crun');

  async function profile(): Promise<string> {
    const { sandbox } = await sandboxIn({ runtime: 'crun' });
    const spec = nodeSpec(root?.dir ?? '', '', { args: ['/p/forks', '1'], trace: { syscalls: true } });
    const running = await sandbox.start(spec);
    await running.wait();
    const { syscalls = [] } = await running.observation();
    const text = seccompFileOf({ syscalls, arch: process.arch === 'arm64' ? 'arm64' : 'amd64' });
    const file = join(tempDir(), 'profile.json');
    writeFileSync(file, text);
    return file;
  }

  it.skipIf(!available || !canRunDockerd())('a container runs in Docker', async () => {
    const file = await profile();
    await withDockerd(async ({ docker }) => {
      const tar = join(tempDir(), 'root.tar');
      execFileSync('tar', ['-cf', tar, '-C', root?.dir ?? '', '.']);
      const image = (await docker('import', tar)).trim();
      const ran = await docker(
        'run',
        '--rm',
        '--network=none',
        '--security-opt',
        `seccomp=${file}`,
        image,
        '/p/forks',
        '1',
      );
      expect(ran).toBe('done\n');
    });
  });

  it.skipIf(!available || !needs('podman', 'runc') || process.getuid?.() !== 0)(
    'a container runs in podman',
    async () => {
      const file = await profile();
      const dir = tempDir();
      execFileSync('cp', ['-a', root?.dir ?? '', join(dir, 'root')]);
      const storage = ['--root', join(dir, 'storage'), '--runroot', join(dir, 'run'), '--storage-driver', 'vfs'];
      // Limits of this process: podman would ask for more than it may.
      const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'];
      const options = ['--rm', '--network=none', ...limits, '--security-opt', `seccomp=${file}`];
      const ran = execFileSync(
        'podman',
        [...storage, '--runtime', 'runc', 'run', ...options, '--rootfs', join(dir, 'root'), '/p/forks', '1'],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      );
      expect(ran).toBe('done\n');
    },
  );
});

describe.each(['crun', 'runc'] as const)('a narrowed run with %s', (runtime) => {
  let root: ReturnType<typeof makeNodeRoot>;
  beforeAll(() => {
    root = makeNodeRoot();
  });
  afterAll(() => root.remove());
  const available = needs(runtime, 'unshare', 'nsenter', 'ldd');

  it.skipIf(!available)('can do what was observed, and nothing else', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const run = async (script: string, changes: Partial<RunSpec>) => {
      const running = await sandbox.start(nodeSpec(root.dir, script, changes));
      const { stdout } = await outputOf(running);
      expect(await running.wait()).toEqual({ code: 0 });
      return { stdout, running };
    };
    const work = `fs.mkdirSync('/tmp/made'); console.log(fs.readdirSync('/tmp').join());`;
    const { running } = await run(work, { trace: { syscalls: true } });
    const text = seccompFileOf({ syscalls: (await running.observation()).syscalls ?? [], arch: 'amd64' });
    const seccomp = join(tempDir(), 'profile.json');
    writeFileSync(seccomp, text);
    expect((await run(work, { seccomp })).stdout).toBe('made\n');
    const other = `let code = 'done'; try { fs.chmodSync('/tmp', 0o700); } catch (error) { code = error.code; }
      console.log(code + /^CapEff:\\s+(\\w+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);`;
    const narrow = { seccomp: parsed(text), capabilities: ['chown', 'CAP_SYS_ADMIN', 'nonsense'] };
    expect((await run(other, narrow)).stdout).toBe('ENOSYS0000000000000001\n');
    // Asking about calls does not widen it.
    const watched = await run(other, { ...narrow, trace: { syscalls: true } });
    expect(watched.stdout).toBe('ENOSYS0000000000000001\n');
  });

  it.skipIf(!available)('needs a profile that is one', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const file = join(tempDir(), 'profile.json');
    writeFileSync(file, '{');
    await expect(sandbox.start(nodeSpec(root.dir, '', { seccomp: file }))).rejects.toMatchObject({ code: 'E_JSON' });
    await expect(sandbox.start(nodeSpec(root.dir, '', { seccomp: `${file}x` }))).rejects.toMatchObject({
      code: 'E_PATH_NOT_FOUND',
    });
  });
});
