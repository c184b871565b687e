import { Worker } from 'node:worker_threads';
import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { receivedError } from '../base/thread-error.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { ContentRef, Entry } from '../tree/types.ts';
import type { FileJob, UnpackAnswer, UnpackPlace } from './unpack-worker.ts';
import { timeOf, unpackError, type Target } from './unpack-target.ts';

/** Fewer files are written before threads have started. */
const MIN_FILES = 1500;
/** The kernel does most of the work; more would wait for the same disk. */
const MAX_THREADS = 2;
/** Files that are handed to a thread at a time, and how often ahead, lest it wait for this one. */
const LOT_FILES = 200;
const LOTS_AHEAD = 8;

type LayerRef = ContentRef & { readonly in: 'layer' };

/**
 * Makes those files whose content stands in one piece in an unpacked layer, in threads of their own: it is system calls throughout, and this
 * thread has better things to do, such as finding out which of the files are needed.
 * @returns the others, in the given order
 */
export async function writeFromTars(
  target: Target,
  files: readonly Entry[],
  onDone: (files: number) => void,
): Promise<readonly Entry[]> {
  const { layerTar } = target;
  if (layerTar === undefined || files.length < MIN_FILES) return files;
  const inTar = (entry: Entry): boolean => entry.content?.in === 'layer' && entry.content.sparse === undefined;
  const mine = files.filter(inTar);
  const diffIds = [...new Set(mine.map((entry) => (entry.content as LayerRef).diffId))];
  const tars: string[] = [];
  for (const diffId of diffIds) tars.push(await layerTar(diffId));
  throwIfCancelled(target.ctx.signal);
  const lots: Entry[][] = [];
  for (let at = 0; at < mine.length; at += LOT_FILES) lots.push(mine.slice(at, at + LOT_FILES));
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  target.ctx.signal.addEventListener('abort', cancel, { once: true });
  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    try {
      await runThread({ target, diffIds, tars, lots, onDone, stop: stop.signal });
    } catch (error) {
      failure ??= { error };
      stop.abort();
    }
  };
  try {
    // All of them: before what was written is removed nobody may write any more.
    await Promise.all(Array.from({ length: Math.min(MAX_THREADS, target.ctx.concurrency) }, run));
  } finally {
    target.ctx.signal.removeEventListener('abort', cancel);
  }
  if (failure !== undefined) throw failure.error;
  return files.filter((entry) => !inTar(entry));
}

function jobOf(target: Target, entry: Entry, diffIds: readonly Digest[]): FileJob {
  const { diffId, offset, size } = entry.content as LayerRef;
  if (size !== entry.size) throw new Error(`${entry.path} is not in one piece`);
  return {
    path: entry.path,
    mode: entry.mode,
    mtime: timeOf(entry),
    tar: diffIds.indexOf(diffId),
    offset,
    size,
    ...(target.owners === 'keep' ? { owner: [entry.uid, entry.gid] } : {}),
    ...(entry.sha256 === undefined ? {} : { sha256: entry.sha256 }),
  };
}

interface ThreadOptions {
  readonly target: Target;
  readonly diffIds: readonly Digest[];
  readonly tars: readonly string[];
  /** Each thread takes from it what it does next. */
  readonly lots: Entry[][];
  readonly onDone: (files: number) => void;
  readonly stop: AbortSignal;
}

async function runThread({ diffIds, lots, onDone, stop, tars, target }: ThreadOptions): Promise<void> {
  const worker = new Worker(workerUrl(import.meta.url, './unpack-worker'), {
    workerData: { dir: target.dir, tars } satisfies UnpackPlace,
    execArgv: [],
    name: 'tare-unpack',
  });
  const sent: Entry[][] = [];
  const send = (): void => {
    const lot = lots.shift();
    if (lot === undefined) return;
    sent.push(lot);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    worker.postMessage(lot.map((entry) => jobOf(target, entry, diffIds)));
  };
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (answer: UnpackAnswer) => {
      const lot = sent.shift() ?? [];
      if (answer !== 'done') {
        reject(unpackError(target, lot[answer.at] as Entry, receivedError(answer.error)));
        return;
      }
      onDone(lot.length);
      send();
      if (sent.length === 0) resolve();
    });
    worker.on('error', (cause: Error) =>
      reject(new TareError('E_INTERNAL', `an unpacking thread failed: ${cause.message}`, { cause })),
    );
    worker.on('exit', () => reject(new TareError('E_CANCELLED', 'interrupted')));
    stop.addEventListener('abort', () => void worker.terminate(), { once: true });
    for (let ahead = 0; ahead < LOTS_AHEAD; ahead++) send();
    if (sent.length === 0) resolve();
  });
  try {
    await ended;
  } finally {
    await worker.terminate();
  }
}
