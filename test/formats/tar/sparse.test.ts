import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, collectBytes } from '../../../src/base/streams.ts';
import { readTar, unfoldSparse, type SparseRun } from '../../../src/formats/tar/index.ts';
import { needs } from '../../helpers/needs.ts';
import { archive, base256, GNU, member, octal, padded, pax, record } from '../../helpers/tar-blocks.ts';
import { tempDir } from '../../helpers/temp.ts';
import { parse } from './parse.ts';

const oldRuns = (start: number, runs: readonly SparseRun[]): Record<number, string> =>
  Object.fromEntries(runs.map(([offset, length], i) => [start + i * 24, octal(offset, 12) + octal(length, 12)]));

const oldHeader = (runs: readonly SparseRun[], realSize: string, size: number, extended = ''): Buffer =>
  member({ name: 's', type: 'S', magic: GNU, size, at: { ...oldRuns(386, runs), 482: extended, 483: realSize } });

const extension = (runs: readonly SparseRun[], extended = ''): Buffer => {
  const out = Buffer.alloc(512);
  for (const [at, text] of Object.entries(oldRuns(0, runs))) out.write(text, Number(at), 'latin1');
  out.write(extended, 504, 'latin1');
  return out;
};

const v01 = (map: string, blocks: number | string, size: number | string): Buffer =>
  pax({
    'GNU.sparse.name': 's',
    'GNU.sparse.size': `${size}`,
    'GNU.sparse.numblocks': `${blocks}`,
    'GNU.sparse.map': map,
  });

const v10 = (realSize: number): Buffer =>
  pax({
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': 's',
    'GNU.sparse.realsize': `${realSize}`,
  });

async function unfolded(bytes: Uint8Array): Promise<string> {
  let text = '';
  for await (const { body } of readTar(bytesOf(bytes)))
    text = (await collectBytes(body, 1e7, 'body')).toString('latin1');
  return text;
}

