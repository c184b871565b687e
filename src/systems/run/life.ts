import { setTimeout as sleep } from 'node:timers/promises';
import { isTareError } from '../../base/error.ts';
import type { Restart } from '../../formats/compose/types.ts';
import type { Exit, Observation, OutputChunk, Running } from '../../sandbox/types.ts';
import { mergeObservations } from '../../verify/merge-observations.ts';
import { watchHealth, type Health, type HealthPlan } from './health.ts';
import type { Replica } from './plan.ts';

/** `waiting`: for those that it depends on. */
export type ReplicaState = 'waiting' | 'starting' | 'running' | 'restarting' | 'stopping' | 'exited';

export interface ReplicaStatus {
  readonly service: string;
  readonly name: string;
  readonly number: number;
  readonly state: ReplicaState;
  /** Of a container that is asked whether it is well. */
  readonly health?: Health;
  /** Of the last container that ended. */
  readonly exit?: Exit;
  readonly restarts: number;
  /** Why it did not start, or what its health check said last. */
  readonly said?: string;
}

export interface LifeOptions {
  readonly replica: Replica;
  readonly health: HealthPlan | undefined;
  /** Its containers are traced. */
  readonly watched: boolean;
  /** Starts one container. */
  readonly start: (signal: AbortSignal) => Promise<Running>;
  readonly onOutput: (chunk: OutputChunk) => void;
  readonly onChange: (status: ReplicaStatus) => void;
}

/** The containers of one replica, one after the other, until it is stopped or has ended for good. */
export interface Life {
  readonly replica: Replica;
  status(): ReplicaStatus;
  /** The container that runs now. */
  running(): Running | undefined;
  /** How its last container ended by itself; undefined once the one after it has run for longer, and nobody knows that it will end too. */
  ended(): Exit | undefined;
  /** Resolves when the first container runs or has run. @throws what starting throws */
  begin(): Promise<void>;
  /** Stop signal, then SIGKILL after `graceMs`. Never rejects because of the container. Idempotent. */
  stop(graceMs: number): Promise<void>;
  /** Resolves when no container of it will run any more. */
  readonly over: Promise<void>;
  /** Of all its containers together, once they have ended; undefined when none was traced. */
  observation(): Promise<Observation | undefined>;
}

/** Of what a container printed that has failed. */
const MAX_WORDS_BYTES = 1000;
const LAST_LINES = 5;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 60_000;
/** Who has run for so long starts at once again. In milliseconds. */
const STEADY_MS = 10_000;

