import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '../base/error-codes.ts';
import { TareError } from '../base/error.ts';
import type { Context, TareEvent } from '../base/events.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { Project } from '../formats/compose/types.ts';
import type { StatusAnswer } from './control.ts';
import type { ReplicaStatus } from './run/life.ts';

/** What the process that goes on is told. */
export interface SupervisorOrder {
  readonly project: Project;
  /** Service → a reference that means the same for ever where there is one: a digest of the store; else what the service says. */
  readonly images: Readonly<Record<string, string>>;
  readonly home: string;
}

/** What it tells. */
export type SupervisorWord =
  | { readonly kind: 'status'; readonly status: ReplicaStatus }
  | { readonly kind: 'event'; readonly event: TareEvent }
  | { readonly kind: 'ready'; readonly status: StatusAnswer }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint?: string };

/**
 * Runs a project in a process of its own, which goes on when this one ends. Resolves when all services are ready.
 * @throws TareError as `up`; E_CANCELLED: nothing runs then
 */
export function upDetached(
  order: SupervisorOrder,
  { ctx, onStatus }: { readonly ctx: Context; readonly onStatus: (status: ReplicaStatus) => void },
): Promise<StatusAnswer> {
  const script = fileURLToPath(workerUrl(import.meta.url, './supervisor'));
  const child = fork(script, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true, execArgv: [] });
  // It stops everything, and tells that it was asked to.
  const abort = (): void => void child.kill('SIGTERM');
  ctx.signal.addEventListener('abort', abort, { once: true });
  if (ctx.signal.aborted) abort();
  return new Promise<StatusAnswer>((resolve, reject) => {
    child.on('message', (word: SupervisorWord) => {
      switch (word.kind) {
        case 'status':
          return onStatus(word.status);
        case 'event':
          return ctx.onEvent(word.event);
        case 'ready':
          child.disconnect();
          child.unref();
          return resolve(word.status);
        case 'failed':
          return reject(new TareError(word.code, word.message, word.hint === undefined ? {} : { hint: word.hint }));
      }
    });
    child.on('error', reject);
    child.once('exit', (code, signal) => {
      const how = signal === null ? `exit code ${code}` : signal;
      // Its services may have ended by themselves, and well.
      if (ctx.signal.aborted) reject(new TareError('E_CANCELLED', 'interrupted while services were started'));
      else reject(new TareError('E_SYSTEM', `the process that runs ${order.project.name} has ended (${how})`));
    });
    child.send(order, () => undefined);
  }).finally(() => ctx.signal.removeEventListener('abort', abort));
}
