import { lstat, mkdtemp, readFile, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { formatSize } from '../base/format-size.ts';
import { errnoOf, TareError } from '../base/error.ts';
import { hasCapability, readPrivileges } from './capabilities.ts';
import { containerCheck, networkCheck, observingCheck, overlayCheck } from './doctor-trials.ts';
import { findRuntime, unshareWorks } from './host.ts';
import { findTool } from './spawn.ts';

export interface Check {
  readonly name: string;
  /** Null: not there, and not needed here. */
  readonly ok: boolean | null;
  readonly detail: string;
  readonly cure?: string;
}

export interface Diagnosis {
  /** Images can be built, stored and run here. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

export interface DiagnoseOptions {
  /** TARE_HOME. */
  readonly home?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Without these nothing runs; the others have a way around. */
const ESSENTIAL: ReadonlySet<string> = new Set(['node', 'runtime', 'namespaces', 'container', 'home']);
const OLDEST_NODE: readonly [number, number] = [20, 19];

/** Tries what tare needs on this machine, each thing really, all at once. Leaves nothing behind. */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const env = options.env ?? process.env;
  const checks: readonly (readonly [name: string, check: () => Promise<Check>])[] = [
    ['node', () => nodeCheck()],
    ...(options.home === undefined ? [] : [['home', () => homeCheck(options.home ?? '')] as const]),
    ['runtime', () => runtimeCheck(env)],
    ['namespaces', () => namespaceCheck(env)],
    ['subordinate ids', () => subordinateIdCheck(env)],
    ['overlay', () => overlayCheck(env)],
    ['networks', () => networkCheck(env)],
    ['seccomp', () => seccompCheck()],
    ['container', () => containerCheck(env)],
    ['observing', () => observingCheck(env)],
    ['koffi', () => koffiCheck()],
    [
      'strace',
      () =>
        toolCheck(
          'strace',
          env,
          'only for observing where seccomp notification cannot be used',
          'apt-get install strace',
        ),
    ],
    ['strip', () => toolCheck('strip', env, 'only for --strip', 'apt-get install binutils')],
  ];
  const found = await Promise.all(
    checks.map(([name, check]) => check().catch((error: unknown) => broken(name, error))),
  );
  return { ok: found.every(({ name, ok }) => ok !== false || !ESSENTIAL.has(name)), checks: found };
}

/** A check that cannot even be made (a full disk, say) is an answer too. */
function broken(name: string, error: unknown): Check {
  const cure = error instanceof TareError ? error.hint : 'mend that, and ask again';
  return { name, ok: false, detail: error instanceof Error ? error.message : 'it failed', cure };
}

async function nodeCheck(): Promise<Check> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return {
    name: 'node',
    ok,
    detail: `Node ${process.versions.node}`,
    ...(ok ? {} : { cure: `install Node ${OLDEST_NODE.join('.')} or later` }),
  };
}

async function runtimeCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  const runtime = await findRuntime(env);
  return 'unavailable' in runtime
    ? { name: 'runtime', ok: false, detail: runtime.unavailable, cure: runtime.cure }
    : { name: 'runtime', ok: true, detail: `${runtime.name} ${runtime.version} (${runtime.path})` };
}

const isRoot = async (): Promise<boolean> => hasCapability((await readPrivileges()).effective, 'CAP_SYS_ADMIN');

async function namespaceCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  const name = 'namespaces';
  if (await isRoot()) {
    const failure = await unshareWorks({ rootless: false, ids: 'all' }, env);
    if (failure === undefined) return { name, ok: true, detail: 'as root' };
  }
  const failure = await unshareWorks({ rootless: true, ids: 'single' }, env);
  if (failure === undefined) return { name, ok: true, detail: 'user namespaces' };
  return { name, ok: false, detail: failure, cure: await userNamespaceCure() };
}

/** Which of the usual locks it is. */
async function userNamespaceCure(): Promise<string> {
  if ((await setting('kernel/apparmor_restrict_unprivileged_userns')) === '1')
    return '`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run as root';
  if ((await setting('kernel/unprivileged_userns_clone')) === '0')
    return '`sysctl kernel.unprivileged_userns_clone=1`, or run as root';
  if ((await setting('user/max_user_namespaces')) === '0')
    return '`sysctl user.max_user_namespaces=10000`, or run as root';
  return 'run as root; inside a container, start that one with more privileges';
}

async function setting(name: string): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/sys/${name}`, 'latin1')).trim();
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

async function subordinateIdCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  const name = 'subordinate ids';
  if (await isRoot()) return { name, ok: null, detail: 'not needed as root' };
  const failure = await unshareWorks({ rootless: true, ids: 'range' }, env);
  if (failure === undefined) return { name, ok: true, detail: 'a range of user ids can be mapped' };
  return {
    name,
    ok: false,
    detail: `${failure}; every process of a container runs as one user`,
    cure: 'install newuidmap (`apt-get install uidmap`) and give the user a range: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER`',
  };
}

async function seccompCheck(): Promise<Check> {
  const actions = await setting('kernel/seccomp/actions_avail');
  if (actions === undefined)
    return {
      name: 'seccomp',
      ok: false,
      detail: 'the kernel has no seccomp filters',
      cure: 'use a kernel with CONFIG_SECCOMP_FILTER',
    };
  const notify = actions.split(' ').includes('user_notif');
  return {
    name: 'seccomp',
    ok: notify,
    detail: notify
      ? 'filters and user notification'
      : 'filters, but no user notification: programs cannot be observed this way',
    ...(notify ? {} : { cure: 'use Linux 5.0 or later' }),
  };
}

async function koffiCheck(): Promise<Check> {
  const module = 'koffi';
  try {
    await import(module);
    return { name: 'koffi', ok: true, detail: 'loads' };
  } catch (error) {
    // Whatever the reason, a missing binary or another C library: it is optional, and the reason is the answer.
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'does not load';
    return {
      name: 'koffi',
      ok: null,
      detail: `${reason}; only for observing and for extended attributes`,
      cure: 'npm install koffi',
    };
  }
}

async function toolCheck(name: string, env: NodeJS.ProcessEnv, purpose: string, cure: string): Promise<Check> {
  const path = findTool(name, env);
  return path === undefined
    ? { name, ok: null, detail: `not installed; ${purpose}`, cure: `\`${cure}\`` }
    : { name, ok: true, detail: path };
}

async function homeCheck(home: string): Promise<Check> {
  const name = 'home';
  const place = await nearest(resolve(home));
  try {
    // Tried, because permissions do not tell of /proc, quotas and full disks.
    await rmdir(await mkdtemp(join(place, '.tare-doctor-')));
  } catch (error) {
    return {
      name,
      ok: false,
      detail: `${place} cannot be written: ${error instanceof Error ? error.message : 'it failed'}`,
      cure: 'free space there, or set TARE_HOME to a folder of your own',
    };
  }
  const { bavail, bsize } = await statfs(place);
  return { name, ok: true, detail: `${home}, ${formatSize(bavail * bsize)} free` };
}

/** The folder itself, or the closest one above it that exists. */
async function nearest(path: string): Promise<string> {
  try {
    await lstat(path);
    return path;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) throw error;
    return path === '/' ? tmpdir() : nearest(dirname(path));
  }
}
