import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import { readAppHost } from '../../../src/formats/apphost/index.ts';

const SIGNATURE = Buffer.from(sha256('.net core bundle\n').replace(/^sha256:/, ''), 'hex');

function data(offset: bigint, ...texts: readonly string[]): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigUInt64LE(offset);
  return Buffer.concat([
    Buffer.from('\0some\0', 'latin1'),
    place,
    SIGNATURE,
    Buffer.from(`\0${texts.join('\0')}\0`, 'latin1'),
  ]);
}

describe('readAppHost', () => {
  it('finds the names of assemblies', () => {
    expect(readAppHost(data(0n, 'lib/shop.dll', 'hello', 'x.dll.config', 'b.dll'))).toEqual({
      bundleOffset: 0n,
      assemblies: ['lib/shop.dll', 'b.dll'],
    });
  });

  it('knows a bundle', () => {
    expect(readAppHost(data(123_456n))?.bundleOffset).toBe(123_456n);
  });

  it('does not know other programs', () => {
    expect(readAppHost(Buffer.from('shop.dll\0'))).toBeUndefined();
    expect(readAppHost(SIGNATURE)).toBeUndefined();
  });

  it('believes no name that is too long', () => {
    expect(readAppHost(data(0n, `${'x'.repeat(1024)}.dll`))?.assemblies).toEqual([]);
  });
});
