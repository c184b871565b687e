import { createReadStream } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Digest } from '../base/digest.ts';
import { fromErrno } from '../base/error.ts';
import { sentError, type SentError } from '../base/thread-error.ts';
import type { Descriptor } from '../oci/types.ts';
import { tarOfLayer } from './layer-scan.ts';

export interface LayerJob {
  readonly file: string;
  readonly layer: Descriptor;
  readonly diffId: Digest;
  /** Memory that goes to and fro: the worker owns a slot from the moment that its number is sent to it (at first, all). */
  readonly slots: readonly Uint8Array<SharedArrayBuffer>[];
}

/** From the worker: so many bytes of the tar are in a slot; all of it was sent, and found right; or what was wrong. */
export type LayerAnswer =
  | { readonly slot: number; readonly length: number }
  | { readonly done: true }
  | { readonly error: SentError };

const READ_BYTES = 256 * 1024; // 256 KiB

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const job = workerData as LayerJob;
const free = job.slots.map((_, number) => number);
let wake = (): void => undefined;
port.on('message', (slot: number) => {
  free.push(slot);
  wake();
});

async function freeSlot(): Promise<number> {
  for (;;) {
    const slot = free.shift();
    if (slot !== undefined) return slot;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

async function run(send: (answer: LayerAnswer) => void): Promise<void> {
  let slot: number | undefined;
  let length = 0;
  for await (const chunk of tarOfLayer(blob(job.file), job.layer, job.diffId)) {
    for (let done = 0; done < chunk.length;) {
      slot ??= await freeSlot();
      const room = job.slots[slot] as Uint8Array;
      const count = Math.min(chunk.length - done, room.length - length);
      room.set(chunk.subarray(done, done + count), length);
      done += count;
      length += count;
      if (length < room.length) continue;
      send({ slot, length });
      slot = undefined;
      length = 0;
    }
  }
  if (slot !== undefined) send({ slot, length });
  send({ done: true });
}

async function* blob(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fromErrno(error, `cannot read ${file}`);
  }
}

run((answer) => port.postMessage(answer)).then(
  () => port.close(),
  (error: unknown) => {
    port.postMessage({ error: sentError(error) } satisfies LayerAnswer);
    port.close();
  },
);
