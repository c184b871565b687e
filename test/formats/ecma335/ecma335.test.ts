import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { type AssemblyMetadata, readMetadataFrom, readTypeReferencesFrom } from '../../../src/formats/ecma335/index.ts';
import { type AssemblyRecipe, buildMetadata } from '../../helpers/assembly-builder.ts';

const readerOf = (bytes: Buffer) => (offset: number, size: number) =>
  Promise.resolve(bytes.subarray(offset, offset + size));

function read(recipe: AssemblyRecipe): Promise<AssemblyMetadata> {
  const bytes = buildMetadata(recipe);
  return readMetadataFrom(readerOf(bytes), { offset: 0, size: bytes.length });
}

const SHOP: AssemblyRecipe = {
  name: 'Shop',
  version: [1, 2, 3, 4],
  culture: 'de',
  publicKey: '00'.repeat(16),
  references: ['System.Runtime', 'Shop.Core'],
  token: 'b03f5f7f11d50a3a',
  nativeLibraries: ['System.Native', 'libssl'],
  modules: ['never-called'],
  files: ['part.netmodule', 'big.bin'],
  resources: { 'Shop.Texts': undefined, 'Shop.Big': 'file:big.bin', 'Shop.Far': 'ref:Shop.Core' },
  types: 3,
  uses: [
    ['System.Object', 'System.Runtime'],
    ['Shop.Cart', 'Shop.Core'],
    ['Global', 'System.Runtime'],
  ],
  texts: [
    'Hello, all the world',
    'Shop.Plug, Shop.Plugins',
    'Shop.Full, Version=1.0.0.0, Culture=neutral',
    'libmsquic.so.2',
    '/etc/x.so',
    'naïve',
  ],
};

describe('readMetadataFrom', () => {
  it.each([false, true])('reads what an assembly says (wide indexes: %s)', async (wide) => {
    const found = await read({ ...SHOP, wide });
    expect(found.assembly).toEqual({
      name: 'Shop',
      version: '1.2.3.4',
      culture: 'de',
      publicKeyToken: 'ff6650440d165ea1',
    });
    expect(found.references).toEqual(
      ['System.Runtime', 'Shop.Core'].map((name) => ({
        name,
        version: '4.0.0.0',
        culture: '',
        publicKeyToken: 'b03f5f7f11d50a3a',
      })),
    );
    expect(found.nativeLibraries).toEqual(['System.Native', 'libssl']);
    expect(found.files).toEqual(['part.netmodule', 'big.bin']);
    expect(found.resources).toEqual([
      { name: 'Shop.Texts', in: 'here' },
      { name: 'Shop.Big', in: { file: 'big.bin' } },
      { name: 'Shop.Far', in: { assembly: 'Shop.Core' } },
    ]);
    expect(found.types).toBe(3);
    expect(found.forwards.size).toBe(0);
    expect(found.namedTypes).toEqual([
      { type: '', assembly: 'Shop.Full' },
      { type: 'Shop.Plug', assembly: 'Shop.Plugins' },
    ]);
    expect(found.namedLibraries).toEqual(['libmsquic.so.2']);
  });

  it('makes the token from a whole key', async () => {
    // The ECMA key, whose token every reference to the standard library of old carries (ECMA-335 II.6.2.1.3).
    const { assembly } = await read({ name: 'x', publicKey: '00000000000000000400000000000000' });
    expect(assembly?.publicKeyToken).toBe('b77a5c561934e089');
  });

  it('follows forwards of an assembly that has no types of its own, and of no other', async () => {
    const recipe = {
      name: 'mscorlib',
      references: ['System.Runtime', 'System.Private.Uri'],
      forwards: [
        ['System.String', 'System.Runtime'],
        ['System.Uri', 'System.Private.Uri'],
      ] as const,
    };
    expect([...(await read({ ...recipe, types: 0 })).forwards]).toEqual(recipe.forwards);
    expect((await read({ ...recipe, types: 1 })).forwards.size).toBe(0);
  });

  it('tells which types are taken from a reference', async () => {
    const bytes = buildMetadata(SHOP);
    const from = (name: string) => readTypeReferencesFrom(readerOf(bytes), { offset: 0, size: bytes.length }, name);
    expect(await from('System.Runtime')).toEqual(['System.Object', 'Global']);
    expect(await from('Shop.Core')).toEqual(['Shop.Cart']);
    expect(await from('Other')).toEqual([]);
  });

  it('reads a module without a manifest', async () => {
    expect((await read({})).assembly).toBeUndefined();
  });
});

describe('malformed metadata', () => {
  it.each([
    ['no signature', (bytes: Buffer) => bytes.writeUInt32LE(0, 0), 'E_CLI', /signature/],
    ['a long version', (bytes: Buffer) => bytes.writeUInt32LE(4096, 12), 'E_CLI', /version text/],
    ['too many streams', (bytes: Buffer) => bytes.writeUInt16LE(65, 30), 'E_LIMIT', /65 streams/],
    ['a stream outside', (bytes: Buffer) => bytes.writeUInt32LE(0x7fff_ffff, 32), 'E_CLI', /reaches past/],
  ])('%s', async (_name, change, code, message) => {
    const bytes = buildMetadata(SHOP);
    change(bytes);
    await expect(readMetadataFrom(readerOf(bytes), { offset: 0, size: bytes.length })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('never makes anything but a TareError, whatever byte is wrong', async () => {
    const whole = buildMetadata(SHOP);
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(whole.length), async (bytes, length) => {
        const file = Buffer.from(whole.subarray(0, length));
        for (const [at, value] of bytes) if (at < length) file[at] = value;
        for (const size of [length, whole.length])
          try {
            await readMetadataFrom(readerOf(file), { offset: 0, size });
            await readTypeReferencesFrom(readerOf(file), { offset: 0, size }, 'Shop.Core');
          } catch (error) {
            expect(isTareError(error, 'E_CLI') || isTareError(error, 'E_LIMIT')).toBe(true);
          }
      }),
      { numRuns: 500 },
    );
  });
});
