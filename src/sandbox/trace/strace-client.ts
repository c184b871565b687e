import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TareError } from '../../base/error.ts';
import { recording } from './recording.ts';
import { straceObserver, type StraceObserver, type StraceObserverOptions } from './strace-observer.ts';
import type { Observation } from './types.ts';
import type { Tracer } from './watcher-client.ts';

/** Longest line that is kept while its end has not come. */
const MAX_LINE_BYTES = 256 * 1024; // 256 KiB

/** Reads what strace writes while it runs: nothing is kept but what was learned. Phases are told apart by the time of each call. */
export function straceClient(stream: Readable, options: Pick<StraceObserverOptions, 'cwd' | 'spec'>): Tracer {
  const marks: { readonly time: number; readonly phase: string }[] = [{ time: 0, phase: 'start' }];
  const record = recording(options.spec);
  const phaseAt = (time: number): string => marks.findLast((mark) => mark.time <= time)?.phase ?? 'start';
  const follow = (output: Readable): StraceObserver => {
    const observer = straceObserver({ ...options, recording: record, phaseAt });
    let rest = '';
    output.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_BYTES) rest = '';
      lines.forEach(observer.line);
    });
    output.on('end', observer.end);
    return observer;
  };
  const main = follow(stream);
  let over = false;
  const observation = new Promise<Observation>((resolve, reject) => {
    const finish = (): void => {
      over = true;
      if (main.ended()) resolve(record.result());
      else reject(new TareError('E_TRACER', 'strace has ended before the container; the container was ended too'));
    };
    stream.on('error', finish);
    stream.on('end', finish);
    stream.on('close', finish);
  });
  // Who waits gets the error; nobody has to wait.
  observation.catch(() => undefined);
  return {
    observation,
    follow: (output) => void follow(output),
    async mark(phase) {
      // The clock shows whole milliseconds: the phase begins with the next one, and nobody goes on before it has.
      marks.push({ time: (Date.now() + 1) / 1000, phase });
      await sleep(2);
    },
    progress: async () => (over ? undefined : record.progress()),
  };
}
