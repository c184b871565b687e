import { TareError } from '../base/error.ts';
import type { Descriptor } from '../oci/types.ts';

const LAYER_MEDIA_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.gzip|\.zstd)?)$/;

/** @throws TareError E_MEDIA_TYPE for anything that is not a tar, plain or with gzip or zstd */
export function requireLayerType({ digest, mediaType }: Descriptor): void {
  if (!LAYER_MEDIA_TYPE.test(mediaType)) {
    throw new TareError('E_MEDIA_TYPE', `layer ${digest} has the media type ${JSON.stringify(mediaType)}`);
  }
}
