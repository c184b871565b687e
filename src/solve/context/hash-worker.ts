import { parentPort, workerData } from 'node:worker_threads';
import type { TreePath } from '../../base/path.ts';
import { sentError, type SentError } from '../../base/thread-error.ts';
import { hashLot, SCRATCH_BYTES } from './hash-file.ts';

/** To each message, which is a lot of paths. */
export type HashAnswer =
  | { readonly digests: Uint8Array; readonly rows: BigInt64Array; readonly openedMs: number }
  | { readonly error: SentError };

export interface HashPlace {
  readonly dir: string;
}

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const { dir } = workerData as HashPlace;
const scratch = new Uint8Array(SCRATCH_BYTES);

port.on('message', (paths: readonly TreePath[]) => port.postMessage(answerTo(paths)));

function answerTo(paths: readonly TreePath[]): HashAnswer {
  try {
    const { digests, identities, openedMs } = hashLot(dir, paths, scratch);
    return { digests, rows: identities.rows, openedMs };
  } catch (error) {
    return { error: sentError(error) };
  }
}
