import { throwIfCancelled } from '../../base/context.ts';
import { translated } from './broken.ts';
import { paced, type Inlet } from './inlet.ts';
import type { Pacing } from './types.ts';

/** @param open begins to take it in: not before somebody reads */
export async function* bodyOf(
  url: URL,
  open: () => Inlet,
  signal: AbortSignal,
  pacing: Pacing,
): AsyncGenerator<Uint8Array> {
  try {
    yield* paced(open(), pacing);
  } catch (error) {
    throwIfCancelled(signal);
    throw translated(url, error);
  }
}
