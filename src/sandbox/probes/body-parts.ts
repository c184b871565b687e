/** A part ends where the bytes before it say so: one place in so many, whatever stands elsewhere. */
const MEAN_PART_BITS = 6; // 64 bytes
/** Shorter ones are met by chance, and tell nothing. */
const MIN_PART_BYTES = 16;
const MAX_PART_BYTES = 2048;
const PIECE_BYTES = 64 * 1024; // 64 KiB
/** Of every body at most so many parts are remembered: 8 KiB. */
const MAX_PARTS = 1024;

/**
 * Of what a body consists, in bounded memory: parts that begin and end by their own content, so that what stands in one place does not change the
 * parts elsewhere (content-defined chunking with a gear hash: Xia et al., FastCDC, USENIX ATC 2016).
 */
export interface BodyParts {
  /** 52 bits for each distinct part, ascending. */
  readonly hashes: Float64Array;
  /** Only the smallest hashes are here: a sample that is the same for equal parts of any body (Broder, bottom-k sketches, 1997). */
  readonly sampled: boolean;
}

export interface PartsCounter {
  /** The next bytes, in pieces of any size. */
  add(bytes: Uint8Array): void;
  /** Call once, at the end. */
  done(): BodyParts;
}

/** Spreads the bits of a number (the end of MurmurHash3, by Austin Appleby). */
function mixed(value: number): number {
  let out = value;
  out = Math.imul(out ^ (out >>> 16), 0x85ebca6b);
  out = Math.imul(out ^ (out >>> 13), 0xc2b2ae35);
  return out ^ (out >>> 16);
}

const GEAR = Int32Array.from({ length: 256 }, (_, byte) => mixed(Math.imul(byte + 1, 0x9e3779b1)));

export function countParts(): PartsCounter {
  const smallest = smallestHashes();
  const last = { length: 0, window: 0, high: 0, low: 0 };
  const end = (length: number, high: number, low: number): void => {
    if (length >= MIN_PART_BYTES) smallest.add((mixed(high) >>> 0) * 2 ** 20 + (mixed(low ^ length) >>> 12));
  };
  return {
    add(bytes) {
      // Local variables and an index: bodies have hundreds of megabytes.
      let { high, length, low, window } = last;
      for (let at = 0; at < bytes.length; at += 1) {
        const byte = bytes[at] ?? 0;
        length += 1;
        high = Math.imul(high ^ byte, 0x01000193);
        low = Math.imul(low + byte + 1, 0x9e3779b1);
        low ^= low >>> 15;
        // A byte has left the window after 32 more.
        window = ((window << 1) + (GEAR[byte] ?? 0)) | 0;
        if (window >>> (32 - MEAN_PART_BITS) !== 0 && length < MAX_PART_BYTES) continue;
        end(length, high, low);
        length = high = low = 0;
      }
      Object.assign(last, { length, window, high, low });
    },
    done() {
      end(last.length, last.high, last.low);
      return smallest.done();
    },
  };
}

/** Of one body that is at hand. */
export function partsOf(bytes: Uint8Array): BodyParts {
  const counter = countParts();
  // Not all at once: V8 makes a function fast for the calls that follow.
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) counter.add(bytes.subarray(at, at + PIECE_BYTES));
  return counter.done();
}

function smallestHashes(): { add(hash: number): void; done(): BodyParts } {
  const room = new Float64Array(2 * MAX_PARTS);
  let used = 0;
  let limit = Number.POSITIVE_INFINITY;
  /** Each once, in order; what is not among the smallest goes. */
  const settle = (): void => {
    const sorted = room.subarray(0, used).sort();
    used = 0;
    for (const hash of sorted) {
      if (used > 0 && hash === room[used - 1]) continue;
      if (used === MAX_PARTS) {
        limit = room[used - 1] ?? limit;
        break;
      }
      room[used] = hash;
      used += 1;
    }
  };
  return {
    add(hash) {
      if (hash > limit) return;
      room[used] = hash;
      used += 1;
      if (used === room.length) settle();
    },
    done() {
      settle();
      return { hashes: room.slice(0, used), sampled: limit < Number.POSITIVE_INFINITY };
    },
  };
}
