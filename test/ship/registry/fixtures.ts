import { createHash } from 'node:crypto';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const EXAMPLE_1 = 'application/vnd.example.one';
export const EXAMPLE_2 = 'application/vnd.example.two';

/** What rows speak of by name: bytes, and of manifests the media type and what must be pushed before. */
export interface Fixture {
  readonly bytes: Buffer;
  readonly mediaType?: string;
  readonly needs?: readonly string[];
}

export const digestOf = (bytes: Buffer, algorithm = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;

const blob = (text: string): Fixture => ({ bytes: Buffer.from(text) });
const blobs = {
  config: blob('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'),
  layer: blob('a layer, as far as a registry cares'),
  other: blob('another layer'),
  digits: blob('0123456789'),
  zero: blob(''),
  empty: blob('{}'),
  long: blob('0123456789abcdef'.repeat(192)),
} as const satisfies Record<string, Fixture>;

const descriptor = (mediaType: string, { bytes }: Fixture, more: object = {}, algorithm = 'sha256'): object => ({
  mediaType,
  digest: digestOf(bytes, algorithm),
  size: bytes.length,
  ...more,
});

const document = (mediaType: string, needs: readonly string[], value: object, told?: string): Fixture => ({
  bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...value })),
  mediaType: told ?? mediaType,
  needs,
});

const config = descriptor(OCI_CONFIG, blobs.config);
const layer = descriptor(OCI_LAYER, blobs.layer);
const emptyConfig = descriptor(OCI_EMPTY, blobs.empty);

const image = document(OCI_MANIFEST, ['config', 'layer'], { config, layers: [layer] });
const image2 = document(OCI_MANIFEST, ['config', 'other'], { config, layers: [descriptor(OCI_LAYER, blobs.other)] });
const docker = document(DOCKER_MANIFEST, ['config'], {
  config: descriptor(DOCKER_CONFIG, blobs.config),
  layers: [],
});
const index = document(OCI_INDEX, ['image', 'image2'], {
  manifests: [
    descriptor(OCI_MANIFEST, image, { platform: { os: 'linux', architecture: 'amd64' } }),
    descriptor(OCI_MANIFEST, image2, { platform: { os: 'linux', architecture: 'arm64' } }),
  ],
});
const subject = descriptor(OCI_MANIFEST, image);
const artifactLayer = descriptor(EXAMPLE_1, blobs.layer);

