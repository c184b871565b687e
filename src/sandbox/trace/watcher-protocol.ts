/**
 * What tare and a watcher tell each other, over one stream. To the watcher: lines, `mark PHASE` (JSON text) and `progress`. From it: frames, each a length (4 bytes,
 * little endian, of what follows), a kind (1 byte), and its content.
 */
export const FRAME = {
  /** The mark that came first of those not yet answered has been made. */
  marked: 1,
  /** A piece of the observation. */
  part: 2,
  /** The observation is whole. */
  end: 3,
  /** It cannot watch here: the reason, as UTF-8. */
  unable: 4,
  /** The answer to the `progress` that came first of those not yet answered: a Progress as JSON. */
  progress: 5,
} as const;

/** In the bundle: where the runtime sends the filter's descriptor to. */
export const SOCKET_NAME = 'trace.sock';
/** Longest name of a phase, in characters. */
export const MAX_PHASE_LENGTH = 1000;

const HEADER_BYTES = 5;
/** Longest frame that is believed. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024; // 64 MiB

export function frame(kind: number, content: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(content.length, 0);
  header.writeUInt8(kind, 4);
  return Buffer.concat([header, content]);
}

/** Cuts a stream into frames. @throws Error on one that is too long */
export function frameReader(onFrame: (kind: number, content: Buffer) => void): (chunk: Buffer) => void {
  let pieces: Buffer[] = [];
  let have = 0;
  return (chunk) => {
    pieces.push(chunk);
    have += chunk.length;
    if (have < HEADER_BYTES) return;
    let all = Buffer.concat(pieces);
    while (all.length >= HEADER_BYTES) {
      const length = all.readUInt32LE(0);
      if (length > MAX_FRAME_BYTES) throw new Error('a frame of the watcher is too long');
      if (all.length < HEADER_BYTES + length) break;
      onFrame(all.readUInt8(4), all.subarray(HEADER_BYTES, HEADER_BYTES + length));
      all = all.subarray(HEADER_BYTES + length);
    }
    pieces = all.length === 0 ? [] : [all];
    have = all.length;
  };
}
