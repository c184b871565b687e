import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import type { ImageConfig } from '../../../src/oci/types.ts';
import { CACHE_MEMBER, cacheRecord, cacheRecordsOf, packedBlobsOf } from '../../../src/solve/cache-image/records.ts';

const DIFF_ID = sha256('layer');
const RECORD = { key: sha256('key'), name: 'RUN make', layer: { diffId: DIFF_ID, size: 512 } };

const configOf = (member: unknown): ImageConfig =>
  ({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [DIFF_ID] },
    [CACHE_MEMBER]: member,
  }) as ImageConfig;

describe('cacheRecordsOf', () => {
  it('finds records by key', () => {
    const found = cacheRecordsOf(configOf({ records: [RECORD, { ...RECORD, key: sha256('2'), layer: null }] }));
    expect(found?.unusable).toBe(0);
    expect(found?.records.get(RECORD.key)).toEqual({ name: RECORD.name, layer: RECORD.layer });
    expect(found?.records.get(sha256('2'))?.layer).toBeNull();
  });

  it.each([[undefined], [null], [7], [[]], [{}], [{ records: 'x' }]])('are none in %j', (member) => {
    expect(cacheRecordsOf(configOf(member))).toBeUndefined();
  });

  it.each<readonly [name: string, record: unknown]>([
    ['nothing', null],
    ['a text', 'x'],
    ['no key', { ...RECORD, key: undefined }],
    ['a key that is no digest', { ...RECORD, key: '../../x' }],
    ['no name', { ...RECORD, name: 7 }],
    ['no layer', { key: RECORD.key, name: 'x' }],
    ['a size that is none', { ...RECORD, layer: { diffId: DIFF_ID, size: -1.5 } }],
    ['a negative size', { ...RECORD, layer: { diffId: DIFF_ID, size: -1 } }],
    ['a layer that the image does not have', { ...RECORD, layer: { diffId: sha256('other'), size: 512 } }],
  ])('leaves out a record with %s', (_name, record) => {
    expect(cacheRecordsOf(configOf({ records: [record] }))).toEqual({ records: new Map(), unusable: 1 });
  });

  it('takes no more than a cap, and the first of a key', () => {
    const many = Array.from({ length: 20_002 }, () => RECORD);
    const found = cacheRecordsOf(configOf({ records: many }));
    expect([found?.records.size, found?.unusable]).toEqual([1, 2]);
  });
});

describe('packedBlobsOf', () => {
  const BLOB = sha256('blob');
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: BLOB, size: 1 };
  const manifest = { schemaVersion: 2 as const, config: layer, layers: [layer] };

  it.each<readonly [name: string, member: unknown, blobs: readonly string[]]>([
    ['the same', { packed: 'gzip:6 format 1', blobs: [BLOB] }, [BLOB]],
    ['another level', { packed: 'gzip:9 format 1', blobs: [BLOB] }, []],
    ['a layer that was compressed anew', { packed: 'gzip:6 format 1', blobs: [sha256('other')] }, []],
    ['nothing', {}, []],
    ['something else', { packed: 'gzip:6 format 1', blobs: 7 }, []],
  ])('%s', (_name, member, blobs) => {
    expect([...packedBlobsOf({ config: configOf(member), manifest }, 'gzip:6 format 1')]).toEqual(blobs);
  });
});

it('makes names one short line', () => {
  const { name } = cacheRecord(RECORD.key, { name: `RUN <<X\n${'y'.repeat(500)}`, layer: null });
  expect([name.length, name.slice(0, 10)]).toEqual([200, 'RUN <<X yy']);
});
