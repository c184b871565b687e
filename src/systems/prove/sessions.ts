import { throwIfCancelled } from '../../base/context.ts';
import { aborted, withDeadline } from '../../base/deadline.ts';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { bodyRoom } from '../../sandbox/probes/body-answer.ts';
import type { Exit, OutputChunk, PortMapping, Progress, Running } from '../../sandbox/types.ts';
import { calm } from '../../verify/calm.ts';
import { listenForComplaints } from '../../verify/compare-complaints.ts';
import type { Session } from '../../verify/session.ts';
import { transcribe, type Transcript } from '../../verify/transcript.ts';
import type { Unasked } from '../../verify/unasked.ts';
import type { RunningSystem } from '../run/system.ts';
import { queueOf, type Queue } from './queue.ts';

/** What one service prints, for those who ask it and those who look for complaints. */
export interface Ear {
  readonly output: Queue<OutputChunk>;
  readonly transcript: Transcript;
  complaints(): readonly string[];
}

export function earOf(onText: (text: string, stream: OutputChunk['stream']) => void): Ear {
  const output = queueOf<OutputChunk>();
  const listener = listenForComplaints();
  const transcript = transcribe(output, (stream, text) => {
    listener.onEvent({ kind: 'container.output', stream, text });
    onText(text, stream);
  });
  return { output, transcript, complaints: () => listener.complaints() };
}

export interface Sessions {
  /** All containers together, as one program that nobody asks. */
  readonly all: Unasked;
  /** Of the first container of a service. Its ports lead there from this machine. */
  of(service: string, ports: readonly number[]): Promise<Session>;
  /** Begins a phase in all containers at once, as soon as none of them does anything that belongs to the one before. */
  mark(phase: string): Promise<void>;
  elapsed(): number;
}

/** What a phase of a whole system is, when any of its containers may be doing something for the one that is asked. */
export function sessionsOf(
  system: RunningSystem,
  options: {
    readonly ears: ReadonlyMap<string, Ear>;
    readonly watched: boolean;
    readonly begin: number;
    readonly ctx: Context;
  },
): Sessions {
  const { begin, ctx, ears, watched } = options;
  const room = bodyRoom();
  const running = (): readonly Running[] => system.lives.flatMap((life) => life.running() ?? []);
  const elapsed = (): number => Math.round(performance.now() - begin);
  const pause = async (ms: number): Promise<void> => {
    await withDeadline(ctx.signal, ms, (limit) => Promise.race([system.over, aborted(limit)]));
    throwIfCancelled(ctx.signal);
  };
  const progress = async (): Promise<Progress | undefined> => {
    const all = (await Promise.all(running().map((each) => each.progress()))).flatMap((each) => each ?? []);
    if (all.length === 0) return undefined;
    return {
      paths: all.reduce((sum, each) => sum + each.paths, 0),
      quietMs: Math.min(...all.map((each) => each.quietMs)),
    };
  };
  const isOver = (): boolean => running().length === 0;
  const { idleMs, reached } = calm({ progress, pause, over: isOver });
  let current: string | undefined;
  const mark = async (phase: string): Promise<void> => {
    if (!watched || phase === current) return;
    await reached();
    current = phase;
    await Promise.all(running().map((each) => each.mark(phase)));
  };
  return {
    all: {
      running: { progress, processorMs: () => running().reduce((sum, each) => sum + each.processorMs(), 0) },
      exit: () => (isOver() ? { code: 0 } : undefined),
      elapsed,
      pause,
    },
    mark,
    elapsed,
    async of(service, wanted) {
      const ear = ears.get(service);
      const life = system.lives.find(({ replica }) => replica.service.name === service);
      if (ear === undefined || life === undefined)
        throw new TareError('E_COMPOSE', `${service} is to be asked, and there is no container of it`, {
          hint: 'ask a service that both systems have, and give it at least one replica',
        });
      const ports: PortMapping[] = [];
      for (const port of wanted) {
        const { address, host } = await system.publisher.reach(service, port);
        ports.push({ container: port, address, host });
      }
      const exit = (): Exit | undefined => {
        const status = life.status();
        return status.state === 'exited' ? (status.exit ?? { code: 1 }) : undefined;
      };
      return {
        running: facing(system, service, ports),
        transcript: ear.transcript,
        room,
        ctx,
        elapsed,
        exit,
        ended: life.over,
        mark,
        idleMs,
        pause,
        apart: () => Promise.reject(new TareError('E_ENTRYPOINT', `${service} has ended`)),
        close: () => Promise.resolve(undefined),
      };
    },
  };
}

/** The container of a service that runs now, reached over the networks of its system and not over its own loopback. */
function facing(system: RunningSystem, service: string, ports: readonly PortMapping[]): Running {
  const now = (): Running | undefined => system.running(service);
  const gone = { exit: { code: 137, signal: 'SIGKILL' }, stdout: '', stderr: `${service} does not run` };
  return {
    ports,
    output: { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }) },
    wait: async () => (await now()?.wait()) ?? { code: 1 },
    connects: (port) => system.connects(service, port),
    exec: async (argv, signal) => (await now()?.exec(argv, signal)) ?? gone,
    entry: () => now()?.entry(),
    resize: () => Promise.resolve(),
    stop: () => Promise.resolve({ code: 0 }),
    mark: () => Promise.resolve(),
    progress: async () => now()?.progress(),
    processorMs: () => now()?.processorMs() ?? 0,
    memoryBytes: () => now()?.memoryBytes() ?? 0,
    observation: async () => {
      const running = now();
      if (running === undefined) throw new TareError('E_SANDBOX', `${service} does not run`);
      return running.observation();
    },
  };
}
