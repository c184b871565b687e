import { lstat, mkdtemp, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, isTareError } from '../base/error.ts';
import type { Check } from './doctor.ts';
import { inspectHost, unshareFlags } from './host.ts';
import { findSandbox } from './index.ts';
import { findTool, runTool } from './spawn.ts';
import type { TracerKind } from './trace/tracer-kind.ts';
import type { Mount } from './types.ts';

const TRIAL_MS = 1500;

/** Everything happens on a tmpfs inside the private mount namespace. */
const OVERLAY_TRIAL = `
cd "$1" && mount -t tmpfs none . && cd "$1" && mkdir -p lower/a upper work root && : >lower/a/b &&
mount -t overlay -o "lowerdir=lower,upperdir=upper,workdir=work$2" overlay root && rm -r root/a && mkdir root/a && [ ! -e root/a/b ]
`;

export async function overlayCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  const name = 'overlay';
  const host = await inspectHost(env);
  if ('unavailable' in host) return { name, ok: null, detail: `not tried: ${host.unavailable}` };
  const dir = await mkdtemp(join(tmpdir(), 'tare-doctor-'));
  try {
    const result = await runTool(
      host.tools.unshare,
      [
        ...unshareFlags(host),
        '--',
        host.tools.sh,
        '-c',
        OVERLAY_TRIAL,
        'overlay',
        dir,
        host.rootless ? ',userxattr' : '',
      ],
      { env: host.env, timeoutMs: TRIAL_MS },
    );
    if (result.code === 0) return { name, ok: true, detail: host.rootless ? 'works in a user namespace' : 'works' };
    const reason = result.stderr.trim().split('\n')[0] ?? '';
    return {
      name,
      ok: false,
      detail: `${reason === '' ? 'does not work' : reason}; root file systems are copied into memory before they run`,
      cure: host.rootless ? 'use Linux 5.11 or later' : '`modprobe overlay`',
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export async function networkCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  const name = 'networks';
  const host = await inspectHost(env);
  if ('unavailable' in host) return { name, ok: null, detail: `not tried: ${host.unavailable}` };
  const result = await runTool(host.tools.unshare, [...unshareFlags(host), '--net', '--', 'true'], {
    env: host.env,
    timeoutMs: TRIAL_MS,
  });
  return result.code === 0
    ? { name, ok: true, detail: 'private networks can be made and entered' }
    : {
        name,
        ok: false,
        detail: result.stderr.trim().split('\n')[0] ?? '',
        cure: 'run as root, or use a kernel with CONFIG_NET_NS',
      };
}

/** Folders of this machine that its own shell lives from. */
const SYSTEM_FOLDERS: readonly string[] = ['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin', 'usr', 'nix', 'gnu'];

/** Runs this machine's own shell in a container: its system folders are mounted read-only into an empty root. */
async function runShell(env: NodeJS.ProcessEnv, tracer?: TracerKind): Promise<Trial> {
  const rootfs = await mkdtemp(join(tmpdir(), 'tare-doctor-'));
  try {
    const sandbox = await findSandbox({ env, ...(tracer === undefined ? {} : { tracer }) });
    if ('unavailable' in sandbox) return { failure: sandbox.unavailable, cure: sandbox.cure };
    const program = findTool('sh', env) ?? '/bin/sh';
    const running = await sandbox.start(
      {
        rootfs,
        args: [program, '-c', 'exit 0'],
        env: [],
        cwd: '/',
        user: '0',
        readOnly: true,
        network: { kind: 'none' },
        mounts: await systemFolders(rootfs),
        stdio: 'pipe',
        ...(tracer === undefined ? {} : { trace: { syscalls: false } }),
      },
      AbortSignal.timeout(TRIAL_MS),
    );
    const { code } = await running.wait();
    if (code !== 0) return { failure: `it ended with exit code ${code}`, cure: 'see the lines above' };
    const seen = tracer === undefined ? [] : (await running.observation()).paths;
    return tracer === undefined || seen.some(({ how, path }) => path === program && how.includes('exec'))
      ? { description: sandbox.description }
      : { failure: 'nothing was seen', cure: 'report this' };
  } catch (error) {
    if (!isTareError(error)) throw error;
    return { failure: error.message, cure: error.hint };
  } finally {
    await rm(rootfs, { recursive: true, force: true });
  }
}

type Trial = { readonly description: string } | { readonly failure: string; readonly cure: string };

export async function containerCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  const name = 'container';
  const trial = await runShell(env);
  return 'failure' in trial
    ? { name, ok: false, detail: trial.failure, cure: trial.cure }
    : { name, ok: true, detail: `one was started and has ended, with ${trial.description}` };
}

/** Which ways of observing a container work: both are tried. */
export async function observingCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  const name = 'observing';
  const [notify, strace] = await Promise.all([runShell(env, 'notify'), runShell(env, 'strace')]);
  const works = { notify: !('failure' in notify), strace: !('failure' in strace) };
  if (works.notify)
    return { name, ok: true, detail: `by seccomp notification${works.strace ? ', and by strace' : ''}` };
  const reason = 'failure' in notify ? notify.failure : '';
  const cure = 'failure' in notify ? notify.cure : '';
  if (works.strace) return { name, ok: true, detail: `by strace alone, which is slower: ${reason}` };
  return { name, ok: false, detail: `${reason}; ${'failure' in strace ? strace.failure : ''}`, cure };
}

/** Links (`/bin` → `usr/bin`) are made anew, folders are mounted. */
async function systemFolders(rootfs: string): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  for (const folder of SYSTEM_FOLDERS) {
    const path = `/${folder}`;
    const stat = await lstat(path).catch(absent);
    if (stat?.isSymbolicLink() === true) await symlink(await readlink(path), join(rootfs, folder));
    else if (stat?.isDirectory() === true) mounts.push({ source: path, target: path, readOnly: true });
  }
  return mounts;
}

function absent(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
