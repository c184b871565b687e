import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TareError } from '../../src/base/error.ts';
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../../src/oci/parse-config.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../../src/oci/validate.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const config = { mediaType: OCI_CONFIG, digest: A, size: 10 };
const layer = { mediaType: OCI_LAYER_GZIP, digest: B, size: 20 };
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...config, mediaType: OCI_MANIFEST }] };

const errorOf = (call: () => unknown): TareError => {
  try {
    call();
  } catch (error) {
    if (error instanceof TareError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

describe('parseManifest', () => {
  it('keeps unknown members, drops what is null', () => {
    const value = { ...manifest, annotations: null, subject: null, 'x-own': { deep: [1] } };
    expect(parseManifest(bytesOf(value))).toEqual({ ...manifest, 'x-own': { deep: [1] } });
  });

  it('reads Docker schema 2, a manifest without mediaType, and one without layers', () => {
    const docker = {
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: { ...config, mediaType: DOCKER_CONFIG },
      layers: [{ ...layer, mediaType: DOCKER_LAYER_GZIP }],
    };
    expect(parseManifest(bytesOf(docker), { mediaType: DOCKER_MANIFEST })).toEqual(docker);
    const { mediaType: _mediaType, ...bare } = manifest;
    expect(parseManifest(bytesOf(bare), { mediaType: OCI_MANIFEST })).toEqual(bare);
    expect(parseManifest(bytesOf({ ...manifest, layers: null })).layers).toEqual([]);
  });

  it.each([
    ['an array', [], 'E_MANIFEST', '$ must be an object, not an array'],
    ['no schemaVersion', { ...manifest, schemaVersion: undefined }, 'E_MANIFEST', '$.schemaVersion must be 2'],
    ['schemaVersion as text', { ...manifest, schemaVersion: '2' }, 'E_MANIFEST', '$.schemaVersion must be 2'],
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, 'E_MEDIA_TYPE', 'schema 1'],
    ['both kinds at once', { ...manifest, manifests: [] }, 'E_MANIFEST', '$.manifests does not belong'],
    ['layers of schema 1', { ...manifest, fsLayers: [] }, 'E_MANIFEST', '$.fsLayers does not belong'],
    ['an index', index, 'E_MANIFEST', '$.mediaType says'],
    ['an unknown type', { ...manifest, mediaType: 'a/b' }, 'E_MEDIA_TYPE', '"a/b" is not a manifest'],
    ['no config', { ...manifest, config: undefined }, 'E_MANIFEST', '$.config is missing'],
    ['no layers', { ...manifest, layers: undefined }, 'E_MANIFEST', '$.layers is missing'],
    ['layers as an object', { ...manifest, layers: {} }, 'E_MANIFEST', '$.layers must be an array, not an object'],
    ['no size', { ...manifest, config: { ...config, size: undefined } }, 'E_MANIFEST', '$.config.size is missing'],
    ['a negative size', { ...manifest, layers: [{ ...layer, size: -1 }] }, 'E_MANIFEST', '$.layers[0].size must not'],
    ['a broken size', { ...manifest, layers: [{ ...layer, size: 1.5 }] }, 'E_MANIFEST', '$.layers[0].size must be'],
    ['a vast size', { ...manifest, layers: [{ ...layer, size: 2 ** 60 }] }, 'E_MANIFEST', '$.layers[0].size must be'],
    ['a size as text', { ...manifest, layers: [layer, { ...layer, size: '1' }] }, 'E_MANIFEST', '$.layers[1].size'],
    [
      'a short digest',
      { ...manifest, layers: [{ ...layer, digest: 'sha256:ab' }] },
      'E_MANIFEST',
      '$.layers[0].digest',
    ],
    ['a path as digest', { ...manifest, config: { ...config, digest: '../../x' } }, 'E_MANIFEST', '$.config.digest'],
    ['no media type', { ...manifest, config: { ...config, mediaType: '' } }, 'E_MANIFEST', '$.config.mediaType'],
    ['a number annotated', { ...manifest, annotations: { 'a.b': 1 } }, 'E_MANIFEST', '$.annotations["a.b"] must be'],
    ['NUL', { ...manifest, annotations: { a: 'x\0' } }, 'E_MANIFEST', '$.annotations.a holds a NUL'],
    ['too many layers', { ...manifest, layers: Array.from({ length: 4097 }, () => layer) }, 'E_LIMIT', '4097 layers'],
  ])('refuses %s', (_name, value, code, message) => {
    const error = errorOf(() => parseManifest(bytesOf(value)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('refuses a type other than the announced one', () => {
    const error = errorOf(() => parseManifest(bytesOf(manifest), { mediaType: DOCKER_MANIFEST }));
    expect(error.message).toContain('it was announced as');
    expect(
      errorOf(() => parseManifest(bytesOf({ ...manifest, mediaType: undefined }), { mediaType: OCI_INDEX })).code,
    ).toBe('E_MANIFEST');
    const signed = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    expect(errorOf(() => parseManifest(bytesOf({}), { mediaType: signed })).code).toBe('E_MEDIA_TYPE');
  });

  it.each([
    ['too many bytes', Buffer.alloc(MAX_MANIFEST_BYTES + 1, 0x20), 'E_LIMIT'],
    ['depth', Buffer.from('['.repeat(100_000)), 'E_LIMIT'],
    ['nothing', new Uint8Array(), 'E_MANIFEST'],
    ['half a document', Buffer.from('{"schemaVersion":2,'), 'E_MANIFEST'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'E_MANIFEST'],
    ['null', Buffer.from('null'), 'E_MANIFEST'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(errorOf(() => parseManifest(bytes)).code).toBe(code);
    expect(errorOf(() => parseIndex(bytes)).code).toBe(code);
  });

  it('does not count brackets in strings as depth', () => {
    const annotations = { a: `${'[{'.repeat(200)}"\\"` };
    expect(parseManifest(bytesOf({ ...manifest, annotations })).annotations).toEqual(annotations);
  });
});

describe('parseIndex', () => {
  it('reads OCI indexes and Docker manifest lists', () => {
    const platform = { os: 'linux', architecture: 'arm', variant: 'v7', 'os.features': null, features: ['x'] };
    const list = {
      schemaVersion: 2,
      mediaType: DOCKER_INDEX,
      manifests: [{ ...config, mediaType: DOCKER_MANIFEST, platform }],
    };
    const { 'os.features': _none, ...kept } = platform;
    expect(parseIndex(bytesOf(list)).manifests[0]?.platform).toEqual(kept);
    expect(parseIndex(bytesOf(index))).toEqual(index);
    expect(parseIndex(bytesOf({ schemaVersion: 2, manifests: null })).manifests).toEqual([]);
  });

  it.each([
    ['both kinds at once', { ...index, layers: [] }, '$.layers does not belong'],
    ['both kinds at once', { ...index, config }, '$.config does not belong'],
    ['a manifest', { ...index, mediaType: OCI_MANIFEST }, '$.mediaType says'],
    ['no manifests', { schemaVersion: 2 }, '$.manifests is missing'],
    [
      'a platform without architecture',
      { ...index, manifests: [{ ...config, platform: { os: 'linux' } }] },
      '$.manifests[0].platform.architecture is missing',
    ],
  ])('refuses %s', (_name, value, message) => {
    const error = errorOf(() => parseIndex(bytesOf(value)));
    expect([error.code, error.message]).toEqual(['E_MANIFEST', expect.stringContaining(message)]);
  });
});

describe('parseImageConfig', () => {
  const image = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [A] } };
  const parsed = parseManifest(bytesOf(manifest));

  it('takes null for absent everywhere, and keeps unknown members', () => {
    const value = {
      ...image,
      created: null,
      variant: null,
      history: null,
      container_config: { Hostname: 'x' },
      config: {
        Entrypoint: null,
        Cmd: null,
        Env: null,
        ExposedPorts: null,
        Volumes: { '/data': null },
        Labels: null,
        User: '',
        Healthcheck: { Test: null, Interval: 1e9 },
        OnBuild: null,
        ArgsEscaped: true,
      },
    };
    expect(parseImageConfig(bytesOf(value))).toEqual({
      ...image,
      container_config: { Hostname: 'x' },
      config: {
        Volumes: { '/data': {} },
        User: '',
        Healthcheck: { Interval: 1e9 },
        OnBuild: null,
        ArgsEscaped: true,
      },
    });
    expect(parseImageConfig(bytesOf({ ...image, config: null })).config).toBeUndefined();
  });

  it.each([undefined, null])('an image without layers may have %s for diff IDs', (diff_ids) => {
    expect(parseImageConfig(bytesOf({ ...image, rootfs: { type: 'layers', diff_ids } })).rootfs.diff_ids).toEqual([]);
  });

  it('leaves the history alone: it may be longer or shorter than the layers', () => {
    for (const history of [[], [{ created_by: 'a' }, { created_by: 'b', empty_layer: null }, {}]])
      expect(parseImageConfig(bytesOf({ ...image, history }), { manifest: parsed }).history).toHaveLength(
        history.length,
      );
  });

  it.each([
    ['no os', { ...image, os: undefined }, '$.os is missing'],
    ['an empty os', { ...image, os: '' }, '$.os must not be empty'],
    ['no architecture', { ...image, architecture: null }, '$.architecture is missing'],
    ['no rootfs', { ...image, rootfs: undefined }, '$.rootfs is missing'],
    ['another rootfs', { ...image, rootfs: { type: 'base', diff_ids: [] } }, '$.rootfs.type must be "layers"'],
    ['a broken diff ID', { ...image, rootfs: { type: 'layers', diff_ids: ['x'] } }, '$.rootfs.diff_ids[0] must be'],
    ['Env as an object', { ...image, config: { Env: { A: 'b' } } }, '$.config.Env must be an array'],
    ['Cmd as text', { ...image, config: { Cmd: 'x' } }, '$.config.Cmd must be an array'],
    ['a NUL in Env', { ...image, config: { Env: ['A=\0'] } }, '$.config.Env[0] holds a NUL'],
    ['ports as a list', { ...image, config: { ExposedPorts: ['80'] } }, '$.config.ExposedPorts must be an object'],
    ['history as text', { ...image, history: ['x'] }, '$.history[0] must be an object'],
  ])('refuses %s', (_name, value, message) => {
    const error = errorOf(() => parseImageConfig(bytesOf(value)));
    expect([error.code, error.message]).toEqual(['E_MANIFEST', expect.stringContaining(message)]);
  });

  it('must agree with its manifest', () => {
    expect(parseImageConfig(bytesOf(image), { manifest: parsed }).os).toBe('linux');
    const two = parseManifest(bytesOf({ ...manifest, layers: [layer, layer] }));
    expect(errorOf(() => parseImageConfig(bytesOf(image), { manifest: two })).message).toBe(
      'the manifest has 2 layers, but its config has 1 diff IDs',
    );
    const chart = { ...manifest, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } };
    const error = errorOf(() => parseImageConfig(bytesOf({}), { manifest: parseManifest(bytesOf(chart)) }));
    expect(error.code).toBe('E_MEDIA_TYPE');
  });

  it('stops at its cap', () => {
    expect(errorOf(() => parseImageConfig(Buffer.alloc(MAX_CONFIG_BYTES + 1))).code).toBe('E_LIMIT');
  });
});

describe('properties', () => {
  const parsers = [parseManifest, parseIndex, parseImageConfig];

  it('any JSON is read or refused with a TareError', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(2), (text, at) => {
        try {
          parsers[at]?.(Buffer.from(text));
        } catch (error) {
          expect(error).toBeInstanceOf(TareError);
        }
      }),
    );
  });

  it('a document in which one value is replaced is read or refused with a TareError', () => {
    const documents = [
      manifest,
      index,
      { os: 'linux', architecture: 'amd64', config: { Env: ['A=b'] }, rootfs: { type: 'layers', diff_ids: [A] } },
    ];
    fc.assert(
      fc.property(fc.nat(2), fc.nat(30), fc.jsonValue(), (which, at, replacement) => {
        let seen = 0;
        const text = JSON.stringify(documents[which], (_key, value: unknown) => (seen++ === at ? replacement : value));
        try {
          parsers[which]?.(Buffer.from(text));
        } catch (error) {
          expect(error).toBeInstanceOf(TareError);
        }
      }),
    );
  });
});
