import { TareError } from '../../base/error.ts';
import type { Context, TareEvent } from '../../base/events.ts';
import { maskSecrets } from '../../solve/local/mask.ts';

type Masker = ReturnType<typeof maskSecrets>;

/** Lets another engine work without its steps' output, or its error, giving a secret away. */
export async function withoutSecrets<T>(
  secrets: ReadonlyMap<string, Uint8Array> | undefined,
  ctx: Context,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  const values = [...(secrets?.values() ?? [])];
  if (values.length === 0) return work(ctx);
  const maskers = new Map<string, Masker>();
  const maskerOf = (digest: string): Masker => {
    let masker = maskers.get(digest);
    if (masker === undefined) {
      masker = maskSecrets(values, (stream, bytes) => ctx.onEvent({ kind: 'vertex.log', digest, stream, bytes }));
      maskers.set(digest, masker);
    }
    return masker;
  };
  const onEvent = (event: TareEvent): void => {
    if (event.kind === 'vertex.log') {
      maskerOf(event.digest).write(event.stream, event.bytes);
      return;
    }
    if (event.kind === 'vertex.done') maskers.get(event.digest)?.end();
    ctx.onEvent(event);
  };
  try {
    return await work({ ...ctx, onEvent });
  } catch (error) {
    if (!(error instanceof TareError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    // The cause says the same, in the engine's words.
    throw new TareError(error.code, masked(error.message, values), hint);
  }
}

function masked(text: string, values: readonly Uint8Array[]): string {
  const parts: Buffer[] = [];
  const masker = maskSecrets(values, (_stream, bytes) => parts.push(Buffer.from(bytes)));
  masker.write('stderr', Buffer.from(text, 'utf8'));
  masker.end();
  return Buffer.concat(parts).toString('utf8');
}
