import { join } from 'node:path';
import { throwIfCancelled } from '../base/context.ts';
import { isTareError } from '../base/error.ts';
import type { Bytes } from '../base/streams.ts';
import type { Descriptor } from '../oci/types.ts';
import { withLock } from '../store/lock.ts';
import type { Store } from '../store/types.ts';

/** How long one look at the lock of another process lasts, in ms: then the signal is asked. */
const LOOK_MS = 500;

/**
 * Puts a blob into the store; of several calls for the same blob, in this process or in others, one fetches it and the others wait for it. When the first
 * one fails or dies, the next one fetches it. Whoever calls holds a lease on the store.
 * @throws TareError what `open` and the store throw; E_CANCELLED
 */
export async function fetchOnce(
  store: Store,
  descriptor: Descriptor,
  open: () => Bytes,
  signal: AbortSignal,
): Promise<void> {
  const { digest, size } = descriptor;
  const isThere = async (): Promise<boolean> => (await store.blobs.size(digest)) === size;
  const lock = join(store.home, 'tare', 'tmp', `fetch-${digest.replace(':', '-')}`);
  while (!(await isThere())) {
    throwIfCancelled(signal);
    try {
      const put = async (): Promise<void> => {
        if (!(await isThere())) await store.blobs.put(open(), { digest, size });
      };
      await withLock(lock, put, { waitMs: LOOK_MS });
    } catch (error) {
      if (!isTareError(error, 'E_LOCKED')) throw error;
    }
  }
}
