import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { collectBytes } from '../../base/streams.ts';
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../oci/media-types.ts';
import type { Descriptor } from '../../oci/types.ts';
import { HEAD_BYTES, packingOf } from '../packing.ts';
import type { Slot, TarFile } from '../tar-file.ts';

export interface SavedLayer {
  readonly descriptor: Descriptor;
  readonly slot: Slot;
}

/**
 * What a layer file of an archive is, by its first bytes. An uncompressed one is described by its diff ID: whoever reads it checks that, and
 * nothing is read twice. The digest of a compressed one stands nowhere, so it is read once.
 *
 * @throws TareError E_ARCHIVE when it is not there, or compressed as no layer may be
 */
export async function savedLayer(tar: TarFile, path: string, diffId: Digest, signal: AbortSignal): Promise<SavedLayer> {
  const slot = tar.find(path);
  if (slot === undefined)
    throw new TareError('E_ARCHIVE', `${tar.what} is incomplete: the layer ${JSON.stringify(path)} is not in it`);
  const { offset, size } = slot;
  const head = await collectBytes(tar.read({ offset, size: Math.min(size, HEAD_BYTES) }), HEAD_BYTES, tar.what);
  const packing = packingOf(head);
  if (packing === 'none') return { slot, descriptor: { mediaType: OCI_LAYER, digest: diffId, size } };
  if (packing !== 'gzip' && packing !== 'zstd')
    throw new TareError('E_ARCHIVE', `the layer ${JSON.stringify(path)} in ${tar.what} is compressed with ${packing}`);
  const hash = createHash('sha256');
  for await (const chunk of tar.read(slot)) {
    throwIfCancelled(signal);
    hash.update(chunk);
  }
  const mediaType = packing === 'gzip' ? OCI_LAYER_GZIP : OCI_LAYER_ZSTD;
  return { slot, descriptor: { mediaType, digest: `sha256:${hash.digest('hex')}`, size } };
}
