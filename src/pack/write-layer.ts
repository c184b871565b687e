import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';
import { encodeHeader, paddingOf, TRAILER } from '../formats/tar/index.ts';
import type { BlobStore, IndexedMember } from '../store/types.ts';
import { createChunkSink } from './chunk-sink.ts';
import type { Compression } from './compression.ts';
import { compressorFor } from './compressor-for.ts';
import { writeContent, type ContentSource } from './file-content.ts';
import type { PackMember } from './members.ts';
import { createReadAhead } from './read-ahead.ts';
import { createTarAssembler, type TarAssembler } from './tar-assembler.ts';

const BLOCK_BYTES = 512;

export interface LayerSource extends ContentSource {
  readonly members: readonly PackMember[];
  readonly compression: Compression;
}

export interface WrittenLayer {
  readonly digest: Digest;
  /** Of the blob, in bytes. */
  readonly wire: number;
  readonly diffId: Digest;
  /** Of the uncompressed archive, in bytes. */
  readonly tarSize: number;
  readonly indexed: readonly IndexedMember[];
}

/**
 * Content → tar → chunks → compressed chunks → blob. On any failure, and when `ctx.signal` is aborted, nothing stays in the store.
 * @throws TareError as writeContent, openCodec and the store's writer; E_CANCELLED
 */
export async function writeLayer(
  source: LayerSource,
  store: { readonly blobs: Pick<BlobStore, 'writer'> },
  ctx: Context,
): Promise<WrittenLayer> {
  const total = tarSizeOf(source.members);
  const compressor = await compressorFor(source.compression, total, ctx);
  try {
    const writer = await store.blobs.writer();
    try {
      // Where nothing is compressed it is no matter where it is cut.
      const sink = createChunkSink(compressor, writer, source.compression.kind === 'none' ? total : undefined);
      const out = createTarAssembler(sink, (done) => {
        throwIfCancelled(ctx.signal);
        ctx.onEvent({ kind: 'step.progress', step: 'pack', done, total: Math.max(done, total), unit: 'bytes' });
      });
      const indexed = await writeMembers(source, out, ctx.signal);
      await out.append(TRAILER);
      const tarSize = out.offset();
      const diffId = await out.finish();
      throwIfCancelled(ctx.signal);
      const { digest, size: wire } = await writer.commit();
      return { digest, wire, diffId, tarSize, indexed };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await compressor.close();
  }
}

/** Without extended headers, which are few. */
function tarSizeOf(members: readonly PackMember[]): number {
  let total = TRAILER.length;
  for (const { header } of members) total += BLOCK_BYTES + header.size + paddingOf(header.size);
  return total;
}

async function writeMembers(source: LayerSource, out: TarAssembler, signal: AbortSignal): Promise<IndexedMember[]> {
  const { members } = source;
  const ahead = createReadAhead(members, source.content);
  const indexed: IndexedMember[] = [];
  const zeros = new Uint8Array(BLOCK_BYTES);
  for (const [index, { header, source: entry }] of members.entries()) {
    throwIfCancelled(signal);
    await out.append(encodeHeader(header));
    const placed = { ...header, dataOffset: out.offset(), dataSize: header.size };
    if (entry === undefined) {
      indexed.push(placed);
      continue;
    }
    indexed.push({ ...placed, sha256: await writeContent(entry, source, ahead.take(index), out) });
    const padding = paddingOf(header.size);
    if (padding > 0) await out.append(zeros.subarray(0, padding));
  }
  return indexed;
}
