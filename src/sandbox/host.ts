import { readFile } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { TareError } from '../base/error.ts';
import { allCapabilities, containerCapabilities, hasCapability, readPrivileges } from './capabilities.ts';
import { findTool, isExecutable, runTool, toolEnvironment } from './spawn.ts';

export type RuntimeName = 'crun' | 'runc';
const RUNTIMES: readonly RuntimeName[] = ['crun', 'runc'];

export interface Runtime {
  readonly name: RuntimeName;
  readonly path: string;
  readonly version: string;
}

/** What this machine lets us do, found out once. */
export interface Host {
  readonly runtime: Runtime;
  readonly tools: { readonly unshare: string; readonly nsenter: string; readonly sh: string };
  readonly rootless: boolean;
  /** Which user ids exist inside: all; root and a range of subordinate ids; or root alone. */
  readonly ids: 'all' | 'range' | 'single';
  /** A cgroup2 hierarchy beside the version 1 ones: crun refuses to work while it sees it. */
  readonly hybridCgroups: boolean;
  readonly capabilities: readonly string[];
  /** What a privileged container gets. */
  readonly allCapabilities: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface Unavailable {
  readonly unavailable: string;
  readonly cure: string;
}

/** Which runtime: TARE_RUNTIME or the option (a name or an absolute path), else the first of crun and runc on PATH. @throws TareError E_USAGE */
export async function findRuntime(env: NodeJS.ProcessEnv, wanted?: string): Promise<Runtime | Unavailable> {
  const asked = wanted ?? (env['TARE_RUNTIME'] === '' ? undefined : env['TARE_RUNTIME']);
  const names = asked === undefined ? RUNTIMES : [asked];
  for (const each of names) {
    const name = RUNTIMES.find((known) => known === basename(each));
    if (name === undefined || (each !== name && !isAbsolute(each)))
      throw new TareError(
        'E_USAGE',
        `TARE_RUNTIME ${JSON.stringify(each)} is not crun, runc, or an absolute path to one`,
      );
    const path = each === name ? findTool(name, env) : isExecutable(each) ? each : undefined;
    if (path === undefined) continue;
    const answer = await runTool(path, ['--version'], { timeoutMs: 5000, env: toolEnvironment(env) });
    const version = /version\s+(\S+)/.exec(answer.stdout)?.[1];
    if (answer.code === 0 && version !== undefined) return { name, path, version };
  }
  return {
    unavailable: `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} not installed`,
    cure: 'install one, e.g. `apt-get install crun`, `dnf install crun` or `apk add crun`',
  };
}

/** Tries for real what starting a container needs: a private mount namespace, as root or inside a user namespace. */
export async function inspectHost(env: NodeJS.ProcessEnv, wanted?: string): Promise<Host | Unavailable> {
  if (process.platform !== 'linux')
    return { unavailable: `containers cannot be run on ${process.platform}`, cure: 'run tare on Linux' };
  const runtime = await findRuntime(env, wanted);
  if ('unavailable' in runtime) return runtime;
  const [unshare, nsenter, sh] = ['unshare', 'nsenter', 'sh'].map((name) => findTool(name, env));
  if (unshare === undefined || nsenter === undefined || sh === undefined)
    return {
      unavailable: 'unshare or nsenter is not installed',
      cure: 'install it, e.g. `apt-get install util-linux`',
    };
  const privileges = await readPrivileges();
  const common = {
    runtime,
    tools: { unshare, nsenter, sh },
    hybridCgroups: await hasHybridCgroups(),
    env: toolEnvironment(env),
  };
  const failures: string[] = [];
  if (hasCapability(privileges.effective, 'CAP_SYS_ADMIN')) {
    const failure = await tryUnshare(unshare, rootFlags(), env);
    if (failure === undefined)
      return { ...common, rootless: false, ids: 'all', ...capabilitiesOf(privileges.bounding) };
    failures.push(failure);
  }
  for (const ids of ['range', 'single'] as const) {
    const failure = await tryUnshare(unshare, rootlessFlags(ids), env);
    // Inside a user namespace of its own every capability is there.
    if (failure === undefined) return { ...common, rootless: true, ids, ...capabilitiesOf(await namespaceBounding()) };
    failures.push(failure);
  }
  return {
    unavailable: `namespaces cannot be made: ${failures.at(-1) ?? ''}`,
    cure: 'run as root, or allow user namespaces: `tare doctor` names the setting',
  };
}

export const rootFlags = (): readonly string[] => ['--mount', '--propagation', 'private'];
const mapFlags = (ids: 'range' | 'single'): readonly string[] => [
  '--map-root-user',
  ...(ids === 'range' ? ['--map-auto'] : []),
];
const rootlessFlags = (ids: 'range' | 'single'): readonly string[] => ['--user', ...rootFlags(), ...mapFlags(ids)];

/** Flags of unshare(1) for a user namespace alone, in which files have the owners that the containers of this user give them. */
export function userNamespaceFlags(host: Pick<Host, 'ids'>): readonly string[] {
  return ['--user', ...mapFlags(host.ids === 'range' ? 'range' : 'single')];
}

/** Flags of unshare(1) that make the namespaces in which everything of one container happens. */
export function unshareFlags(host: Pick<Host, 'rootless' | 'ids'>): readonly string[] {
  return host.rootless ? rootlessFlags(host.ids === 'range' ? 'range' : 'single') : rootFlags();
}

/** Flags of nsenter(1) that lead back into them. Credentials are kept: a map of one id forbids setgroups(2). */
export function nsenterFlags(host: Pick<Host, 'rootless'>, pid: number, kind: 'mount' | 'net'): readonly string[] {
  return ['--target', String(pid), ...(host.rootless ? ['--user', '--preserve-credentials'] : []), `--${kind}`];
}

/** Makes the namespaces once. @returns why that fails, or undefined */
export async function unshareWorks(
  kind: Pick<Host, 'rootless' | 'ids'>,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const unshare = findTool('unshare', env);
  return unshare === undefined ? 'unshare is not installed' : tryUnshare(unshare, unshareFlags(kind), env);
}

async function tryUnshare(
  unshare: string,
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const answer = await runTool(unshare, [...flags, '--', 'true'], { timeoutMs: 5000, env: toolEnvironment(env) });
  return answer.code === 0 ? undefined : (answer.stderr.trim().split('\n')[0] ?? `exit code ${answer.code}`);
}

const capabilitiesOf = (bounding: bigint): Pick<Host, 'capabilities' | 'allCapabilities'> => ({
  capabilities: containerCapabilities(bounding),
  allCapabilities: allCapabilities(bounding),
});

/** Every capability that the kernel knows. */
async function namespaceBounding(): Promise<bigint> {
  const last = Number((await readFile('/proc/sys/kernel/cap_last_cap', 'utf8')).trim());
  return (1n << BigInt(last + 1)) - 1n;
}

async function hasHybridCgroups(): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return /^\S+ \/sys\/fs\/cgroup\/unified cgroup2 /m.test(mounts);
}
