import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, type Digest } from '../../src/base/digest.ts';
import { chainIds } from '../../src/oci/chain-ids.ts';
import { appendLayers, withAnnotations, withConfig, type ImageParts } from '../../src/oci/edits.ts';
import { encodeConfig, encodeIndex, encodeManifest } from '../../src/oci/encode.ts';
import { evidenceAnnotations, evidenceOfAnnotations, withoutEvidence } from '../../src/oci/evidence-annotation.ts';
import {
  compressionOf,
  EVIDENCE_MEDIA_TYPE,
  isForeignLayer,
  isIndex,
  isManifest,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts';
import { parseImageConfig } from '../../src/oci/parse-config.ts';
import { parseManifest } from '../../src/oci/validate.ts';

const digestOf = (text: string): Digest => sha256(text);
const layer = (text: string) => ({
  descriptor: { mediaType: OCI_LAYER_GZIP, digest: digestOf(`gzip ${text}`), size: text.length },
  diffId: digestOf(text),
});
const empty: ImageParts = {
  manifest: {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: digestOf(''), size: 0 },
    layers: [],
  },
  config: { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } },
};
const frozen = structuredClone(empty);

const holdsTogether = ({ config, manifest }: ImageParts): void => {
  const bytes = encodeConfig(config);
  expect(manifest.config).toEqual({ mediaType: OCI_CONFIG, digest: sha256(bytes), size: bytes.length });
  expect(parseImageConfig(bytes, { manifest: parseManifest(encodeManifest(manifest)) })).toEqual(config);
};

describe('edits', () => {
  it('append layers on top, with their history, and leave the base as it was', () => {
    const one = appendLayers(empty, { ...layer('a'), history: { created_by: 'first' } });
    const three = appendLayers(one, layer('b'), layer('c'));
    expect(three.manifest.layers.map((item) => item.digest)).toEqual(['a', 'b', 'c'].map((x) => digestOf(`gzip ${x}`)));
    expect(three.config.rootfs.diff_ids).toEqual(['a', 'b', 'c'].map(digestOf));
    expect(three.config.history).toEqual([{ created_by: 'first' }, {}, {}]);
    expect(appendLayers(empty, layer('a'), layer('b')).manifest.layers).toEqual(
      appendLayers(appendLayers(empty, layer('a')), layer('b')).manifest.layers,
    );
    expect(empty).toEqual(frozen);
    holdsTogether(one);
    holdsTogether(three);
  });

  it('change the config and the annotations', () => {
    const changed = withConfig(empty, { ...empty.config, config: { Cmd: ['x'] } });
    holdsTogether(changed);
    const noted = withAnnotations(withAnnotations(changed, { a: '1', b: '2' }), { b: '3' });
    expect(noted.manifest.annotations).toEqual({ a: '1', b: '3' });
    holdsTogether(noted);
    expect(empty).toEqual(frozen);
  });

  it('refuse a config with another count of layers', () => {
    const config = { ...empty.config, rootfs: { type: 'layers' as const, diff_ids: [digestOf('a')] } };
    expect(() => withConfig(empty, config)).toThrow(expect.objectContaining({ code: 'E_MANIFEST' }));
  });
});

describe('encoding', () => {
  it('does not depend on the order of members', () => {
    const { config, layers, mediaType, schemaVersion } = empty.manifest;
    expect(
      encodeManifest({ schemaVersion, layers, config, ...(mediaType === undefined ? {} : { mediaType }) }),
    ).toEqual(encodeManifest(empty.manifest));
    expect(Buffer.from(encodeIndex({ schemaVersion: 2, manifests: [] })).toString()).toBe(
      '{"manifests":[],"schemaVersion":2}',
    );
  });
});

describe('chainIds', () => {
  it('are those of the image specification', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(digestOf) as [Digest, Digest, Digest];
    const ab: Digest = `sha256:${createHash('sha256').update(`${a} ${b}`).digest('hex')}`;
    const abc: Digest = `sha256:${createHash('sha256').update(`${ab} ${c}`).digest('hex')}`;
    expect(chainIds([a, b, c])).toEqual([a, ab, abc]);
    expect(chainIds([])).toEqual([]);
  });
});

describe('media types', () => {
  it.each([
    ['application/vnd.oci.image.layer.v1.tar', 'none'],
    ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
    ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
    ['application/vnd.docker.image.rootfs.diff.tar', 'none'],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
    ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
  ])('%s is compressed with %s', (mediaType, compression) => {
    expect(compressionOf(mediaType)).toBe(compression);
    expect(isForeignLayer(mediaType)).toBe(false);
  });

  it.each([
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'foreign'],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'foreign'],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'foreign'],
    ['application/vnd.oci.image.layer.v1.tar+gzip+encrypted', 'not a layer type'],
    ['application/octet-stream', 'not a layer type'],
    ['constructor', 'not a layer type'],
  ])('%s is refused', (mediaType, why) => {
    expect(() => compressionOf(mediaType)).toThrow(
      expect.objectContaining({ code: 'E_MEDIA_TYPE', message: expect.stringContaining(why) }),
    );
  });

  it('tell manifests from indexes', () => {
    expect([isManifest(OCI_MANIFEST), isIndex(OCI_MANIFEST)]).toEqual([true, false]);
    expect(isIndex('application/vnd.docker.distribution.manifest.list.v2+json')).toBe(true);
    expect(isManifest('application/vnd.docker.distribution.manifest.v1+json')).toBe(false);
  });
});

describe('the annotation of the record of reasons', () => {
  it('goes there and back', () => {
    const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`);
    fc.assert(
      fc.property(digest, fc.nat({ max: 1e12 }), (digest, size) => {
        const evidence = { mediaType: EVIDENCE_MEDIA_TYPE, digest, size };
        const annotations = { other: 'x', ...evidenceAnnotations(evidence) };
        expect(evidenceOfAnnotations(annotations)).toEqual(evidence);
        expect(withoutEvidence(annotations)).toEqual({ other: 'x' });
      }),
    );
  });

  it.each([
    undefined,
    {},
    { 'dev.tare.evidence': 'x', 'dev.tare.evidence.size': '1' },
    { 'dev.tare.evidence': digestOf('a') },
    { 'dev.tare.evidence': digestOf('a'), 'dev.tare.evidence.size': '-1' },
    { 'dev.tare.evidence': digestOf('a'), 'dev.tare.evidence.size': '1e3' },
  ])('is none in %j', (annotations) => {
    expect(evidenceOfAnnotations(annotations)).toBeUndefined();
  });
});
