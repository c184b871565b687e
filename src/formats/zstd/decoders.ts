import { Decompress } from 'fzstd';
import * as zlib from 'node:zlib';
import { TareError } from '../../base/error.ts';
import { OUTPUT_CHUNK_BYTES, pump, type ZlibEngine } from '../gzip/engine.ts';
import { malformed, type Frame } from './frames.ts';

/** Decodes one frame. */
export type FrameDecoder = (frame: Frame) => AsyncGenerator<Uint8Array>;

type CreateEngine = (options: { chunkSize: number; params: Readonly<Record<number, number>> }) => ZlibEngine;

/** Since Node 22.15; the types of the floor do not know it. */
const createZstdDecompress = (zlib as { readonly createZstdDecompress?: CreateEngine }).createZstdDecompress;
/** `ZSTD_d_windowLogMax` of zstd.h. */
const WINDOW_LOG_MAX = 100;

/** Node's own decoder where there is one (it checks the frame's checksum), else the one in JavaScript (which does not). */
export function createFrameDecoder(maxWindowBytes: number): FrameDecoder {
  return createZstdDecompress === undefined
    ? createScriptDecoder()
    : nativeDecoder(createZstdDecompress, maxWindowBytes);
}

function nativeDecoder(create: CreateEngine, maxWindowBytes: number): FrameDecoder {
  const log = Math.max(10, Math.min(31, Math.ceil(Math.log2(maxWindowBytes))));
  return async function* (frame) {
    const engine = create({ chunkSize: OUTPUT_CHUNK_BYTES, params: { [WINDOW_LOG_MAX]: log } });
    const pumped = pump(frame.pieces, engine, 'zstd');
    try {
      yield* pumped.output;
    } finally {
      await pumped.close();
    }
  };
}

/** The decoder moves its whole window for every block. What that may cost: so much at once, and so much for each byte that comes out. */
const FREE_MOVED_BYTES = 8 * 1024 ** 3; // 8 GiB
const MAX_MOVED_PER_BYTE = 2048;

/** Until it has seen so many bytes of a frame it waits for more. */
const PATIENCE_BYTES = 18;

/** The decoder in JavaScript. The budget is one for all frames that go through it. */
export function createScriptDecoder(): FrameDecoder {
  let moved = 0;
  let made = 0;
  return async function* (frame) {
    const output: Uint8Array[] = [];
    const decoder = new Decompress((chunk) => output.push(chunk));
    const push = (piece: Uint8Array, final: boolean): readonly Uint8Array[] => {
      try {
        decoder.push(piece, final);
      } catch (error) {
        throw malformed(error instanceof Error ? error.message : String(error));
      }
      return output.splice(0).filter((chunk) => chunk.length > 0);
    };
    let pushed = 0;
    for await (const piece of frame.pieces) {
      moved += frame.windowBytes;
      if (moved > FREE_MOVED_BYTES + made * MAX_MOVED_PER_BYTE) {
        throw new TareError('E_LIMIT', 'zstd blocks too small for their window: decoding would take too long', {
          hint: 'an honest stream made with --ultra or --long: use Node 22.15 or newer, which decodes it itself',
        });
      }
      pushed += piece.length;
      // It looks back into what it has handed out, until the next piece.
      for (const chunk of push(piece, false)) {
        made += chunk.length;
        yield chunk;
      }
    }
    if (pushed < PATIENCE_BYTES) yield* push(new Uint8Array(), true);
  };
}
