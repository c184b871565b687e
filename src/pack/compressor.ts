import { Worker } from 'node:worker_threads';
import { TareError } from '../base/error.ts';
import { workerUrl } from '../base/worker-url.ts';
import { openCodec } from './codec.ts';
import type { ChunkAnswer, ChunkJob } from './compress-worker.ts';
import type { Compression } from './compression.ts';

/** Memory for one chunk, and then for its compressed form. Shared, so that it goes to a thread and back without being copied or freed. */
export type Slot = Uint8Array<SharedArrayBuffer>;

export interface ChunkCompressor {
  /** How many chunks are worth having in flight. */
  readonly depth: number;
  /**
   * Compresses the first `length` bytes of the slot in place, and returns the part of the slot that is to be written. Calls may overlap.
   */
  compress(slot: Slot, length: number): Promise<Uint8Array>;
  /** Ends the threads, whatever they are doing. Idempotent. */
  close(): Promise<void>;
}

type Encoding = Exclude<Compression, { kind: 'none' }>;

/** Chunks as they are. */
export function passingCompressor(): ChunkCompressor {
  return {
    depth: 1,
    compress: (slot, length) => Promise.resolve(slot.subarray(0, length)),
    close: () => Promise.resolve(),
  };
}

/** In this thread: for layers so small that starting threads would take longer. @throws TareError E_TOOL_MISSING as openCodec */
export async function inlineCompressor(compression: Encoding): Promise<ChunkCompressor> {
  const codec = await openCodec(compression);
  return {
    depth: 1,
    compress: (slot, length) => Promise.resolve(slot.subarray(0, codec(slot, length))),
    close: () => Promise.resolve(),
  };
}

interface Pending {
  readonly resolve: (output: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly slot: Slot;
}

interface Lane {
  readonly worker: Worker;
  readonly jobs: Map<number, Pending>;
}

/** In up to `threads` worker threads, each of which starts when all others have work. @throws TareError E_TOOL_MISSING as openCodec */
export async function threadedCompressor(compression: Encoding, threads: number): Promise<ChunkCompressor> {
  // An error that crosses threads loses its class: what cannot be loaded is found out here.
  if (compression.kind === 'zstd') await openCodec(compression);
  let nextId = 0;
  let failure: Error | undefined;
  const lanes: Lane[] = [];
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { jobs } of lanes) {
      for (const pending of jobs.values()) pending.reject(failure);
      jobs.clear();
    }
  };
  const lane = (): Lane => {
    const idlest = lanes.length === 0 ? undefined : lanes.reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a));
    if (idlest !== undefined && (idlest.jobs.size === 0 || lanes.length === threads)) return idlest;
    const started = startLane(compression, fail);
    lanes.push(started);
    return started;
  };
  return {
    // Two for each thread, so that none waits for the next chunk while this thread reads files.
    depth: 2 * threads,
    compress: (slot, length) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const { jobs, worker } = lane();
        const job: ChunkJob = { id: nextId++, slot, length };
        jobs.set(job.id, { resolve, reject, slot });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
        worker.postMessage(job);
      }),
    close: async () => {
      fail(new TareError('E_CANCELLED', 'the compressor was closed'));
      await Promise.all(lanes.map((lane) => lane.worker.terminate()));
    },
  };
}

function startLane(compression: Encoding, fail: (error: Error) => void): Lane {
  const jobs = new Map<number, Pending>();
  const worker = new Worker(workerUrl(import.meta.url, './compress-worker'), {
    workerData: compression,
    execArgv: [],
    name: 'tare-compress',
  });
  worker.on('message', (answer: ChunkAnswer) => {
    const pending = jobs.get(answer.id);
    jobs.delete(answer.id);
    if ('error' in answer) pending?.reject(new TareError('E_INTERNAL', `cannot compress a chunk: ${answer.error}`));
    else pending?.resolve(pending.slot.subarray(0, answer.length));
  });
  worker.on('error', (cause: Error) => {
    fail(new TareError('E_INTERNAL', `a compression thread failed: ${cause.message}`, { cause }));
  });
  worker.on('exit', (code) => fail(new TareError('E_INTERNAL', `a compression thread ended with status ${code}`)));
  return { worker, jobs };
}
