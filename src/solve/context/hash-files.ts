import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { throwIfCancelled } from '../../base/context.ts';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { TreePath } from '../../base/path.ts';
import { receivedError } from '../../base/thread-error.ts';
import { workerUrl } from '../../base/worker-url.ts';
import { hashLot, SCRATCH_BYTES, type HashedLot } from './hash-file.ts';
import type { HashAnswer, HashPlace } from './hash-worker.ts';
import { identitiesOf } from './identities.ts';

/** Less is read before threads have started. */
const MIN_THREAD_FILES = 500;
const MIN_THREAD_BYTES = 16 * 1024 * 1024; // 16 MiB
/** More would wait for the same disk. */
const MAX_THREADS = 4;
const LOT_FILES = 250;
const LOT_BYTES = 8 * 1024 * 1024; // 8 MiB
/** How many lots a thread is given at a time, lest it wait for this one. */
const LOTS_AHEAD = 3;

export interface HashRequest {
  readonly dir: string;
  readonly files: readonly { readonly path: TreePath; readonly size: number }[];
  readonly ctx: Context;
  /** In any order. */
  readonly onLot: (paths: readonly TreePath[], lot: HashedLot) => void;
}

/**
 * Hashes files, in threads when they are many.
 * @throws TareError E_CHANGED, E_PERMISSION, E_IO, E_CANCELLED, and what `onLot` throws
 */
export async function hashFiles({ ctx, dir, files, onLot }: HashRequest): Promise<void> {
  const lots = lotsOf(files);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length < MIN_THREAD_FILES && bytes < MIN_THREAD_BYTES) {
    const scratch = new Uint8Array(SCRATCH_BYTES);
    for (const lot of lots) {
      throwIfCancelled(ctx.signal);
      onLot(lot, hashLot(dir, lot, scratch));
      await setImmediate();
    }
    return;
  }
  throwIfCancelled(ctx.signal);
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  ctx.signal.addEventListener('abort', cancel, { once: true });
  const todo = lots.reverse();
  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    try {
      await runThread({ dir, todo, onLot, stop: stop.signal });
    } catch (error) {
      failure ??= { error };
      stop.abort();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(MAX_THREADS, ctx.concurrency, lots.length) }, run));
  } finally {
    ctx.signal.removeEventListener('abort', cancel);
  }
  if (failure !== undefined) throw failure.error;
}

function lotsOf(files: HashRequest['files']): TreePath[][] {
  const lots: TreePath[][] = [];
  let [lot, bytes]: [TreePath[], number] = [[], 0];
  for (const { path, size } of files) {
    if (lot.length === LOT_FILES || (lot.length > 0 && bytes + size > LOT_BYTES)) {
      lots.push(lot);
      [lot, bytes] = [[], 0];
    }
    lot.push(path);
    bytes += size;
  }
  if (lot.length > 0) lots.push(lot);
  return lots;
}

interface ThreadOptions {
  readonly dir: string;
  /** Each thread takes from its end what it does next. */
  readonly todo: TreePath[][];
  readonly onLot: HashRequest['onLot'];
  readonly stop: AbortSignal;
}

async function runThread({ dir, onLot, stop, todo }: ThreadOptions): Promise<void> {
  const worker = new Worker(workerUrl(import.meta.url, './hash-worker'), {
    workerData: { dir } satisfies HashPlace,
    execArgv: [],
    name: 'tare-hash',
  });
  const sent: TreePath[][] = [];
  const send = (): void => {
    const lot = todo.pop();
    if (lot === undefined) return;
    sent.push(lot);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    worker.postMessage(lot);
  };
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (answer: HashAnswer) => {
      const paths = sent.shift() ?? [];
      try {
        if ('error' in answer) throw receivedError(answer.error);
        const { digests, openedMs, rows } = answer;
        onLot(paths, { digests, identities: identitiesOf(rows), openedMs });
        send();
        if (sent.length === 0) resolve();
      } catch (error) {
        reject(error);
      }
    });
    worker.on('error', (cause: Error) =>
      reject(new TareError('E_INTERNAL', `a hashing thread failed: ${cause.message}`, { cause })),
    );
    worker.on('exit', () => reject(new TareError('E_CANCELLED', 'interrupted')));
    stop.addEventListener('abort', () => void worker.terminate(), { once: true });
    if (stop.aborted) reject(new TareError('E_CANCELLED', 'interrupted'));
    for (let ahead = 0; ahead < LOTS_AHEAD; ahead++) send();
    if (sent.length === 0) resolve();
  });
  try {
    await ended;
  } finally {
    await worker.terminate();
  }
}
