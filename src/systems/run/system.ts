import { setImmediate } from 'node:timers/promises';
import { mapLimit } from '../../base/concurrency.ts';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Project, Service } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import type { OutputChunk, Running, Sandbox, Switchboard, TraceSpec } from '../../sandbox/types.ts';
import type { Store } from '../../store/types.ts';
import { conditionMet, readiness, refuseVain, unmet, waitsInVain, type Verdict } from './conditions.ts';
import { healthPlan } from './health.ts';
import { lifeOf, type Life, type ReplicaState, type ReplicaStatus } from './life.ts';
import type { MountTools } from './mounts.ts';
import { namesOf, planSystem, type Replica } from './plan.ts';
import { publishPorts, type Publisher } from './publish.ts';
import { imageOf, starter, type Starter } from './starter.ts';
import { stopInOrder } from './stop-order.ts';
import { unpackedAtOnce, unpackOrder } from './unpack-order.ts';

export interface SystemOptions {
  readonly project: Project;
  /** By service. */
  readonly images: ReadonlyMap<string, Image>;
  readonly sandbox: Sandbox;
  readonly store: Store;
  /** Where volumes are, and what only this run has. */
  readonly folders: Pick<MountTools, 'scratch' | 'volumes'>;
  /** False: no port of this machine is taken but those of `reach`. Default true. */
  readonly publish?: boolean;
  readonly trace?: TraceSpec;
  readonly onOutput: (replica: Replica, chunk: OutputChunk) => void;
  readonly onStatus: (status: ReplicaStatus) => void;
  readonly ctx: Context;
}

export interface RunningSystem {
  status(): readonly ReplicaStatus[];
  readonly publisher: Publisher;
  readonly lives: readonly Life[];
  /** Resolves when every container has been started. @throws TareError E_SYSTEM when one will never be; what starting throws */
  begun(): Promise<void>;
  /** Resolves when every service runs, and is well if it is asked; tasks are done. @throws TareError as `begun`; E_SYSTEM */
  ready(): Promise<void>;
  /** Resolves when no container runs any more. @throws TareError E_SANDBOX when the networks are lost */
  readonly over: Promise<void>;
  connects(service: string, port: number): Promise<boolean>;
  /** The container of a replica, when it runs now. */
  running(service: string, number?: number): Running | undefined;
  /** Stops who needs others before those; then networks and ports are gone. Idempotent. */
  stop(graceMs?: number): Promise<void>;
}

/** States in which a replica has its names. */
const NAMED: ReadonlySet<ReplicaState> = new Set<ReplicaState>(['starting', 'running', 'stopping']);

/** Begins to start all services, each when what it depends on is as far as it needs. @throws TareError; nothing is left then */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const { ctx, images, project, sandbox } = options;
  refuseVain(project, askedIn(images));
  const plan = planSystem(project);
  const board = await sandbox.openSwitchboard();
  try {
    for (const bridge of plan.bridges) await board.addBridge(bridge);
    const publisher = await publishPorts(
      board,
      options.publish === false ? plan.replicas.map(unpublished) : plan.replicas,
    );
    for (const { address, container, host, number, service } of publisher.ports) {
      const name = number === undefined ? service : `${service}-${number}`;
      ctx.onEvent({ kind: 'published', name, container, address, host });
    }
    return run(options, plan.replicas, board, publisher);
  } catch (error) {
    await board.close();
    throw error;
  }
}

const askedIn =
  (images: ReadonlyMap<string, Image>) =>
  (service: Service): boolean =>
    healthPlan(service.healthcheck, imageOf(images, service)) !== undefined;

const down = (service: Service, why: string): TareError =>
  new TareError('E_SYSTEM', `${service.at}: ${service.name} does not come up: ${why}`);

const unpublished = (replica: Replica): Replica => ({ ...replica, service: { ...replica.service, ports: [] } });

