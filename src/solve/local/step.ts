import { join } from 'node:path';
import { throwIfCancelled } from '../../base/context.ts';
import { TareError } from '../../base/error.ts';
import {
  mountTargets,
  type Exit,
  type Mount,
  type NetworkLease,
  type Networks,
  type OutputChunk,
  type RunSpec,
  type Sandbox,
} from '../../sandbox/index.ts';
import type { ExecMount, ExecVertex } from '../types.ts';
import { openMounts } from './mounts.ts';
import type { Snapshots } from './snapshots.ts';

export interface StepOptions {
  readonly vertex: ExecVertex;
  readonly sandbox: Sandbox;
  readonly snapshots: Snapshots;
  /** What the root is made of, lowest first; empty for `scratch`. */
  readonly lowers: readonly string[];
  /** The same of what a mount names in `from`. */
  readonly lowersOf: (mount: ExecMount) => readonly string[];
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Id → path of an agent's socket. */
  readonly ssh: ReadonlyMap<string, string>;
  /** Where the folders of cache mounts are: on the file system of the snapshots. */
  readonly caches: string;
  /** What `default` is. */
  readonly network: Networks | 'host' | 'none';
  /** `NAME=value` of this machine, unless the vertex has a value of its own. */
  readonly env?: readonly string[];
  /** Of this machine (certificates), beside the vertex's own. */
  readonly mounts?: readonly Mount[];
  readonly hostname?: string;
  /** Of this process: XDG_RUNTIME_DIR. */
  readonly processEnv: NodeJS.ProcessEnv;
  /** SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch?: number | undefined;
  readonly signal: AbortSignal;
  /** Is told everything as soon as it is there. */
  readonly onOutput: (chunk: OutputChunk) => void;
}

export interface StepResult {
  readonly exit: Exit;
  /** A folder of `Snapshots.scratch` with the changes in `upper`: to be adopted or discarded. What engines mount upon is not in it. */
  readonly changes: string;
  /** As given, but never empty: what `changes` lies on. */
  readonly lowers: readonly string[];
}

/**
 * Runs the process of a step. What it leaves in its root is kept, whatever its exit code; what it leaves in binds is lost, in caches stays. Its stdin is
 * closed, setuid programs work, root has the 14 capabilities of Docker. With one user id alone everything belongs to root, and changes of owner are pretended.
 * @throws TareError E_SECRET, E_PATH_NOT_FOUND (a source of a mount), E_ENTRYPOINT (the program is not there), E_USER, E_SANDBOX, E_LIMIT, E_CANCELLED. Nothing
 * is left then.
 */
export async function runStep(options: StepOptions): Promise<StepResult> {
  const { signal, snapshots, vertex } = options;
  throwIfCancelled(signal);
  const lowers = options.lowers.length === 0 ? [snapshots.empty] : options.lowers;
  const dir = snapshots.scratch();
  try {
    const opened = await openMounts({ ...options, mounts: vertex.mounts, scratch: dir, env: options.processEnv });
    try {
      const lease = await leaseFor(options);
      // With all capabilities a step can change its network, which then is no other's.
      const exit = await runIn(options, specOf({ ...options, ...lease }, { lowers, dir }, opened)).finally(() =>
        lease.release(!vertex.insecure),
      );
      throwIfCancelled(signal);
      const gone = [...opened.changes, join(dir, 'work')];
      await snapshots.work.run('remove', { paths: gone }, signal);
      return { exit, changes: dir, lowers };
    } finally {
      await opened.close();
    }
  } catch (error) {
    await snapshots.discard(dir);
    throw error;
  }
}

async function leaseFor({ network, vertex }: StepOptions): Promise<NetworkLease> {
  const wanted = vertex.network === 'default' ? network : vertex.network;
  return typeof wanted === 'string' ? { network: { kind: wanted }, release: () => undefined } : wanted.lease();
}

function specOf(
  options: Omit<StepOptions, 'network'> & Pick<NetworkLease, 'network'>,
  changes: NonNullable<RunSpec['changes']>,
  opened: { readonly mounts: readonly Mount[]; readonly env: readonly string[] },
): RunSpec {
  const { env = [], hostname, mounts = [], network, vertex } = options;
  return {
    rootfs: '',
    changes,
    args: vertex.argv,
    env: [...vertex.env, ...vertex.silentEnv, ...without(env, vertex.env), ...opened.env],
    cwd: vertex.cwd,
    user: vertex.user,
    readOnly: false,
    network,
    mounts: [...mounts, ...opened.mounts],
    stdio: 'pipe',
    hosts: vertex.hosts,
    noNewPrivileges: false,
    privileged: vertex.insecure,
    ...(hostname === undefined ? {} : { hostname }),
  };
}

function without(env: readonly string[], known: readonly string[]): readonly string[] {
  const nameOf = (item: string): string => item.slice(0, item.indexOf('='));
  const names = new Set(known.map(nameOf));
  return env.filter((item) => !names.has(nameOf(item)));
}

async function runIn({ epoch, onOutput, sandbox, signal, snapshots }: StepOptions, spec: RunSpec): Promise<Exit> {
  const { changes } = spec;
  if (changes === undefined) throw new TareError('E_INTERNAL', 'a step without a place for its changes');
  const { work } = snapshots;
  const stubs = await work.run(
    'prepare',
    { ...changes, targets: mountTargets(spec), ...(epoch === undefined ? {} : { youngest: epoch }) },
    signal,
  );
  const running = await sandbox.start(spec, signal);
  const stop = (): void => void running.stop(0).catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    for await (const chunk of running.output) onOutput(chunk);
    const exit = await running.wait();
    if (!signal.aborted) await work.run('finish', { dir: changes.dir, stubs }, signal);
    return exit;
  } finally {
    signal.removeEventListener('abort', stop);
    await running.stop(0);
  }
}
