import type { Bytes } from '../../base/streams.ts';

/** A source that can be read in pieces: on from where the last one ended, or again from the start up to an earlier place. */
export interface Cursor {
  /** One at a time. Ends early when the source does. */
  take(offset: number, length: number): Bytes;
  close(): Promise<void>;
}

const NOTHING: Uint8Array = new Uint8Array();

export function createCursor(open: () => Bytes): Cursor {
  const state = { source: undefined as AsyncIterator<Uint8Array> | undefined, at: 0, held: NOTHING };

  const close = async (): Promise<void> => {
    const { source } = state;
    Object.assign(state, { source: undefined, at: 0, held: NOTHING });
    await source?.return?.();
  };
  /** The next bytes, at most `most`; what is left of the chunk is kept. */
  const pull = async (most: number): Promise<Uint8Array | undefined> => {
    state.source ??= open()[Symbol.asyncIterator]();
    while (state.held.length === 0) {
      const next = await state.source.next();
      if (next.done === true) return undefined;
      state.held = next.value;
    }
    const piece = state.held.subarray(0, most);
    state.held = state.held.subarray(piece.length);
    state.at += piece.length;
    return piece;
  };

  return {
    close,
    take: async function* (offset, length) {
      if (offset < state.at) await close();
      while (state.at < offset) if ((await pull(offset - state.at)) === undefined) return;
      const end = offset + length;
      while (state.at < end) {
        const piece = await pull(end - state.at);
        if (piece === undefined) return;
        yield piece;
      }
    },
  };
}
