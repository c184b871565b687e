import { describe, expect, it } from 'vitest';
import { parseCompression } from '../../src/pack/compression.ts';

describe('parseCompression', () => {
  it.each([
    ['gzip', { kind: 'gzip', level: 6 }],
    ['gzip:1', { kind: 'gzip', level: 1 }],
    ['gzip:12', { kind: 'gzip', level: 12 }],
    ['zstd', { kind: 'zstd', level: 3 }],
    ['zstd:19', { kind: 'zstd', level: 19 }],
    ['none', { kind: 'none' }],
  ])('%s', (text, expected) => {
    expect(parseCompression(text)).toEqual(expected);
  });

  it.each([
    '',
    'gzip:',
    'gzip:0',
    'gzip:13',
    'gzip:06x',
    'gzip:-1',
    'gzip:1.5',
    'zstd:0',
    'zstd:20',
    'none:1',
    'GZIP',
    'xz',
    ' gzip',
  ])('refuses %j', (text) => {
    expect(() => parseCompression(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });
});