export function lifeOf({ health: plan, onChange, onOutput, replica, start, watched }: LifeOptions): Life {
  const stopping = new AbortController();
  let status: ReplicaStatus = {
    service: replica.service.name,
    name: replica.name,
    number: replica.number,
    state: 'waiting',
    restarts: 0,
  };
  let current: Running | undefined;
  /** Those that were traced: what only the first of them asked for, the image needs too. */
  const traced: Running[] = [];
  /** When the last container began, and how long the one before it ran. In milliseconds. */
  const times = { began: 0, before: 0 };
  let finish: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (finish = resolve));
  const become = (change: Partial<ReplicaStatus>): void => onChange((status = { ...status, ...change }));
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    await sleep(ms, undefined, { signal }).catch(ignoreAbort);
  };
  /** One container from its start to its end. */
  const run = async (running: Running): Promise<{ readonly exit: Exit; readonly said: string }> => {
    current = running;
    if (watched) traced.push(running);
    times.began = performance.now();
    // It was there before anybody could be told not to start it.
    if (stopping.signal.aborted) await running.stop(0).catch(() => undefined);
    const words = lastWords();
    become({ state: 'running', ...(plan === undefined ? {} : { health: 'starting' }) });
    const asking = new AbortController();
    const asked =
      plan === undefined
        ? undefined
        : watchHealth({
            plan,
            running,
            signal: asking.signal,
            sleep: (ms) => pause(ms, asking.signal),
            onChange: (health, said) => {
              const { said: _, ...rest } = status;
              status = rest;
              become({ health, ...(said === '' ? {} : { said }) });
            },
          });
    try {
      for await (const chunk of running.output) {
        words.add(chunk.bytes);
        onOutput(chunk);
      }
      return { exit: await running.wait(), said: words.text() };
    } finally {
      current = undefined;
      times.before = performance.now() - times.began;
      asking.abort();
      await asked;
    }
  };
  /** Once a container runs, the signal that interrupts its start would end it without any grace. */
  const begun = async (): Promise<Running> => {
    const starting = new AbortController();
    const interrupt = (): void => starting.abort();
    stopping.signal.addEventListener('abort', interrupt, { once: true });
    if (stopping.signal.aborted) interrupt();
    try {
      return await start(starting.signal);
    } finally {
      stopping.signal.removeEventListener('abort', interrupt);
    }
  };
  /** @returns whether it was not to start */
  const notStarted = (error: unknown): boolean => {
    const isWanted = stopping.signal.aborted && isTareError(error, 'E_CANCELLED');
    become({ state: 'exited', ...(isWanted ? {} : { said: error instanceof Error ? error.message : '' }) });
    return isWanted;
  };
  const live = async (first: Running): Promise<void> => {
    let running = first;
    for (let wait = FIRST_PAUSE_MS; ;) {
      const { exit, said } = await run(running);
      const { health: _, said: __, ...rest } = status;
      status = exit.code === 0 || said === '' ? rest : { ...rest, said };
      if (stopping.signal.aborted || !restarts(replica.service.restart, exit, status.restarts))
        return become({ state: 'exited', exit });
      if (times.before > STEADY_MS) wait = FIRST_PAUSE_MS;
      become({ state: 'restarting', exit, restarts: status.restarts + 1 });
      await pause(wait, stopping.signal);
      wait = Math.min(wait * 2, MAX_PAUSE_MS);
      if (stopping.signal.aborted) return become({ state: 'exited' });
      become({ state: 'starting' });
      running = await begun();
    }
  };
  return {
    replica,
    over,
    status: () => status,
    running: () => current,
    ended() {
      const isSteady = current !== undefined && performance.now() - times.began > times.before;
      return isSteady ? undefined : status.exit;
    },
    async begin() {
      if (stopping.signal.aborted) return;
      become({ state: 'starting' });
      let running: Running;
      try {
        running = await begun();
      } catch (error) {
        const isWanted = notStarted(error);
        finish();
        if (isWanted) return;
        throw error;
      }
      void live(running).catch(notStarted).finally(finish);
    },
    async stop(graceMs) {
      stopping.abort();
      if (status.state === 'waiting') {
        become({ state: 'exited' });
        finish();
      }
      const running = current;
      if (running !== undefined) {
        become({ state: 'stopping' });
        // Whatever fails there, `live` tells.
        await running.stop(graceMs).catch(() => undefined);
      }
      if (status.state !== 'exited') await over;
    },
    async observation() {
      const seen = await Promise.all(traced.map((running) => running.observation()));
      return seen.length === 0 ? undefined : mergeObservations(seen);
    },
  };
}

/** The end of what a container has printed, for an error. */
function lastWords(): { add(bytes: Uint8Array): void; text(): string } {
  let kept = Buffer.alloc(0);
  return {
    add: (bytes) => {
      kept = Buffer.concat([kept, bytes]).subarray(-MAX_WORDS_BYTES);
    },
    text: () => kept.toString('utf8').trim().split('\n').slice(-LAST_LINES).join('\n'),
  };
}

function restarts(restart: Restart, exit: Exit, done: number): boolean {
  switch (restart.policy) {
    case 'no':
      return false;
    case 'on-failure':
      return exit.code !== 0 && (restart.retries === undefined || done < restart.retries);
    default:
      return true;
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
