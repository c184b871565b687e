import { withLock } from '../../../store/lock.ts';

/** So long may those who come later join one hold of the lock; then others get their turn. */
const JOIN_MS = 500;

/**
 * A lock file that many calls of this process may hold together, and no other process meanwhile. Whoever makes a blob part of a repository
 * holds it, so that `collect`, which holds it alone, never deletes what is being named.
 */
export function createSharedLock(file: string): <T>(work: () => Promise<T>) => Promise<T> {
  let current: Hold | undefined;

  const join = async (): Promise<Hold> => {
    if (current !== undefined && Date.now() - current.since > JOIN_MS) {
      await current.released;
      return join();
    }
    current ??= hold(file, (ended) => {
      if (current === ended) current = undefined;
    });
    const joined = current;
    joined.members += 1;
    await joined.acquired;
    return joined;
  };

  return async (work) => {
    const joined = await join();
    try {
      return await work();
    } finally {
      joined.members -= 1;
      if (joined.members === 0) await joined.release();
    }
  };
}

interface Hold {
  readonly since: number;
  readonly acquired: Promise<void>;
  readonly released: Promise<void>;
  members: number;
  release(): Promise<void>;
}

function hold(file: string, onRelease: (ended: Hold) => void): Hold {
  let acquire = (): void => undefined;
  let refuse = (_error: unknown): void => undefined;
  let end = (): void => undefined;
  const acquired = new Promise<void>((resolve, reject) => {
    acquire = resolve;
    refuse = reject;
  });
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const locked = withLock(file, async () => {
    acquire();
    await over;
  });
  const released = locked.catch((error: unknown) => {
    onRelease(own);
    refuse(error);
  });
  const own: Hold = {
    since: Date.now(),
    acquired,
    released,
    members: 0,
    release: async () => {
      // From here on nobody joins: the lock file goes away next.
      onRelease(own);
      end();
      await released;
    },
  };
  return own;
}
