import { readFileSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { errnoOf, TareError } from '../../base/error.ts';
import { decodeObservation } from './recording.ts';
import type { Observation, Progress } from './types.ts';
import { FRAME, frameReader, MAX_PHASE_LENGTH, SOCKET_NAME } from './watcher-protocol.ts';

/**
 * As the runtime is told of the watcher's socket: short whatever the bundle's folder is called, because the name of a socket has 108 bytes at most.
 * The runtime works in the bundle.
 */
export const SOCKET_PATH = `/proc/self/cwd/${SOCKET_NAME}`;

/** Observes one container while it runs. */
export interface Tracer {
  mark(phase: string): Promise<void>;
  /** Undefined when the observation has ended. */
  progress(): Promise<Progress | undefined>;
  /** Resolves when the container has ended; rejects with TareError E_TRACER when the observer ended before it. Somebody always listens. */
  readonly observation: Promise<Observation>;
  /** With strace: what it writes about one more process, started by `exec`. */
  follow?(output: Readable): void;
}

/** Tare's side of a watcher; `stream` is descriptor 4 of the launch script, `faultFile` what the watcher itself complains into. */
export function watcherClient(stream: Duplex, faultFile: string): Tracer {
  const waiting: (() => void)[] = [];
  const asking: ((progress: Progress | undefined) => void)[] = [];
  const parts: Buffer[] = [];
  let whole = false;
  let over = false;
  let unable: string | undefined;
  const observation = new Promise<Observation>((resolve, reject) => {
    const read = frameReader((kind, content) => {
      if (kind === FRAME.marked) waiting.shift()?.();
      else if (kind === FRAME.progress) asking.shift()?.(JSON.parse(content.toString('utf8')) as Progress);
      else if (kind === FRAME.part) parts.push(Buffer.from(content));
      else if (kind === FRAME.end) {
        whole = true;
        // The watcher waits for it.
        stream.end();
        finish();
      } else if (kind === FRAME.unable) unable = content.toString('utf8');
    });
    const finish = (): void => {
      if (over) return;
      over = true;
      for (const settle of waiting.splice(0)) settle();
      for (const settle of asking.splice(0)) settle(undefined);
      if (whole) resolve(decodeObservation(Buffer.concat(parts)));
      else reject(lost(unable ?? lastWords(faultFile)));
    };
    stream.on('data', read);
    // A watcher that is killed with unread words before it resets the connection.
    stream.on('error', finish);
    stream.on('end', finish);
    stream.on('close', finish);
  });
  // Who waits gets the error; nobody has to wait.
  observation.catch(() => undefined);
  return {
    observation,
    async mark(phase) {
      if (over) return;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        stream.write(`mark ${JSON.stringify(phase.replaceAll('\0', '').slice(0, MAX_PHASE_LENGTH))}\n`);
      });
    },
    async progress() {
      if (over) return undefined;
      return new Promise((resolve) => {
        asking.push(resolve);
        stream.write('progress\n');
      });
    },
  };
}

/** The error of a watcher that has crashed; undefined when it was killed. */
function lastWords(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .find((line) => /^\w*Error\b/.test(line));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function lost(unable: string | undefined): TareError {
  return unable === undefined
    ? new TareError(
        'E_TRACER',
        'the process that observes the container has ended before it; the container was ended too',
      )
    : new TareError('E_TRACER', `the container cannot be observed: ${unable.split('\n')[0] ?? ''}`);
}