describe('sparse files of all formats', () => {
  const many = Array.from({ length: 30 }, (_, i): SparseRun => [i * 10, 1]);
  const letters = many.map((_, i) => String.fromCharCode(65 + i)).join('');
  const spread = letters.replace(/./g, (letter) => letter.padEnd(10, '\0'));
  it.each<[what: string, bytes: Buffer, dataOffset: number, runs: readonly SparseRun[], text: string]>([
    [
      'old GNU',
      archive(
        oldHeader(
          [
            [2, 3],
            [8, 1],
          ],
          octal(10, 12),
          4,
        ),
        padded('abcd'),
      ),
      512,
      [
        [2, 3],
        [8, 1],
      ],
      '\0\0abc\0\0\0d\0',
    ],
    [
      'old GNU, sizes in base 256',
      archive(oldHeader([[0, 1]], base256(3n, 12), 1), padded('a')),
      512,
      [[0, 1]],
      'a\0\0',
    ],
    [
      'old GNU with extension blocks',
      archive(
        oldHeader(many.slice(0, 4), octal(300, 12), 30, '\x01'),
        extension(many.slice(4, 25), '\x01'),
        extension(many.slice(25)),
        padded(letters),
      ),
      1536,
      many,
      spread,
    ],
    ['old GNU, nothing but a hole', archive(oldHeader([[10, 0]], octal(10, 12), 0)), 512, [], '\0'.repeat(10)],
    [
      'PAX 0.1',
      archive(v01('1,2,5,1', 2, 7), member({ name: 'GNUSparseFile.0/s' }, 'abc')),
      1536,
      [
        [1, 2],
        [5, 1],
      ],
      '\0ab\0\0c\0',
    ],
    [
      'PAX 1.0',
      archive(v10(7), member({ size: 515 }), padded('2\n1\n2\n5\n1\n'), padded('abc')),
      2048,
      [
        [1, 2],
        [5, 1],
      ],
      '\0ab\0\0c\0',
    ],
    ['PAX 1.0, nothing but a hole', archive(v10(4), member({ size: 512 }), padded('1\n4\n0\n')), 2048, [], '\0\0\0\0'],
    ['PAX 1.0, no runs', archive(v10(4), member({ size: 512 }), padded('0\n')), 2048, [], '\0\0\0\0'],
  ])('%s', async (_what, bytes, dataOffset, runs, text) => {
    const { members, data } = parse(bytes);
    expect(members).toMatchObject([
      { path: 's', type: 'file', size: text.length, dataOffset, dataSize: data[0]?.length, sparse: runs },
    ]);
    expect(bytes.subarray(dataOffset, dataOffset + (data[0]?.length ?? 0)).toString('latin1')).toBe(data[0]);
    expect(await unfolded(bytes)).toBe(text);
  });

  it('PAX 0.0', async () => {
    const pairs = [
      ['GNU.sparse.size', '6'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.offset', '2'],
      ['GNU.sparse.numbytes', '1'],
      ['GNU.sparse.offset', '4'],
      ['GNU.sparse.numbytes', '1'],
    ] as const;
    const bytes = archive(pax(pairs.map(([key, value]) => record(key, value)).join('')), member({ name: 's' }, 'xy'));
    expect(parse(bytes).members).toMatchObject([
      {
        path: 's',
        size: 6,
        sparse: [
          [2, 1],
          [4, 1],
        ],
      },
    ]);
    expect(await unfolded(bytes)).toBe('\0\0x\0y\0');
  });

  it('PAX 1.0 with a map over several blocks, in any chunks', () => {
    const runs = Array.from({ length: 500 }, (_, i): SparseRun => [i * 100, 1]);
    const map = padded(`500\n${runs.map(([offset, length]) => `${offset}\n${length}\n`).join('')}`);
    const bytes = archive(v10(50_000), member({ size: map.length + 500 }), map, padded('x'.repeat(500)));
    const { members, data } = parse(bytes, {}, [13]);
    expect(members[0]).toMatchObject({ sparse: runs, dataOffset: 1536 + map.length, dataSize: 500 });
    expect(data[0]).toBe('x'.repeat(500));
  });

  it('leaves a version that nobody writes as it is stored', () => {
    const bytes = archive(pax({ 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0' }), member({ name: 'a' }, 'xyz'));
    expect(parse(bytes).members[0]).toMatchObject({ path: 'a', size: 3, dataSize: 3 });
  });
});

describe('malformed sparse files', () => {
  it.each<[what: string, bytes: Buffer, code: string, message: RegExp]>([
    ['runs that overlap', archive(v01('0,2,1,1', 2, 9), member({}, 'abc')), 'E_TAR', /overlap/],
    ['runs that descend', archive(v01('5,1,1,1', 2, 9), member({}, 'ab')), 'E_TAR', /ascend/],
    ['a run beyond the end', archive(v01('8,2', 1, 9), member({}, 'ab')), 'E_TAR', /beyond/],
    ['fewer bytes than the map says', archive(v01('0,5', 1, 9), member({}, 'ab')), 'E_TAR', /need 5 bytes of data, 2/],
    ['more bytes than the map says', archive(v01('0,1', 1, 9), member({}, 'ab')), 'E_TAR', /need 1 bytes of data, 2/],
    ['fewer runs than promised', archive(v01('0,1', 2, 9), member({}, 'a')), 'E_TAR', /promised/],
    ['half a run', archive(v01('0,1,2', 1, 9), member({}, 'a')), 'E_TAR', /promised/],
    ['a run that is no number', archive(v01('0,x', 1, 9), member({}, 'a')), 'E_TAR', /promised/],
    ['a count that is no number', archive(v01('0,1', '-1', 9), member({}, 'a')), 'E_TAR', /numblocks/],
    ['a count beyond the limit', archive(v01('0,1', 100_001, 9), member({}, 'a')), 'E_LIMIT', /100000/],
    ['a size that is no number', archive(v01('0,1', 1, '9x'), member({}, 'a')), 'E_TAR', /GNU.sparse.size/],
    ['a size beyond 2^53', archive(v01('0,1', 1, '9007199254740992'), member({}, 'a')), 'E_TAR', /GNU.sparse.size/],
    ['0.0 pairs out of order', archive(pax('25 GNU.sparse.numbytes=1\n'), member({}, 'a')), 'E_TAR', /numbytes where/],
    ['0.0 pairs with a comma', archive(pax('25 GNU.sparse.offset=1,2\n'), member({}, 'a')), 'E_TAR', /offset is not/],
    ['a sparse folder', archive(v10(4), member({ type: '5' })), 'E_TAR', /cannot be sparse/],
    ['a 1.0 map that is missing', archive(v10(4), member({ size: 0 })), 'E_TAR', /longer than the stored data/],
    [
      'a 1.0 map without its padding',
      archive(v10(4), member({ size: 4 }), padded('1\n0\n')),
      'E_TAR',
      /longer than the stored data/,
    ],
    [
      'a 1.0 map that does not end',
      archive(v10(4), member({ size: 512 }), padded(`50000\n${'1\n'.repeat(253)}`)),
      'E_TAR',
      /longer than the stored data/,
    ],
    ['a 1.0 map of text', archive(v10(4), member({ size: 512 }), padded('1\n-1\n')), 'E_TAR', /decimal/],
    ['a 1.0 map with an empty line', archive(v10(4), member({ size: 512 }), padded('1\n\n')), 'E_TAR', /decimal/],
    [
      'a 1.0 number beyond 2^53',
      archive(v10(4), member({ size: 512 }), padded('99999999999999999\n')),
      'E_TAR',
      /range/,
    ],
    ['a 1.0 count beyond the limit', archive(v10(4), member({ size: 512 }), padded('100001\n')), 'E_LIMIT', /100000/],
    ['old GNU without its magic', archive(member({ type: 'S' })), 'E_TAR', /GNU magic/],
    [
      'an old GNU run that is no number',
      archive(oldHeader([], octal(1, 12), 0).fill('9', 386, 390)),
      'E_TAR',
      /checksum/,
    ],
    ['an old GNU size below 0', archive(oldHeader([], base256(-1n, 12), 0)), 'E_TAR', /real size/],
    [
      'a negative old GNU run',
      archive(member({ type: 'S', magic: GNU, at: { 386: base256(-1n, 12) + octal(1, 12) } })),
      'E_TAR',
      /negative/,
    ],
    ['old GNU extension blocks that are missing', oldHeader([[0, 1]], octal(1, 12), 1, '\x01'), 'E_TAR', /truncated/],
  ])('%s', (_what, bytes, code, message) => {
    expect(() => parse(bytes)).toThrow(expect.objectContaining({ name: 'TareError', code }));
    expect(() => parse(bytes)).toThrow(message);
  });

  it('caps the runs of an old GNU map', () => {
    const bytes = archive(
      oldHeader(
        [
          [0, 1],
          [2, 1],
          [4, 1],
        ],
        octal(9, 12),
        3,
      ),
      padded('abc'),
    );
    expect(() => parse(bytes, { maxSparseRuns: 2 })).toThrow(/more than 2 sparse runs/);
  });
});

describe('unfoldSparse', () => {
  it('fills long holes in pieces', async () => {
    const file = { size: 300_000, sparse: [[200_000, 2]] as const };
    const sizes: number[] = [];
    let zero = true;
    for await (const chunk of unfoldSparse(bytesOf('ab'), file)) {
      sizes.push(chunk.length);
      if (chunk.length !== 2) zero &&= chunk.every((byte) => byte === 0);
      chunk.fill(1); // the receiver may do what it likes with it
    }
    expect(zero).toBe(true);
    expect(sizes.reduce((a, b) => a + b)).toBe(300_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
  });

  it.each([
    ['fewer', 'a'],
    ['more', 'abc'],
  ])('refuses %s stored bytes than the map says', async (_what, stored) => {
    const all = collectBytes(unfoldSparse(bytesOf(stored), { size: 9, sparse: [[3, 2]] }), 100, 'file');
    await expect(all).rejects.toMatchObject({ code: 'E_SIZE' });
  });
});

describe.skipIf(!needs('tar'))('sparse files of GNU tar', () => {
  const flavours = [
    '--format=gnu',
    '--format=posix --sparse-version=0.0',
    '--format=posix --sparse-version=0.1',
    '--format=posix --sparse-version=1.0',
  ];
  it.each(flavours)('%s', async (flavour) => {
    const dir = tempDir();
    const path = join(dir, 'file');
    const file = openSync(path, 'w');
    for (let i = 0; i < 40; i++) writeSync(file, `run ${i} `.repeat(50), i * 65_536 + 4096);
    ftruncateSync(file, 3_000_001);
    closeSync(file);
    const bytes = execFileSync('tar', ['-C', dir, '-S', ...flavour.split(' '), '-cf', '-', 'file'], { maxBuffer: 1e8 });
    const { members } = parse(bytes, {}, [777]);
    expect(members).toMatchObject([{ path: 'file', size: 3_000_001 }]);
    expect(members[0]?.sparse?.length).toBeGreaterThan(30);
    expect(await unfolded(bytes)).toBe(readFileSync(path, 'latin1'));
  });

  it.each(flavours)('%s, nothing but a hole', async (flavour) => {
    const dir = tempDir();
    execFileSync('truncate', ['-s', '1M', join(dir, 'hole')]);
    const bytes = execFileSync('tar', ['-C', dir, '-S', ...flavour.split(' '), '-cf', '-', 'hole']);
    expect(parse(bytes).members).toMatchObject([{ path: 'hole', size: 1_048_576, dataSize: 0, sparse: [] }]);
    expect(await unfolded(bytes)).toBe('\0'.repeat(1_048_576));
  });
});
