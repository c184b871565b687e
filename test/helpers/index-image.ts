import { encodeIndex, encodeManifest } from '../../src/oci/encode.ts';
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Descriptor, ImageIndex } from '../../src/oci/types.ts';
import type { Store } from '../../src/store/types.ts';
import { makeImage, type MadeImage } from './images.ts';

export interface MadeIndex {
  readonly descriptor: Descriptor;
  readonly index: ImageIndex;
  readonly images: readonly MadeImage[];
}

/** An index of linux/amd64 and linux/arm64, which share their lowest layer, under a name of the store. */
export async function makeIndex(store: Store, name: string): Promise<MadeIndex> {
  const images: MadeImage[] = [];
  for (const architecture of ['amd64', 'arm64'])
    images.push(
      await makeImage({
        store,
        layers: [
          [{ path: 'etc/' }, { path: 'etc/motd', content: 'hello\n' }],
          [{ path: 'bin/' }, { path: 'bin/app', content: Buffer.from(architecture.repeat(20_000)), mode: 0o755 }],
        ],
        config: {
          architecture,
          config: { Entrypoint: ['/bin/app'] },
          history: [{ created_by: 'a' }, { created_by: 'b' }],
        },
      }),
    );
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: images.map(({ config, descriptor }) => ({
      ...descriptor,
      platform: { os: 'linux', architecture: config.architecture },
    })),
  };
  const descriptor = { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(encodeIndex(index))) };
  await store.tag(name, descriptor);
  return { descriptor, index, images };
}

/** An artifact of one small layer, with or without a subject. Given as bytes: nothing names it yet. */
export async function makeArtifact(
  store: Store,
  options: { readonly type: string; readonly content: string; readonly subject?: Descriptor },
): Promise<Descriptor> {
  const { content, subject, type } = options;
  const config = { mediaType: OCI_EMPTY, ...(await store.blobs.putBytes(Buffer.from('{}'))) };
  const layer = { mediaType: type, ...(await store.blobs.putBytes(Buffer.from(content))) };
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: type,
    config,
    layers: [layer],
    ...(subject === undefined
      ? {}
      : { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } }),
  });
  return { mediaType: OCI_MANIFEST, ...(await store.blobs.putBytes(bytes)) };
}
