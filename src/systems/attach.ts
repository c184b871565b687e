import { throwIfCancelled } from '../base/context.ts';
import { TareError } from '../base/error.ts';
import type { StatusAnswer } from './control.ts';
import { up, type UpOptions, type UpResult, type UpTools } from './up.ts';

/** A system that runs in this process. Its status is that of when all services were ready. */
export interface AttachedSystem extends StatusAnswer {
  readonly project: string;
  /** Resolves when all its containers have ended, whoever ended them. @throws what `up` throws once it runs */
  over(): Promise<UpResult>;
  /** Stops the services in order, each with the time that it wants; nothing but its volumes is left then. Idempotent. */
  stop(): Promise<UpResult>;
}

/**
 * Runs a project in this process; the counterpart of `upDetached`. Resolves when all services are ready.
 * @throws TareError as `up`; E_CANCELLED; E_SYSTEM when somebody stops it before. Nothing runs then.
 */
export async function upAttached(
  options: Omit<UpOptions, 'onReady' | 'strict'>,
  tools: UpTools,
): Promise<AttachedSystem> {
  const { signal } = tools.ctx;
  const halt = new AbortController();
  const abort = (): void => halt.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  let tellReady: (status: StatusAnswer) => void = () => undefined;
  const ready = new Promise<StatusAnswer>((resolve) => (tellReady = resolve));
  const over = up(
    { ...options, strict: true, onReady: tellReady },
    { ...tools, ctx: { ...tools.ctx, signal: halt.signal } },
  ).finally(() => signal.removeEventListener('abort', abort));
  const status = await Promise.race([ready, over.then(() => undefined)]);
  if (status === undefined || signal.aborted) {
    await over;
    throwIfCancelled(signal);
  }
  if (status === undefined)
    throw new TareError('E_SYSTEM', `${options.project.name} was stopped before all its services were ready`);
  // Who never asks how it ended does not want to know.
  over.catch(() => undefined);
  return {
    project: options.project.name,
    ...status,
    over: () => over,
    async stop() {
      abort();
      return over;
    },
  };
}