export const FIXTURES: Readonly<Record<string, Fixture>> = {
  ...blobs,
  image,
  image2,
  docker,
  dockerList: document(DOCKER_LIST, ['docker'], {
    manifests: [descriptor(DOCKER_MANIFEST, docker, { platform: { os: 'linux', architecture: 'amd64' } })],
  }),
  index,
  nestedIndex: document(OCI_INDEX, ['index'], { manifests: [descriptor(OCI_INDEX, index)] }),
  emptyIndex: document(OCI_INDEX, [], { manifests: [] }),
  sparseIndex: document(OCI_INDEX, ['image'], {
    manifests: [
      descriptor(OCI_MANIFEST, image, { platform: { os: 'linux', architecture: 'amd64' } }),
      descriptor(OCI_MANIFEST, blob('never pushed'), { platform: { os: 'linux', architecture: 'arm64' } }),
    ],
  }),
  artifactIndex: document(OCI_INDEX, ['image'], {
    artifactType: EXAMPLE_1,
    manifests: [descriptor(OCI_MANIFEST, image)],
  }),
  artifact: document(OCI_MANIFEST, ['empty', 'layer'], {
    artifactType: EXAMPLE_1,
    config: emptyConfig,
    layers: [artifactLayer],
  }),
  artifactWithoutLayers: document(OCI_MANIFEST, ['empty'], {
    artifactType: EXAMPLE_1,
    config: emptyConfig,
    layers: [emptyConfig],
  }),
  customConfig: document(OCI_MANIFEST, ['config', 'layer'], {
    config: descriptor(EXAMPLE_2, blobs.config),
    layers: [artifactLayer],
  }),
  noLayers: document(OCI_MANIFEST, ['config'], { config, layers: [] }),
  customFields: document(OCI_MANIFEST, ['config', 'layer'], {
    config,
    layers: [layer],
    'org.example.extra': [1, null],
  }),
  data: document(OCI_MANIFEST, ['config', 'layer'], {
    config: { ...config, data: blobs.config.bytes.toString('base64') },
    layers: [{ ...layer, data: blobs.layer.bytes.toString('base64') }],
  }),
  foreignLayers: document(OCI_MANIFEST, ['config'], {
    config,
    layers: [
      descriptor('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', blob('elsewhere'), {
        urls: ['https://example.com/layer'],
      }),
    ],
  }),
  sha512Image: document(OCI_MANIFEST, ['config@sha512', 'layer@sha512'], {
    config: descriptor(OCI_CONFIG, blobs.config, {}, 'sha512'),
    layers: [descriptor(OCI_LAYER, blobs.layer, {}, 'sha512')],
  }),
  signature: document(OCI_MANIFEST, ['image', 'empty', 'layer'], {
    artifactType: EXAMPLE_1,
    config: emptyConfig,
    layers: [artifactLayer],
    subject,
    annotations: { 'org.example.note': 'hello' },
  }),
  signature2: document(OCI_MANIFEST, ['image', 'config', 'layer'], {
    config: descriptor(EXAMPLE_2, blobs.config),
    layers: [artifactLayer],
    subject,
  }),
  imageOfSubject: document(OCI_MANIFEST, ['image', 'config', 'layer'], { config, layers: [layer], subject }),
  indexOfSubject: document(OCI_INDEX, ['image'], {
    artifactType: EXAMPLE_1,
    manifests: [descriptor(OCI_MANIFEST, image)],
    subject,
    annotations: { 'org.example.note': 'an index' },
  }),
  ofMissingSubject: document(OCI_MANIFEST, ['empty', 'layer'], {
    artifactType: EXAMPLE_1,
    config: emptyConfig,
    layers: [artifactLayer],
    subject: descriptor(OCI_MANIFEST, blob('never pushed')),
  }),
  oras: document('application/vnd.oci.artifact.manifest.v1+json', ['layer'], {
    artifactType: EXAMPLE_1,
    blobs: [artifactLayer],
  }),
  custom: document('application/vnd.example.manifest+json', ['layer'], { layers: [artifactLayer] }),
  withoutMediaType: {
    bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: [layer] })),
    mediaType: OCI_MANIFEST,
    needs: ['config', 'layer'],
  },
  large: document(OCI_MANIFEST, ['config'], {
    config,
    layers: [],
    annotations: Object.fromEntries(Array.from({ length: 390 }, (_, at) => [`org.example.${at}`, 'A'.repeat(10_000)])),
  }),
  // What must be refused.
  tooLarge: document(OCI_MANIFEST, ['config'], { config, layers: [], annotations: { a: 'A'.repeat(4 * 1024 * 1024) } }),
  absentLayer: document(OCI_MANIFEST, ['config'], { config, layers: [descriptor(OCI_LAYER, blob('never pushed'))] }),
  liar: document(OCI_INDEX, ['config', 'layer'], { config, layers: [layer] }, OCI_MANIFEST),
  twofold: document(OCI_MANIFEST, ['config', 'layer'], { config, layers: [layer], manifests: [] }),
  badDigest: document(OCI_MANIFEST, ['config'], { config: { ...config, digest: 'sha256:short' }, layers: [] }),
  schema1: {
    bytes: Buffer.from('{"schemaVersion":1,"name":"x","tag":"y","fsLayers":[],"history":[]}'),
    mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  },
  text: { bytes: Buffer.from('<html>no manifest</html>'), mediaType: OCI_MANIFEST },
  deep: { bytes: Buffer.from(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`), mediaType: OCI_MANIFEST },
  deepCustom: { bytes: Buffer.from(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`), mediaType: EXAMPLE_1 },
};
