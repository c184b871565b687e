import { exit, stdin, stdout } from 'node:process';
import { sentError } from '../../base/thread-error.ts';
import { runJob, type JobName, type Jobs } from './ns-jobs.ts';
import { decode, encode, lineReader, type Answer, type Order } from './ns-wire.ts';

// The helper of a build without root: a process in a user namespace that maps ids as containers do. It does jobs that come as lines on stdin, several
// at a time, and ends with its parent, whose pipe then closes.

const running = new Map<number, AbortController>();
const tell = (answer: Answer): void => void stdout.write(encode(answer));

async function obey(order: Order): Promise<void> {
  const { id } = order;
  if ('cancel' in order) {
    running.get(id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const made = await runJob(order.job, order.given as Jobs[JobName]['given'], {
      signal: controller.signal,
      isUserNamespace: true,
      onWarning: (warning) => tell({ id, warning }),
    });
    tell({ id, made });
  } catch (error) {
    tell({ id, error: sentError(error) });
  } finally {
    running.delete(id);
  }
}

stdin.on(
  'data',
  lineReader((line) => void obey(decode(line) as Order)),
);
// What was half done is in a folder for what is half done: the next build takes it away.
for (const event of ['end', 'error'] as const) stdin.on(event, () => exit());
stdout.on('error', () => exit());
