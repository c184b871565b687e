import { parentPort, workerData } from 'node:worker_threads';
import { openCodec } from './codec.ts';
import type { Compression } from './compression.ts';

/** To the worker, which owns the slot until it answers: the chunk is the first `length` bytes. */
export interface ChunkJob {
  readonly id: number;
  readonly slot: Uint8Array<SharedArrayBuffer>;
  readonly length: number;
}

/** From the worker: the compressed chunk is now the first `length` bytes of the slot. */
export type ChunkAnswer =
  | { readonly id: number; readonly length: number }
  | { readonly id: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const codec = openCodec(workerData as Exclude<Compression, { kind: 'none' }>);

port.on('message', (job: ChunkJob) => {
  void answer(job).then((result) => port.postMessage(result));
});

async function answer({ id, length, slot }: ChunkJob): Promise<ChunkAnswer> {
  try {
    return { id, length: (await codec)(slot, length) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
