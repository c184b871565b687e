import type { OutputChunk } from '../sandbox/types.ts';

/** What log probes can look back on; older text is forgotten. In bytes, of each stream and of both together. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024; // 4 MiB
/** What a report shows, in bytes. */
const MAX_SHOWN_BYTES = 4096;
/** What listeners are told of one container: who writes without end is still read, but not repeated. In bytes. */
const MAX_TOLD_BYTES = 16 * 1024 * 1024; // 16 MiB
/** Longest character of UTF-8, in bytes. */
const MAX_CHARACTER_BYTES = 4;

/** What a container has printed, both streams in the order of arrival, decoded. */
export interface Transcript {
  /** Both streams, or one of them. */
  text(stream?: OutputChunk['stream']): string;
  /** Its end, for people. */
  tail(): string;
  /** Resolves when the container prints no more. */
  readonly done: Promise<void>;
}

/**
 * Reads the output to its end in the background and tells of every piece. What is kept stays bytes until somebody asks: of a container that writes
 * as fast as it can, texts would be made faster than memory is given back.
 */
export function transcribe(
  output: AsyncIterable<OutputChunk>,
  onText: (stream: OutputChunk['stream'], text: string) => void,
): Transcript {
  const both = lastOf();
  const streams = { stdout: lastOf(), stderr: lastOf() };
  const begun: Record<OutputChunk['stream'], Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  let told = 0;
  const add = (stream: OutputChunk['stream'], piece: Buffer): void => {
    if (piece.length === 0) return;
    both.add(piece);
    streams[stream].add(piece);
    if (told >= MAX_TOLD_BYTES) return;
    told += piece.length;
    onText(stream, piece.toString('utf8'));
  };
  const read = async (): Promise<void> => {
    for await (const { bytes, stream } of output) {
      const piece = begun[stream].length === 0 ? Buffer.from(bytes) : Buffer.concat([begun[stream], bytes]);
      // The other stream may come between the two halves of a character.
      const whole = wholeCharacters(piece);
      begun[stream] = piece.subarray(whole);
      add(stream, piece.subarray(0, whole));
    }
    for (const stream of ['stdout', 'stderr'] as const) add(stream, begun[stream]);
  };
  return {
    text: (stream) => (stream === undefined ? both : streams[stream]).bytes().toString('utf8'),
    tail: () => both.bytes().subarray(-MAX_SHOWN_BYTES).toString('utf8'),
    done: read(),
  };
}

/** Bytes up to the last character, unless that is complete: up to its end. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(MAX_CHARACTER_BYTES, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** The end of a long row of bytes that comes in pieces. */
function lastOf(): { add(piece: Buffer): void; bytes(): Buffer } {
  let pieces: Buffer[] = [];
  let size = 0;
  const bytes = (): Buffer => {
    // A copy: a piece is part of a larger buffer that would stay with it.
    const joined = Buffer.concat(pieces, size).subarray(-MAX_KEPT_BYTES);
    pieces = [joined];
    size = joined.length;
    return joined;
  };
  return {
    add(piece) {
      pieces.push(piece);
      size += piece.length;
      if (size > 2 * MAX_KEPT_BYTES) bytes();
    },
    bytes,
  };
}
