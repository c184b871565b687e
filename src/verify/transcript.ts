import { StringDecoder } from 'node:string_decoder';
import type { OutputChunk } from '../sandbox/types.ts';

/** What log probes can look back on; older text is forgotten. In UTF-16 units. */
const MAX_KEPT = 4 * 1024 * 1024;
/** What a report shows. */
const MAX_SHOWN = 4096;
/** What listeners are told of one container: who writes without end is still read, but not repeated. In UTF-16 units. */
const MAX_TOLD = 16 * 1024 * 1024;

/** What a container has printed, both streams in the order of arrival, decoded. */
export interface Transcript {
  /** Both streams, or one of them. */
  text(stream?: OutputChunk['stream']): string;
  /** Its end, for people. */
  tail(): string;
  /** Resolves when the container prints no more. */
  readonly done: Promise<void>;
}

/** Reads the output to its end in the background and tells of every piece. */
export function transcribe(
  output: AsyncIterable<OutputChunk>,
  onText: (stream: OutputChunk['stream'], text: string) => void,
): Transcript {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const both = lastOf();
  const streams = { stdout: lastOf(), stderr: lastOf() };
  let told = 0;
  const add = (stream: OutputChunk['stream'], piece: string): void => {
    if (piece === '') return;
    both.add(piece);
    streams[stream].add(piece);
    if (told >= MAX_TOLD) return;
    told += piece.length;
    onText(stream, piece);
  };
  const read = async (): Promise<void> => {
    for await (const { bytes, stream } of output) add(stream, decoders[stream].write(Buffer.from(bytes)));
    for (const stream of ['stdout', 'stderr'] as const) add(stream, decoders[stream].end());
  };
  return {
    text: (stream) => (stream === undefined ? both : streams[stream]).text(),
    tail: () => both.text().slice(-MAX_SHOWN),
    done: read(),
  };
}

/** The end of a long text that comes in pieces. */
function lastOf(): { add(piece: string): void; text(): string } {
  let pieces: string[] = [];
  let size = 0;
  const text = (): string => {
    const joined = pieces.join('').slice(-MAX_KEPT);
    pieces = [joined];
    size = joined.length;
    return joined;
  };
  return {
    add(piece) {
      pieces.push(piece);
      size += piece.length;
      if (size > 2 * MAX_KEPT) text();
    },
    text,
  };
}