function run(
  options: SystemOptions,
  replicas: readonly Replica[],
  board: Switchboard,
  publisher: Publisher,
): RunningSystem {
  const { images, project } = options;
  const asked = askedIn(images);
  const closing: (() => Promise<void>)[] = [];
  const waiters = new Set<() => void>();
  let fault: unknown;
  const starters = replicas.map((replica) => starter(options, replica, { board, closing, named: () => named }));
  const lives: readonly Life[] = replicas.map((replica, index) =>
    lifeOf({
      replica,
      health: healthPlan(replica.service.healthcheck, imageOf(images, replica.service)),
      watched: options.trace !== undefined,
      start: (signal) => (starters[index] as Starter).start(signal),
      onOutput: (chunk) => options.onOutput(replica, chunk),
      onChange: (status) => {
        options.onStatus(status);
        retarget();
        for (const wake of waiters) wake();
      },
    }),
  );
  let named: Promise<unknown> = Promise.resolve();
  const retarget = (): void => {
    const now = lives.filter((life) => life.running() !== undefined).map(({ replica }) => replica);
    // A program may ask for names, its own too, before anybody knows that it runs.
    const there = lives.filter((life) => NAMED.has(life.status().state)).map(({ replica }) => replica);
    // Once the switchboard is gone nobody needs to be told.
    named = board.setNames(namesOf(there)).catch(() => undefined);
    publisher.follow(now).catch(() => undefined);
  };
  const statusOf = (service: string): readonly ReplicaStatus[] =>
    lives.filter(({ replica }) => replica.service.name === service).map((life) => life.status());
  /** Waits until there is a verdict. @returns why it will never be so; undefined: it is */
  const until = async (judge: () => Verdict): Promise<string | undefined> => {
    for (;;) {
      if (fault !== undefined) throw fault;
      const verdict = judge();
      if (verdict === 'yes') return undefined;
      if (verdict !== 'not yet') return verdict.why;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiters.delete(wake);
          resolve();
        };
        waiters.add(wake);
      });
    }
  };
  let tellFailed: () => void = () => undefined;
  const failed = new Promise<void>((resolve) => (tellFailed = resolve));
  const fail = (error: unknown): void => {
    fault ??= error;
    tellFailed();
    for (const wake of waiters) wake();
  };
  let stopping: Promise<void> | undefined;
  const begin = async (life: Life): Promise<void> => {
    const { service } = life.replica;
    for (const dependency of service.dependsOn) {
      const other = project.services.find(({ name }) => name === dependency.service);
      if (other !== undefined && waitsInVain(dependency, other, asked)) continue;
      const why =
        other !== undefined
          ? await until(() => conditionMet(dependency.condition, statusOf(dependency.service)))
          : 'it is not among the services';
      if (why !== undefined && dependency.required) throw unmet(service, dependency, why);
    }
    if (stopping === undefined) await life.begin();
  };
  const begun = Promise.all(lives.map((life) => begin(life).catch(fail)));
  // While the first ones start, the roots of those that wait for them are made.
  const unpacked = mapLimit(unpackOrder(project.services, replicas), unpackedAtOnce(options.ctx), async (index) => {
    const { giveUp, unpack } = starters[index] as Starter;
    if (stopping === undefined) await unpack();
    else giveUp();
  });
  void board.lost.then(() => {
    if (stopping === undefined) fail(new TareError('E_SANDBOX', 'the process that joins the networks has ended'));
  });
  const stop = async (graceMs?: number): Promise<void> => {
    fail(new TareError('E_CANCELLED', 'the system is stopped'));
    await stopInOrder(project, lives, graceMs);
    await begun;
    await unpacked;
    try {
      for (const close of closing.splice(0).toReversed()) await close();
    } finally {
      await board.close();
    }
  };
  const over = Promise.race([
    Promise.all(lives.map((life) => life.over)).then(() => undefined),
    board.lost.then(() => {
      if (stopping === undefined) throw new TareError('E_SANDBOX', 'the process that joins the networks has ended');
    }),
  ]);
  over.catch(() => undefined);
  return {
    publisher,
    lives,
    over,
    status: () => lives.map((life) => life.status()),
    async begun() {
      await Promise.race([begun, failed]);
      if (fault !== undefined) throw fault;
    },
    async ready() {
      for (const service of project.services) {
        const why = await until(() => readiness(statusOf(service.name), asked(service)));
        if (why !== undefined) throw down(service, why);
      }
      // Who has died while the others were waited for is not there either.
      await setImmediate();
      for (const service of project.services) {
        const verdict = readiness(statusOf(service.name), asked(service));
        if (typeof verdict === 'object') throw down(service, verdict.why);
      }
    },
    async connects(service, port) {
      const life = lives.find(({ replica }) => replica.service.name === service && replica.links.length > 0);
      const address = life?.replica.links[0]?.address;
      return life?.running() === undefined || address === undefined ? false : board.connects({ address, port });
    },
    running: (service, number = 1) =>
      lives.find(({ replica }) => replica.service.name === service && replica.number === number)?.running(),
    stop: (graceMs) => (stopping ??= stop(graceMs)),
  };
}
