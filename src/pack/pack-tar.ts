import { createReadStream } from 'node:fs';
import { throwIfCancelled } from '../base/context.ts';
import { hexOf, type Digest } from '../base/digest.ts';
import { fromErrno, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Bytes } from '../base/streams.ts';
import type { Descriptor } from '../oci/types.ts';
import type { LayerIndex, Store } from '../store/types.ts';
import { CHUNK_BYTES, createChunkSink } from './chunk-sink.ts';
import type { Compression } from './compression.ts';
import type { ChunkCompressor } from './compressor.ts';
import { layerMediaType } from './media-type.ts';
import type { PackedLayer } from './index.ts';
import { findPacked, rememberPacked } from './reuse.ts';
import { createTarAssembler } from './tar-assembler.ts';

export interface PackTarOptions {
  /** The uncompressed archive on this machine. */
  readonly file: string;
  /** What is in it, and its diff ID. */
  readonly index: LayerIndex;
  readonly store: Store;
  readonly compression: Compression;
  /** Somebody else's, who closes it. Default: one of its own. */
  readonly compressor?: ChunkCompressor;
  readonly ctx: Context;
}

/**
 * A tar that is there already → a layer in the store, with its index. The same bytes as before are not compressed again.
 * @throws TareError E_DIGEST when the file is not the archive that the index is of; E_NO_SPACE, …, E_CANCELLED. Nothing is stored then
 */
export async function packTar(options: PackTarOptions): Promise<PackedLayer> {
  const { compression, index, store } = options;
  const key = keyOf(index.diffId, compression);
  const found = await findPacked(store, key);
  const record = found ?? (await compressed(options));
  const layer = describe(index, { mediaType: layerMediaType(compression), ...record });
  if (found !== undefined) return { ...layer, reused: true };
  await store.putLayerIndex(layer.descriptor, { ...index, wire: record.wire });
  await rememberPacked(store, key, { ...record, diffId: index.diffId, tarSize: index.disk });
  return layer;
}

/** The layer that this tar became before, when it is still in the store. */
export async function findPackedTar(
  diffId: Digest,
  { compression, store }: Pick<PackTarOptions, 'compression' | 'store'>,
): Promise<Pick<PackedLayer, 'descriptor' | 'diffId'> | undefined> {
  const found = await findPacked(store, keyOf(diffId, compression));
  if (found === undefined) return undefined;
  return { descriptor: { mediaType: layerMediaType(compression), digest: found.digest, size: found.wire }, diffId };
}

function keyOf(diffId: Digest, compression: Compression): string {
  const level = compression.kind === 'none' ? '' : `-${String(compression.level)}`;
  return `tar-${compression.kind}${level}-${hexOf(diffId)}`;
}

/**
 * Takes the blob that somebody else made of a tar for what `packTar` would make of it here. The caller has seen that it unpacks to this tar, and knows that it
 * was packed in the same way (`packedAs`).
 * @throws TareError E_DIGEST, E_SIZE when it is not the blob; what `bytes` throws
 */
export async function adoptPacked(
  blob: { readonly descriptor: Descriptor; readonly bytes: () => Bytes },
  { compression, index, store }: Pick<PackTarOptions, 'compression' | 'index' | 'store'>,
): Promise<void> {
  const key = keyOf(index.diffId, compression);
  if ((await findPacked(store, key)) !== undefined) return;
  const { digest, mediaType, size } = blob.descriptor;
  await store.blobs.put(blob.bytes(), { digest, size });
  await store.putLayerIndex({ mediaType, digest, size }, { ...index, wire: size });
  await rememberPacked(store, key, { digest, diffId: index.diffId, wire: size, tarSize: index.disk });
}

interface Packed {
  readonly digest: Digest;
  readonly wire: number;
}

function describe(
  index: LayerIndex,
  { digest, mediaType, wire }: Packed & { readonly mediaType: string },
): PackedLayer {
  return {
    descriptor: { mediaType, digest, size: wire },
    diffId: index.diffId,
    disk: index.members.reduce((sum, member) => sum + member.size, 0),
    wire,
    files: index.members.filter((member) => member.type !== 'directory').length,
    tarSize: index.disk,
  };
}

async function compressed(options: PackTarOptions): Promise<Packed> {
  const { compression, ctx, index } = options;
  if (options.compressor !== undefined) return compressedBy(options.compressor, options);
  const { compressorFor } = await import('./compressor-for.ts');
  const compressor = await compressorFor(compression, index.disk, ctx);
  try {
    return await compressedBy(compressor, options);
  } finally {
    await compressor.close();
  }
}

async function compressedBy(compressor: ChunkCompressor, { ctx, file, index, store }: PackTarOptions): Promise<Packed> {
  const writer = await store.blobs.writer();
  try {
    const out = createTarAssembler(createChunkSink(compressor, writer, index.disk), (done) => {
      throwIfCancelled(ctx.signal);
      ctx.onEvent({ kind: 'step.progress', step: 'pack', done, total: Math.max(done, index.disk), unit: 'bytes' });
    });
    for await (const chunk of createReadStream(file, { highWaterMark: Math.min(CHUNK_BYTES, Math.max(1, index.disk)) }))
      await out.append(chunk as Buffer);
    const diffId = await out.finish();
    if (diffId !== index.diffId)
      throw new TareError('E_DIGEST', `${file} has become another archive: ${diffId} instead of ${index.diffId}`);
    const { digest, size } = await writer.commit();
    return { digest, wire: size };
  } catch (error) {
    await writer.abort();
    throw fromErrno(error, `cannot read ${file}`);
  }
}
