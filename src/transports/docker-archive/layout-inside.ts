import type { Digest } from '../../base/digest.ts';
import { isIndex, isManifest } from '../../oci/media-types.ts';
import type { Descriptor } from '../../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../../oci/validate.ts';
import { MAX_INDEX_DEPTH, readBlob } from '../image.ts';
import { blobPath, INDEX_FILE, LAYOUT_FILE, readLayoutIndex } from '../layout.ts';
import { layoutTar } from '../layout-tar.ts';
import type { TarFile } from '../tar-file.ts';

/** Manifests looked at for one image: an index has one per platform. */
const MAX_MANIFESTS = 256;

/**
 * Since Docker 25 an archive is an OCI layout as well, with the real manifest: the one whose config `manifest.json` names.
 * Undefined when the archive has none, or not all of its layers.
 * @throws TareError when what is there is damaged
 */
export async function manifestInside(tar: TarFile, config: Digest): Promise<Descriptor | undefined> {
  if (tar.find(LAYOUT_FILE) === undefined || tar.find(INDEX_FILE) === undefined) return undefined;
  const { manifests } = await readLayoutIndex(layoutTar(tar));
  const queue = manifests.map((descriptor) => ({ descriptor, depth: 0 }));
  const has = (descriptor: Descriptor): boolean => tar.find(blobPath(descriptor.digest)) !== undefined;
  for (let seen = 0; queue.length > 0 && seen < MAX_MANIFESTS; seen += 1) {
    const { depth, descriptor } = queue.shift() as (typeof queue)[number];
    // Docker saves one platform of an image, and the index names all of them.
    if (!has(descriptor)) continue;
    const { mediaType } = descriptor;
    if (isIndex(mediaType) && depth < MAX_INDEX_DEPTH) {
      const bytes = await readBlob(layoutTar(tar).blobs, descriptor, MAX_MANIFEST_BYTES);
      const inner = parseIndex(bytes, { mediaType }).manifests;
      queue.push(...inner.slice(0, MAX_MANIFESTS).map((item) => ({ descriptor: item, depth: depth + 1 })));
    } else if (isManifest(mediaType)) {
      const bytes = await readBlob(layoutTar(tar).blobs, descriptor, MAX_MANIFEST_BYTES);
      const manifest = parseManifest(bytes, { mediaType });
      if (manifest.config.digest === config && [manifest.config, ...manifest.layers].every(has)) return descriptor;
    }
  }
  return undefined;
}
