import type { Readable } from 'node:stream';
import type { OutputChunk } from './types.ts';

/** Output that nobody has read yet; beyond it the oldest is dropped, so that a talkative container never stands still. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024; // 16 MiB

/** Joins the container's two streams into one sequence, in the order of arrival. For one reader; ends when both streams have ended. */
export function collectOutput(streams: {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}): AsyncIterable<OutputChunk> {
  const unread: OutputChunk[] = [];
  let size = 0;
  let open = 0;
  let wake: (() => void) | undefined;
  for (const stream of ['stdout', 'stderr'] as const) {
    const source = streams[stream];
    if (source === null) continue;
    open += 1;
    source.on('data', (bytes: Buffer) => {
      unread.push({ stream, bytes });
      size += bytes.length;
      while (size > MAX_UNREAD_BYTES && unread.length > 1) size -= unread.shift()?.bytes.length ?? 0;
      wake?.();
    });
    source.once('close', () => {
      open -= 1;
      wake?.();
    });
  }
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const chunk = unread.shift();
        if (chunk !== undefined) {
          size -= chunk.bytes.length;
          yield chunk;
        } else if (open === 0) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}
