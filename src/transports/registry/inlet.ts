import type { Pacing } from './types.ts';

/** Where the body of an answer comes in. */
export interface Inlet {
  /** Oldest first; valid until the next call. Undefined when nothing is there yet. */
  take(): Uint8Array | undefined;
  /** How many bytes have come so far. */
  received(): number;
  /** All has come. */
  isEnded(): boolean;
  /** What it broke with. */
  failure(): Error | undefined;
  /** Called when something has come, when all has, and when it breaks. */
  onChange(listener: () => void): void;
  destroy(): void;
  /** Nobody reads any more. */
  close(): void;
}

/**
 * The bytes of an answer as they come. Ends the connection unless it comes to their end.
 * @throws what the connection breaks with; a plain Error when it falls silent, or gives a byte a minute: such a server would hold us for ever
 */
export async function* paced(inlet: Inlet, pacing: Pacing): AsyncGenerator<Uint8Array> {
  const state = { waiting: false, looked: inlet.received(), wake: () => {} };
  let failure: Error | undefined;
  const giveUp = (why: string): void => {
    failure ??= new Error(why);
    inlet.destroy();
    state.wake();
  };
  // A receiver that takes its time is no fault of the server: only periods that were spent waiting count.
  const pace = setInterval(() => {
    if (state.waiting && inlet.received() - state.looked < pacing.minBytes) giveUp('it sends too slowly');
    state.looked = inlet.received();
  }, pacing.windowMs);
  const silence = setTimeout(() => {
    if (state.waiting) giveUp('it sends nothing any more');
    else silence.refresh();
  }, pacing.silenceMs);
  inlet.onChange(() => state.wake());
  try {
    for (;;) {
      const piece = inlet.take();
      if (piece !== undefined) {
        yield piece;
        continue;
      }
      const broken = failure ?? inlet.failure();
      if (broken !== undefined) throw broken;
      if (inlet.isEnded()) return;
      silence.refresh();
      state.waiting = true;
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
      state.waiting = false;
    }
  } finally {
    clearInterval(pace);
    clearTimeout(silence);
    inlet.close();
  }
}
