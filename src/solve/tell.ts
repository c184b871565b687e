import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';

/** Does a step's work, and tells when it begins and how it ends. @throws TareError E_CANCELLED, what `work` throws */
export async function tellStep<T>(
  ctx: Context,
  { digest, name }: { readonly digest: Digest; readonly name: string },
  work: () => Promise<{ readonly cached: boolean; readonly value: T }>,
): Promise<T> {
  throwIfCancelled(ctx.signal);
  const began = performance.now();
  const done = (cached: boolean, error?: string): void =>
    ctx.onEvent({
      kind: 'vertex.done',
      digest,
      cached,
      seconds: (performance.now() - began) / 1000,
      ...(error === undefined ? {} : { error }),
    });
  ctx.onEvent({ kind: 'vertex.started', digest, name });
  try {
    const { cached, value } = await work();
    done(cached);
    return value;
  } catch (error) {
    done(false, error instanceof Error ? error.message : String(error));
    throw error;
  }
}
