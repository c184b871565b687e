import { describe, expect, it } from 'vitest';
import { queueOf } from '../../../src/systems/prove/queue.ts';

async function readAll<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a queue', () => {
  it('gives what was put in before anybody read, and after', async () => {
    const queue = queueOf<number>();
    queue.put(1);
    queue.put(2);
    const read = readAll(queue);
    await new Promise((resolve) => setImmediate(resolve));
    queue.put(3);
    await new Promise((resolve) => setImmediate(resolve));
    queue.put(4);
    queue.close();
    expect(await read).toEqual([1, 2, 3, 4]);
  });

  it('ends when it is closed, also with nothing in it', async () => {
    const [early, late] = [queueOf<number>(), queueOf<number>()];
    early.close();
    const read = readAll(late);
    await new Promise((resolve) => setImmediate(resolve));
    late.close();
    expect(await Promise.all([readAll(early), read])).toEqual([[], []]);
  });
});
