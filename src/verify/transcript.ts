import { StringDecoder } from 'node:string_decoder';
import type { OutputChunk } from '../sandbox/types.ts';

/** What log probes can look back on; older text is forgotten. In UTF-16 units. */
const MAX_KEPT = 4 * 1024 * 1024;
/** What a report shows. */
const MAX_SHOWN = 4096;

/** What a container has printed, both streams in the order of arrival, decoded. */
export interface Transcript {
  text(): string;
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
  let pieces: string[] = [];
  let size = 0;
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const text = (): string => {
    pieces = [pieces.join('').slice(-MAX_KEPT)];
    size = pieces[0]?.length ?? 0;
    return pieces[0] ?? '';
  };
  const add = (stream: OutputChunk['stream'], piece: string): void => {
    if (piece === '') return;
    pieces.push(piece);
    size += piece.length;
    if (size > 2 * MAX_KEPT) text();
    onText(stream, piece);
  };
  const read = async (): Promise<void> => {
    for await (const { bytes, stream } of output) add(stream, decoders[stream].write(Buffer.from(bytes)));
    for (const stream of ['stdout', 'stderr'] as const) add(stream, decoders[stream].end());
  };
  return { text, tail: () => text().slice(-MAX_SHOWN), done: read() };
}
