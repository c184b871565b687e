import { Worker } from 'node:worker_threads';
import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { receivedError } from '../base/thread-error.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { ContentRef, Entry } from '../tree/types.ts';
import type { FileJob, UnpackAnswer, UnpackJob } from './unpack-worker.ts';
import { timeOf, unpackError, type Target } from './unpack-target.ts';

/** Fewer files are written before threads have started. */
const MIN_FILES = 1500;
/** The kernel does most of the work; more would wait for the same disk. */
const MAX_THREADS = 2;
/** What making a file costs, as bytes that could be written meanwhile. */
const FILE_COST_BYTES = 32 * 1024;

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
  const lots = divided(mine, Math.min(MAX_THREADS, target.ctx.concurrency));
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  target.ctx.signal.addEventListener('abort', cancel, { once: true });
  try {
    throwIfCancelled(target.ctx.signal);
    let failure: { readonly error: unknown } | undefined;
    const run = async (lot: readonly Entry[]): Promise<void> => {
      const job: UnpackJob = { dir: target.dir, tars, files: lot.map((entry) => jobOf(target, entry, diffIds)) };
      try {
        await runThread({ target, job, lot, onDone, stop: stop.signal });
      } catch (error) {
        failure ??= { error };
        stop.abort();
      }
    };
    // All of them: before what was written is removed nobody may write any more.
    await Promise.all(lots.map(run));
    if (failure !== undefined) throw failure.error;
  } finally {
    target.ctx.signal.removeEventListener('abort', cancel);
  }
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

/** In about equal parts of neighbours: two threads hardly ever add to the same folder, of which only one at a time may. */
function divided(files: readonly Entry[], parts: number): Entry[][] {
  const cost = (entry: Entry): number => entry.size + FILE_COST_BYTES;
  const share = files.reduce((sum, entry) => sum + cost(entry), 0) / parts;
  const lots: Entry[][] = Array.from({ length: parts }, () => []);
  let sum = 0;
  for (const entry of files) {
    lots[Math.min(parts - 1, Math.floor(sum / share))]?.push(entry);
    sum += cost(entry);
  }
  return lots.filter((lot) => lot.length > 0);
}

interface ThreadOptions {
  readonly target: Target;
  readonly job: UnpackJob;
  readonly lot: readonly Entry[];
  readonly onDone: (files: number) => void;
  readonly stop: AbortSignal;
}

async function runThread({ job, lot, onDone, stop, target }: ThreadOptions): Promise<void> {
  const worker = new Worker(workerUrl(import.meta.url, './unpack-worker'), {
    workerData: job,
    execArgv: [],
    name: 'tare-unpack',
  });
  let done = 0;
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (answer: UnpackAnswer) => {
      if ('error' in answer) {
        const entry = lot[answer.at] as Entry;
        reject(unpackError(target, entry, receivedError(answer.error)));
        return;
      }
      onDone(answer.done - done);
      done = answer.done;
    });
    worker.on('error', (cause: Error) =>
      reject(new TareError('E_INTERNAL', `an unpacking thread failed: ${cause.message}`, { cause })),
    );
    worker.on('exit', () => {
      if (done === lot.length) resolve();
      else reject(new TareError('E_CANCELLED', 'interrupted'));
    });
    stop.addEventListener('abort', () => void worker.terminate(), { once: true });
  });
  try {
    await ended;
  } finally {
    await worker.terminate();
  }
}
