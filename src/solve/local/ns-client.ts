import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { throwIfCancelled } from '../../base/context.ts';
import { TareError } from '../../base/error.ts';
import type { Warning } from '../../base/events.ts';
import { receivedError } from '../../base/thread-error.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { Sandbox } from '../../sandbox/types.ts';
import { runJob, type JobName, type Jobs } from './ns-jobs.ts';
import { decode, encode, lineReader, type Answer } from './ns-wire.ts';

/** What is kept of what the helper complains about before it can answer, in characters. */
const MAX_STDERR_CHARS = 4096;

/** Does jobs where files have the owners that containers see. */
export interface Workplace {
  /** @throws TareError what the job throws; E_CANCELLED; E_SANDBOX when there is no helper */
  run<Name extends JobName>(name: Name, given: Jobs[Name]['given'], signal: AbortSignal): Promise<Jobs[Name]['made']>;
  /** Ends the helper, if there is one. Idempotent. */
  close(): void;
}

/** As root it is here; else in a helper, which starts with the first job and lives until `close`, or as long as this process. */
export function openWorkplace(sandbox: Pick<Sandbox, 'namespace'>, onWarning: (warning: Warning) => void): Workplace {
  if (sandbox.namespace.length === 0)
    return {
      run: (name, given, signal) => runJob(name, given, { signal, isUserNamespace: false, onWarning }),
      close: () => undefined,
    };
  return helper(sandbox.namespace, onWarning);
}

interface Pending {
  readonly resolve: (made: unknown) => void;
  readonly reject: (error: unknown) => void;
}

function helper(namespace: readonly string[], onWarning: (warning: Warning) => void): Workplace {
  const pending = new Map<number, Pending>();
  let child: ChildProcessWithoutNullStreams | undefined;
  let serial = 0;
  const take = (answer: Answer): void => {
    if ('warning' in answer) {
      onWarning(answer.warning);
      return;
    }
    const { id } = answer;
    const waiting = pending.get(id);
    pending.delete(id);
    if ('error' in answer) waiting?.reject(receivedError(answer.error));
    else waiting?.resolve(answer.made);
    if (pending.size === 0 && child !== undefined) keepAlive(child, 'unref');
  };
  const start = (): ChildProcessWithoutNullStreams => {
    const [program = '', ...flags] = namespace;
    const script = fileURLToPath(workerUrl(import.meta.url, './ns-worker'));
    const started = spawn(program, [...flags, process.execPath, script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C reaches this process alone, which then says what becomes of the helper.
      detached: true,
    });
    let stderr = '';
    const lost = (why: string): void => {
      if (child === started) child = undefined;
      const error = new TareError('E_SANDBOX', `the helper in the user namespace has ended: ${why.trim()}`);
      for (const waiting of pending.values()) waiting.reject(error);
      pending.clear();
    };
    started.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-MAX_STDERR_CHARS)));
    started.stdin.on('error', () => undefined);
    started.stdout.on(
      'data',
      lineReader((line) => take(decode(line) as Answer)),
    );
    started.on('error', (error) => lost(error.message));
    started.on('close', (code) => lost(stderr === '' ? `exit code ${code}` : stderr));
    return started;
  };
  return {
    run: async (name, given, signal) => {
      throwIfCancelled(signal);
      child ??= start();
      keepAlive(child, 'ref');
      const helping = child;
      const id = serial++;
      const cancel = (): void => void helping.stdin.write(encode({ id, cancel: true }));
      signal.addEventListener('abort', cancel, { once: true });
      try {
        return (await new Promise<unknown>((resolve, reject) => {
          pending.set(id, { resolve, reject });
          helping.stdin.write(encode({ id, job: name, given }));
        })) as Jobs[typeof name]['made'];
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    close: () => {
      child?.stdin.end();
      child = undefined;
    },
  };
}

/** Whether this process waits for a helper that has nothing to do. */
function keepAlive(child: ChildProcessWithoutNullStreams, how: 'ref' | 'unref'): void {
  child[how]();
  for (const stream of [child.stdin, child.stdout, child.stderr]) if (stream instanceof Socket) stream[how]();
}
