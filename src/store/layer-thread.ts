import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { receivedError } from '../base/thread-error.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { Descriptor } from '../oci/types.ts';
import type { LayerAnswer, LayerJob } from './layer-worker.ts';

/** Smaller blobs are read before a thread has started. */
export const MIN_THREAD_BYTES = 4 * 1024 * 1024; // 4 MiB
const SLOTS = 4;
const SLOT_BYTES = 1024 * 1024; // 1 MiB

/**
 * As `tarOfLayer`, in a thread of its own: a layer is hashed three times (blob, tar, each file), and decompressing leaves heaps of garbage, whose
 * collection takes the longer the more a thread has in memory. Here is left what needs the members.
 * @throws TareError as `tarOfLayer`, and what reading the file throws
 */
export async function* tarInThread(
  file: string,
  layer: Descriptor,
  diffId: Digest,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (signal !== undefined) throwIfCancelled(signal);
  const slots = Array.from({ length: SLOTS }, () => new Uint8Array(new SharedArrayBuffer(SLOT_BYTES)));
  const worker = new Worker(workerUrl(import.meta.url, './layer-worker'), {
    workerData: { file, layer, diffId, slots } satisfies LayerJob,
    execArgv: [],
    name: 'tare-layer',
  });
  try {
    const messages = on(worker, 'message', { close: ['exit'], ...(signal === undefined ? {} : { signal }) });
    for await (const [answer] of messages as AsyncIterable<[LayerAnswer]>) {
      if ('error' in answer) throw receivedError(answer.error);
      if ('done' in answer) return;
      yield (slots[answer.slot] as Uint8Array).subarray(0, answer.length);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
      worker.postMessage(answer.slot);
    }
  } catch (error) {
    if (signal !== undefined) throwIfCancelled(signal);
    throw error;
  } finally {
    await worker.terminate();
  }
  throw new TareError('E_INTERNAL', `the thread that reads the layer ${layer.digest} ended too early`);
}
