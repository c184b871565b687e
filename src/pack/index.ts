import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import type { ContentReader, Entry } from '../tree/types.ts';
import type { Compression } from './compression.ts';
import { contentDigests } from './content-digests.ts';
import { openFileDigests } from './file-digests.ts';
import { membersOf, type Epoch, type PackMember } from './members.ts';
import { layerMediaType } from './media-type.ts';
import { findPacked, keyOf, knowsShape, rememberPacked, shapeOf, type PackedRecord } from './reuse.ts';
import { writeLayer } from './write-layer.ts';

export { parseCompression, type Compression } from './compression.ts';

export interface PackOptions {
  /** In any order. The folders above an entry are not invented: who wants them names them. */
  readonly entries: readonly Entry[];
  readonly content: ContentReader;
  readonly store: Store;
  readonly compression: Compression;
  readonly epoch: Epoch;
  readonly ctx: Context;
}

/** A layer that is in the store. Sizes in bytes. */
export interface PackedLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** Content of its files. */
  readonly disk: number;
  /** The blob. */
  readonly wire: number;
  /** Members that are not folders. */
  readonly files: number;
  /** The uncompressed archive. */
  readonly tarSize: number;
  /** True when the very same layer was packed before, and nothing had to be compressed. */
  readonly reused?: boolean;
}

/**
 * Writes a layer into the store, and its index beside it, so that it is never decompressed here. The bytes depend on the entries, their
 * content, `compression` and `epoch` alone: not on the order of the entries, the machine, or the number of threads.
 *
 * Files are read and hashed once; what was hashed before and has not been touched since is not read at all when the layer was packed before.
 *
 * @throws TareError E_IO when a file is gone or changes meanwhile, E_PATH, E_PATH_NOT_FOUND as membersOf, E_TAR when a header cannot be
 * written, E_TOOL_MISSING without the zstd encoder, E_NO_SPACE, E_READ_ONLY, E_PERMISSION, E_CANCELLED. Nothing is stored then.
 */
export async function packLayer(options: PackOptions): Promise<PackedLayer> {
  const { compression, content, ctx, epoch, store } = options;
  const members = membersOf(options.entries, epoch);
  const files = await openFileDigests(store.home);
  const shape = shapeOf(members, compression);
  const found = (await knowsShape(store, shape))
    ? await findPacked(store, keyOf(shape, await contentDigests(members, { content, files, signal: ctx.signal })))
    : undefined;
  if (found !== undefined) {
    await files.save();
    return { ...layerOf(members, compression, found), reused: true };
  }
  const written = await writeLayer({ members, content, files, compression }, store, ctx);
  const { diffId, digest, indexed, tarSize, wire } = written;
  const record: PackedRecord = { digest, diffId, wire, tarSize };
  const layer = layerOf(members, compression, record);
  await store.putLayerIndex(layer.descriptor, { diffId, wire, disk: tarSize, members: indexed });
  const contents = indexed.flatMap((member) => member.sha256 ?? []);
  await rememberPacked(store, keyOf(shape, contents), record);
  await files.save();
  return layer;
}

function layerOf(members: readonly PackMember[], compression: Compression, record: PackedRecord): PackedLayer {
  let disk = 0;
  let files = 0;
  for (const { header } of members) {
    disk += header.size;
    if (header.type !== 'directory') files += 1;
  }
  const { diffId, digest, tarSize, wire } = record;
  return {
    descriptor: { mediaType: layerMediaType(compression), digest, size: wire },
    diffId,
    disk,
    wire,
    files,
    tarSize,
  };
}
