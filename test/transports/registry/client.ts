import { createContext } from '../../../src/base/context.ts';
import type { TareEvent } from '../../../src/base/events.ts';
import { collectBytes, type Bytes } from '../../../src/base/streams.ts';
import { openRegistry } from '../../../src/transports/registry/client.ts';
import type { RegistryClient, RegistryOptions } from '../../../src/transports/registry/types.ts';
import { tempDir } from '../../helpers/temp.ts';

/** Waits for nothing, and remembers what it would have waited for, in ms. */
export interface Waits {
  readonly slept: number[];
}

/** A client that knows nothing of this machine's settings. */
export async function testClient(
  host: string,
  options: Partial<RegistryOptions> = {},
): Promise<{
  readonly client: RegistryClient;
  readonly slept: readonly number[];
  readonly events: readonly TareEvent[];
}> {
  const slept: number[] = [];
  const events: TareEvent[] = [];
  const { pacing, ...rest } = options;
  const client = await openRegistry(host, {
    ctx: createContext({ onEvent: (event) => events.push(event) }),
    env: bareEnvironment(),
    pacing: {
      random: () => 1,
      sleep: (ms) => {
        slept.push(ms);
        return Promise.resolve();
      },
      ...pacing,
    },
    ...rest,
  });
  return { client, slept, events };
}

/** No home, no files, no proxy. */
export function bareEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  return { HOME: tempDir(), CONTAINERS_REGISTRIES_CONF: '/dev/null/none', PATH: process.env['PATH'], ...more };
}

export async function all(source: Bytes): Promise<Buffer> {
  return collectBytes(source, 1e9, 'test data');
}

export async function listed<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
