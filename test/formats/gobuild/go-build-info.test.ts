import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../src/formats/elf/index.ts';
import { type GoBuildInfo, readGoBuildInfo } from '../../../src/formats/gobuild/index.ts';
import { needs } from '../../helpers/needs.ts';

const MODULES = [
  'path\texample.org/app/cmd/server',
  'mod\texample.org/app\tv1.2.3\th1:sum=',
  'dep\tgolang.org/x/text\tv0.3.0\th1:a=',
  'dep\texample.org/old\tv1.0.0',
  '=>\texample.org/new\tv2.0.0\th1:b=',
  'build\t-ldflags="-X \\"main.v=1\\"\\t\\u00e9"',
  'build\tCGO_ENABLED=0',
  'build\t"a b"=c',
  'nonsense',
  '',
].join('\n');
const SENTINELS = [
  '0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6',
  '\xf92C1\x86\x18 r\x00\x82B\x10A\x16\xd8\xf2',
];
const EXPECTED: GoBuildInfo = {
  goVersion: 'go1.22.5',
  path: 'example.org/app/cmd/server',
  main: { path: 'example.org/app', version: 'v1.2.3' },
  dependencies: [
    { path: 'golang.org/x/text', version: 'v0.3.0' },
    { path: 'example.org/old', version: 'v1.0.0', replace: { path: 'example.org/new', version: 'v2.0.0' } },
  ],
  settings: [
    ['-ldflags', '-X "main.v=1"\té'],
    ['CGO_ENABLED', '0'],
    ['a b', 'c'],
  ],
};

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const BASE = 0x400000n;
const DATA_AT = 128;

/** An ELF file of one segment that can be written to, as long as it is, without a section table. */
function elfOf(data: Buffer): Buffer {
  const head = Buffer.alloc(DATA_AT);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(62, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  const size = BigInt(DATA_AT + data.length);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(6, 68);
  head.writeBigUInt64LE(BASE, 64 + 16);
  head.writeBigUInt64LE(size, 64 + 32);
  head.writeBigUInt64LE(size, 64 + 40);
  return Buffer.concat([head, data]);
}

function blob(flags: number, pointerBytes = 0): Buffer {
  const bytes = Buffer.alloc(32);
  MAGIC.copy(bytes);
  bytes[14] = pointerBytes;
  bytes[15] = flags;
  return bytes;
}

const varint = (size: number): Buffer =>
  size < 128 ? Buffer.from([size]) : Buffer.from([(size & 0x7f) | 0x80, size >> 7]);
const modulesBytes = (): Buffer => Buffer.from(MODULES, 'utf8');
const marked = (): Buffer =>
  Buffer.concat([Buffer.from(SENTINELS[0] ?? '', 'latin1'), modulesBytes(), Buffer.from(SENTINELS[1] ?? '', 'latin1')]);

function inline(version: Buffer, modules: Buffer): Buffer {
  return elfOf(
    Buffer.concat([Buffer.alloc(16), blob(2), varint(version.length), version, varint(modules.length), modules]),
  );
}

/** Blob, two string headers, then the strings; `wide` are pointers of 8 bytes. */
function pointed(wide: boolean, big: boolean): Buffer {
  const word = wide ? 8 : 4;
  const put = (bytes: Buffer, at: number, value: bigint): void => {
    if (wide) bytes[big ? 'writeBigUInt64BE' : 'writeBigUInt64LE'](value, at);
    else bytes[big ? 'writeUInt32BE' : 'writeUInt32LE'](Number(value), at);
  };
  const version = Buffer.from('go1.22.5');
  const modules = marked();
  const at = (offset: number): bigint => BASE + BigInt(DATA_AT + offset);
  const head = blob(big ? 1 : 0, word);
  put(head, 16, at(32));
  put(head, 16 + word, at(32 + 2 * word));
  const headers = Buffer.alloc(4 * word);
  put(headers, 0, at(32 + 4 * word));
  put(headers, word, BigInt(version.length));
  put(headers, 2 * word, at(32 + 4 * word + version.length));
  put(headers, 3 * word, BigInt(modules.length));
  return elfOf(Buffer.concat([head, headers, version, modules]));
}

const read = (file: Buffer): Promise<GoBuildInfo | undefined> =>
  readGoBuildInfo(
    async (offset, size) => file.subarray(offset, offset + size),
    file.length,
    readElf(file, { sections: 'tolerant' }),
  );

describe('readGoBuildInfo', () => {
  it('reads strings that stand in the blob (Go 1.18 and later)', async () => {
    expect(await read(inline(Buffer.from('go1.22.5'), marked()))).toEqual(EXPECTED);
  });

  it.each([
    ['8 bytes, little', true, false],
    ['8 bytes, big', true, true],
    ['4 bytes, little', false, false],
    ['4 bytes, big', false, true],
  ])('follows pointers of %s endian (before Go 1.18)', async (_name, wide, big) => {
    expect(await read(pointed(wide, big))).toEqual(EXPECTED);
  });

  it('tells the version alone where there are no modules', async () => {
    expect(await read(inline(Buffer.from('go1.22.5'), Buffer.alloc(0)))).toEqual({
      goVersion: 'go1.22.5',
      path: '',
      dependencies: [],
      settings: [],
    });
  });

  it('finds none where there is none', async () => {
    expect(await read(elfOf(Buffer.alloc(4096)))).toBeUndefined();
    // Not at a multiple of 16.
    expect(
      await read(elfOf(Buffer.concat([Buffer.alloc(8), inline(Buffer.from('go1'), Buffer.alloc(0))]))),
    ).toBeUndefined();
  });

  it('fails on no bytes that somebody else has written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(pointed(true, false), inline(Buffer.from('go1.22.5'), marked())),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 8 }),
        async (made, changes) => {
          const file = Buffer.from(made);
          for (const [at, byte] of changes) file[DATA_AT + at] = byte;
          await read(file);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.skipIf(!needs('go'))('agrees with go version -m', async () => {
    const program = realpathSync(execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim() + '/bin/go');
    const info = await read(readFileSync(program));
    const module = (word: string, { path, version }: { path: string; version: string }): string =>
      `\t${word}\t${path}\t${version}`;
    const lines = [
      `${program}: ${info?.goVersion}`,
      `\tpath\t${info?.path}`,
      ...(info?.main === undefined ? [] : [module('mod', info.main)]),
      ...(info?.dependencies ?? []).map((item) => module('dep', item)),
      ...(info?.settings ?? []).map(([key, value]) => `\tbuild\t${key}=${value}`),
    ];
    const told = execFileSync('go', ['version', '-m', program], { encoding: 'utf8' });
    expect(lines.join('\n')).toBe(
      told
        .trimEnd()
        .replace(/^(\t(?:dep|mod)\t[^\t]*\t[^\t\n]*)\t.*$/gm, '$1')
        .replace(/^(\tmod\t[^\t\n]*)$/gm, '$1\t'),
    );
  });
});
