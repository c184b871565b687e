import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { isPe, readPe, readPeFrom } from '../../../src/formats/pe/index.ts';
import { buildAssembly, buildPe } from '../../helpers/assembly-builder.ts';

describe('readPe', () => {
  it.each([false, true])('finds the CLI header (PE32+: %s)', async (plus) => {
    const file = buildAssembly({ name: 'test', plus });
    const pe = await readPe(file);
    expect(pe).toMatchObject({ plus, dll: true, machine: plus ? 0x8664 : 0x14c });
    expect(pe.cli?.runtimeVersion).toEqual([2, 5]);
    expect(file.readUInt32LE(pe.cli?.metadata.offset)).toBe(0x424a5342);
    expect(pe.sections).toEqual([
      { name: '.text', address: 0x2000, file: { offset: 0x200, size: file.length - 0x200 } },
    ]);
  });

  it('knows a native library by the absence of that header', async () => {
    expect((await readPe(buildPe(Buffer.alloc(64)))).cli).toBeUndefined();
  });

  it('reads no more than the headers', async () => {
    const file = Buffer.concat([buildAssembly({ name: 'test' }), Buffer.alloc(1_000_000)]);
    let bytes = 0;
    await readPeFrom((offset, size) => {
      bytes += size;
      return Promise.resolve(file.subarray(offset, offset + size));
    }, file.length);
    expect(bytes).toBeLessThan(1024);
  });

  it('knows the beginning of a file', () => {
    expect([Buffer.from('MZ'), Buffer.from('\x7fELF'), Buffer.alloc(0)].map(isPe)).toEqual([true, false, false]);
  });
});

describe('a malformed PE file', () => {
  const patched = (change: (file: Buffer) => void): Buffer => {
    const file = buildAssembly({ name: 'test' });
    change(file);
    return file;
  };
  it.each([
    ['no MZ', patched((file) => file.writeUInt16LE(0, 0)), /MZ/],
    ['no PE', patched((file) => file.writeUInt32LE(0, 0x80)), /signature PE/],
    ['a header far away', patched((file) => file.writeUInt32LE(0xffff_ffff, 0x3c)), /header is said to be at/],
    ['a header behind the end', patched((file) => file.writeUInt32LE(0xf_0000, 0x3c)), /past its end/],
    ['too many sections', patched((file) => file.writeUInt16LE(97, 0x86)), /97 sections/],
    ['an unknown kind', patched((file) => file.writeUInt16LE(0x107, 0x98)), /magic number 263/],
    [
      'a CLI header nowhere',
      patched((file) => file.writeUInt32LE(0x9000, 0x98 + 96 + 14 * 8)),
      /in none of its sections/,
    ],
    ['a small CLI header', patched((file) => file.writeUInt32LE(8, 0x98 + 96 + 14 * 8 + 4)), /CLI header has 8 bytes/],
    ['nothing', Buffer.alloc(0), /DOS header/],
  ])('%s', async (_name, file, message) => {
    await expect(readPe(file)).rejects.toMatchObject({
      code: 'E_PE',
      message: expect.stringMatching(message) as string,
    });
  });

  it('never makes anything but a TareError, whatever byte is wrong', async () => {
    const whole = buildAssembly({ name: 'test' });
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(whole.length), async (bytes, length) => {
        const file = Buffer.from(whole.subarray(0, length));
        for (const [at, value] of bytes) if (at < length) file[at] = value;
        try {
          await readPe(file);
        } catch (error) {
          expect(isTareError(error, 'E_PE')).toBe(true);
        }
      }),
    );
  });
});
