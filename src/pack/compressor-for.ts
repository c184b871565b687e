import { availableParallelism } from 'node:os';
import type { Context } from '../base/events.ts';
import { CHUNK_BYTES } from './chunk-sink.ts';
import type { Compression } from './compression.ts';
import { inlineCompressor, passingCompressor, threadedCompressor, type ChunkCompressor } from './compressor.ts';

/**
 * So that the whole process stays below 300 MB. Measured: a thread costs about 30 MB with gzip (its heap, the encoder's memory, two
 * chunks), and 120 MB with zstd (most of it while the machine code of its encoder is made).
 */
const MAX_THREADS: Readonly<Record<'gzip' | 'zstd', number>> = { gzip: 5, zstd: 1 };
/** For an archive of about so many bytes. @throws TareError E_TOOL_MISSING without the zstd encoder */
export async function compressorFor(compression: Compression, bytes: number, ctx: Context): Promise<ChunkCompressor> {
  if (compression.kind === 'none') return passingCompressor();
  const chunks = Math.ceil(bytes / CHUNK_BYTES);
  const threads = Math.min(availableParallelism(), ctx.concurrency, MAX_THREADS[compression.kind], chunks);
  // One chunk gains nothing from a thread, and a thread takes as long to start as some MB to compress.
  return chunks === 1 ? inlineCompressor(compression) : threadedCompressor(compression, Math.max(1, threads));
}

/** For archives of all sizes, one after the other: its threads start when they are needed. @throws TareError as compressorFor */
export async function sharedCompressor(compression: Compression, ctx: Context): Promise<ChunkCompressor> {
  if (compression.kind === 'none') return passingCompressor();
  return threadedCompressor(
    compression,
    Math.max(1, Math.min(availableParallelism(), ctx.concurrency, MAX_THREADS[compression.kind])),
  );
}
