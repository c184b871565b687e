import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectBytes } from '../../../src/base/streams.ts';
import { decompress, isZstd, type ZstdOptions } from '../../../src/formats/zstd/index.ts';
import { needs } from '../../helpers/needs.ts';
import { chunked, noise, outcome } from '../../helpers/streams.ts';

// Frames by hand (RFC 8878, section 3.1.1), so that the frame reader is tested where there is no zstd tool: blocks raw or of one byte repeated.
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const raw = (text: string, last = true): number[] => [...blockHeader(0, text.length, last), ...Buffer.from(text)];
const repeated = (char: string, count: number, last = true): number[] => [
  ...blockHeader(1, count, last),
  char.charCodeAt(0),
];
const blockHeader = (type: number, size: number, last: boolean): number[] => {
  const bits = (size << 3) | (type << 1) | (last ? 1 : 0);
  return [bits & 255, (bits >> 8) & 255, bits >> 16];
};
/** Window 1 KiB, no content size, no checksum. */
const frame = (...blocks: readonly number[][]): number[] => [...MAGIC, 0x00, 0x00, ...blocks.flat()];
/** Content size in one byte, and that is the window. */
const single = (size: number, ...blocks: readonly number[][]): number[] => [...MAGIC, 0x20, size, ...blocks.flat()];
const skippable = (bytes: number): number[] => [
  0x5a,
  0x2a,
  0x4d,
  0x18,
  bytes,
  0,
  0,
  0,
  ...Array.from({ length: bytes }, () => 0xff),
];
const u32 = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];

const decoders: readonly (readonly [string, ZstdOptions])[] = [
  ["Node's own where there is one", {}],
  ['in JavaScript', { decoder: 'script' }],
];

describe.each(decoders)('decompress zstd, %s', (_decoder, options) => {
  const run = (data: readonly number[] | Uint8Array, chunkBytes = 1 << 16, more: ZstdOptions = {}): Promise<string> =>
    outcome(decompress(chunked(Uint8Array.from(data), chunkBytes), { ...options, ...more }));

  it.each([
    ['a raw block', frame(raw('abc')), 'abc'],
    ['an empty frame', frame(raw('')), ''],
    ['two blocks', frame(raw('abc', false), raw('def')), 'abcdef'],
    ['a repeated byte', frame(repeated('x', 500)), 'x'.repeat(500)],
    ['two frames', [...frame(raw('abc')), ...frame(raw('def'))], 'abcdef'],
    ['with its size', single(3, raw('abc')), 'abc'],
    [
      'a skippable frame before, between and after',
      [...skippable(0), ...frame(raw('abc')), ...skippable(9), ...frame(raw('def')), ...skippable(3)],
      'abcdef',
    ],
    ['only a skippable frame', skippable(4), ''],
    ['many small frames', Array.from({ length: 2000 }, () => frame(raw('a'))).flat(), 'a'.repeat(2000)],
    ['a wrong size', single(4, raw('abc')), 'E_COMPRESSION'],
    ['a reserved block', frame([...blockHeader(3, 0, true)]), 'E_COMPRESSION'],
    ['a block that is too large', frame(repeated('x', 200_000)), 'E_COMPRESSION'],
    ['a reserved bit', [...MAGIC, 0x08, 0x00, ...raw('abc')], 'E_COMPRESSION'],
    ['a dictionary', [...MAGIC, 0x01, 0x00, 0x07, ...raw('abc')], 'E_COMPRESSION'],
    ['something after it', [...frame(raw('abc')), 1, 2, 3, 4, 5], 'E_COMPRESSION'],
    ['zeros after it', [...frame(raw('abc')), 0, 0, 0, 0], 'E_COMPRESSION'],
    [
      'a compressed block of nonsense',
      frame([...blockHeader(2, 8, true), 255, 254, 253, 252, 251, 250, 249, 248]),
      'E_COMPRESSION',
    ],
    ['nothing', [], 'E_COMPRESSION'],
    ['text', [...Buffer.from('this is no zstd')], 'E_COMPRESSION'],
    ['a window of 1 TiB', [...MAGIC, 0x00, 30 << 3, ...raw('abc')], 'E_LIMIT'],
    ['a size of 2 GiB as the window', [...MAGIC, 0xa0, ...u32(0x8000_0000), ...raw('abc')], 'E_LIMIT'],
  ] as const)('%s', async (_name, data, expected) => {
    for (const chunkBytes of [1, 5, 1 << 16]) expect(await run(data, chunkBytes)).toBe(expected);
  });

  it('refuses every truncation', async () => {
    const data = [...frame(raw('abc', false), repeated('x', 9)), ...skippable(5), ...single(3, raw('abc'))];
    const ends = new Set([
      frame(raw('abc', false), repeated('x', 9)).length,
      frame(raw('abc', false), repeated('x', 9)).length + 13,
    ]);
    for (let length = 0; length < data.length; length++) {
      if (!ends.has(length)) expect([length, await run(data.slice(0, length))]).toEqual([length, 'E_COMPRESSION']);
    }
  });

  it('stops a bomb', async () => {
    const bomb = frame(...Array.from({ length: 100 }, (_, i) => repeated('x', 1024, i === 99)));
    expect(await run(bomb, 100, { freeBytes: 10_000 })).toBe('E_LIMIT');
    expect(await run(bomb, 100, { maxBytes: 102_399 })).toBe('E_LIMIT');
    expect(await run(bomb)).toBe('x'.repeat(102_400));
  });

  it('survives any bytes in a frame', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await run([...MAGIC, ...bytes]);
        await run(frame([...blockHeader(2, bytes.length, true), ...bytes]));
      }),
      { numRuns: 300 },
    );
  });

  it.skipIf(!needs('zstd'))('reads what the zstd tool writes', async () => {
    const content = Buffer.concat([
      noise(300_000),
      Buffer.from('text that repeats itself. '.repeat(20_000)),
      Buffer.alloc(500_000),
    ]);
    for (const flags of [['-1'], ['-3', '--no-check'], ['-19'], ['-3', '--long=24'], ['--ultra', '-22']]) {
      const data = execFileSync('zstd', ['-q', '-c', ...flags], { input: content, maxBuffer: 1e8 });
      expect(isZstd(data)).toBe(true);
      const twice = Buffer.concat([data, data]);
      const out = await collectBytes(decompress(chunked(twice, 9999), options), 1e8, 'it');
      expect(out.equals(Buffer.concat([content, content]))).toBe(true);
    }
  });
});

describe('decompress zstd in JavaScript', () => {
  it('does not move a large window for each of a million tiny blocks', async () => {
    // 128 MiB of window, blocks of no bytes.
    const data = Buffer.concat([
      Buffer.from([...MAGIC, 0x00, 17 << 3]),
      ...Array.from({ length: 3000 }, () => Buffer.from(raw('', false))),
    ]);
    expect(await outcome(decompress(chunked(data, 4096), { decoder: 'script' }))).toBe('E_LIMIT');
  });
});
