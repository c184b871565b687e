const BUFFER_BYTES = 1024 * 1024; // 1 MiB
/** A read into less than this is not worth it: each costs a turn of the event loop. */
const LEAST_BYTES = 128 * 1024; // 128 KiB

/** Two buffers that a connection fills in turn, and that are read in the same order. */
export interface Buffers {
  /** Where the next bytes go. */
  space(): Uint8Array;
  /** So many bytes have come there. */
  filled(bytes: number): void;
  /** Nothing may come until something has been taken. */
  isFull(): boolean;
  /** Looks at what came first, as far as it is in one piece. */
  peek(): Buffer;
  /** Leaves out so many bytes of what `peek` shows. */
  drop(bytes: number): void;
  /** What `peek` shows; valid until the next call, which gives it back. */
  take(): Buffer | undefined;
}

interface Part {
  readonly bytes: Buffer;
  filled: number;
  taken: number;
}

const createPart = (): Part => ({ bytes: Buffer.allocUnsafeSlow(BUFFER_BYTES), filled: 0, taken: 0 });

export function createBuffers(): Buffers {
  /** The older bytes are in `other`, if it has any. */
  let filling = createPart();
  let other = createPart();
  let lent: Part | undefined;
  /** What `space` gave out last: the connection keeps it while nothing may come. */
  let target = filling;
  let isFull = false;

  /** What is still being read must not be written to. */
  const swap = (): void => {
    isFull = other.taken < other.filled || lent === other;
    if (isFull) return;
    Object.assign(other, { filled: 0, taken: 0 });
    [filling, other] = [other, filling];
  };
  const oldest = (): Part | undefined => [other, filling].find((part) => part.taken < part.filled);
  const left = (part: Part): Buffer => part.bytes.subarray(part.taken, part.filled);
  return {
    space: () => {
      // TLS still gives what it has decrypted when it is told to stop; what the rest of the buffer has room for. Nothing else is free then.
      target = isFull && filling.filled === filling.bytes.length ? other : filling;
      return target === filling ? filling.bytes.subarray(filling.filled) : other.bytes;
    },
    isFull: () => isFull,
    filled: (bytes) => {
      target.filled += bytes;
      if (filling.bytes.length - filling.filled < LEAST_BYTES) swap();
    },
    peek: () => left(oldest() ?? filling),
    take: () => {
      lent = undefined;
      if (isFull) swap();
      const part = oldest();
      if (part === undefined) return undefined;
      const piece = left(part);
      part.taken = part.filled;
      lent = part;
      return piece;
    },
    drop: (bytes) => {
      const part = oldest();
      if (part !== undefined) part.taken += bytes;
    },
  };
}
