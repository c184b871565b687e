import type { Context } from '../base/events.ts';
import { rootfsOf } from '../pack/roots.ts';
import type { Store } from '../store/types.ts';
import { openImage } from '../transports/index.ts';

export interface UnpackBehind {
  /** An image of the store, by its name. */
  readonly add: (reference: string) => void;
  /** Resolves when all are done. Never rejects. */
  readonly done: () => Promise<unknown>;
}

/** Makes the roots of images, one after the other, while the caller does something else. Whoever runs one that could not be made is told why. */
export function unpackBehind({ ctx, store }: { readonly ctx: Context; readonly store: Store }): UnpackBehind {
  // Only warnings are told: progress is the caller's.
  const quiet: Context = { ...ctx, onEvent: (event) => (event.kind === 'warning' ? ctx.onEvent(event) : undefined) };
  const unpack = async (reference: string): Promise<void> => {
    const image = await openImage(reference, { store, ctx: quiet });
    await (await rootfsOf({ image, store, ctx: quiet })).release();
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    add: (reference) => {
      last = last.then(() => unpack(reference)).catch(() => undefined);
    },
    done: () => last,
  };
}
