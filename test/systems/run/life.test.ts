import { describe, expect, it } from 'vitest';
import type { Exit, Observation, Running } from '../../../src/sandbox/types.ts';
import { lifeOf, type Life } from '../../../src/systems/run/life.ts';
import { until } from '../../helpers/leftovers.ts';
import { service } from '../export/example.ts';

/** A container that runs until it is told to end. */
interface Container {
  readonly running: Running;
  end(code: number): void;
}

function container(observation: Observation): Container {
  let end: (exit: Exit) => void = () => undefined;
  const ended = new Promise<Exit>((resolve) => (end = resolve));
  const running: Running = {
    ports: [],
    output: { [Symbol.asyncIterator]: () => ({ next: () => ended.then(() => ({ done: true, value: undefined })) }) },
    wait: () => ended,
    connects: () => Promise.resolve(false),
    exec: () => Promise.resolve({ exit: { code: 0 }, stdout: '', stderr: '' }),
    entry: () => undefined,
    resize: () => Promise.resolve(),
    stop: () => {
      end({ code: 143 });
      return ended;
    },
    mark: () => Promise.resolve(),
    progress: () => Promise.resolve(undefined),
    processorMs: () => 0,
    memoryBytes: () => 0,
    observation: () => Promise.resolve(observation),
  };
  return { running, end: (code) => end({ code }) };
}

const seen = (path: string, syscall: string): Observation => ({
  paths: [{ path, how: ['open'], phase: 'start', by: ['/bin/x'] }],
  ports: [],
  syscalls: [syscall],
});

/** A service that is started again and again; its containers in the order of their start. */
function living(watched: boolean): { readonly life: Life; readonly containers: readonly Container[] } {
  const containers: Container[] = [];
  const life = lifeOf({
    replica: { service: service('web', { restart: { policy: 'always' } }), number: 1, name: 'web-1', links: [] },
    health: undefined,
    watched,
    start: () => {
      const next = container(seen(`/only-${containers.length}`, `call${containers.length}`));
      containers.push(next);
      return Promise.resolve(next.running);
    },
    onOutput: () => undefined,
    onChange: () => undefined,
  });
  return { life, containers };
}

const runs = (life: Life, restarts: number): Promise<void> =>
  until(() => life.running() !== undefined && life.status().restarts === restarts);

describe('a service that is started again', () => {
  it('has asked for what all of its containers have', async () => {
    const { containers, life } = living(true);
    await life.begin();
    containers[0]?.end(0);
    await runs(life, 1);
    await life.stop(0);
    const observation = await life.observation();
    expect(observation?.paths.map(({ path }) => path)).toEqual(['/only-0', '/only-1']);
    expect(observation?.syscalls).toEqual(['call0', 'call1']);
  });

  it('is not asked what nobody watched', async () => {
    const { life } = living(false);
    await life.begin();
    await life.stop(0);
    expect(await life.observation()).toBeUndefined();
  });

  it('does not stay up until it has run for longer than the time before', async () => {
    const { containers, life } = living(false);
    expect(life.ended()).toBeUndefined();
    await life.begin();
    expect(life.ended()).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 300));
    containers[0]?.end(7);
    await until(() => life.status().state === 'restarting');
    expect(life.ended()).toEqual({ code: 7 });
    await runs(life, 1);
    await until(() => life.ended() === undefined);
    expect(life.running()).toBeDefined();
    await life.stop(0);
  });
});
