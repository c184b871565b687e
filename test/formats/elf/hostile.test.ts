import * as fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TareError } from '../../../src/base/error.ts';
import {
  type ElfFile,
  readElf,
  readElfFrom,
  readElfImports,
  readElfLibraryStrings,
  type ReadAt,
} from '../../../src/formats/elf/index.ts';
import { buildElf } from '../../helpers/elf-builder.ts';

/** Reads that a parser asks for, checked: never outside the file, never a huge piece at once. */
function watched(bytes: Uint8Array): ReadAt {
  return (offset, size) => {
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(size).toBeGreaterThanOrEqual(0);
    expect(offset + size).toBeLessThanOrEqual(bytes.length);
    return Promise.resolve(bytes.subarray(offset, offset + size));
  };
}

async function readAll(bytes: Uint8Array): Promise<void> {
  try {
    const elf = readElf(bytes);
    const read = watched(bytes);
    expect(await readElfFrom(read, bytes.length)).toEqual(elf);
    await readElfImports(read, bytes.length, elf);
    await readElfLibraryStrings(read, bytes.length, elf);
  } catch (error) {
    if (!(error instanceof TareError) || (error.code !== 'E_ELF' && error.code !== 'E_LIMIT')) throw error;
  }
}

function codeOf(bytes: Uint8Array, options?: { sections: 'tolerant' }): string {
  try {
    readElf(bytes, options);
    return 'read';
  } catch (error) {
    if (error instanceof TareError) return error.code;
    throw error;
  }
}

const SAMPLE = buildElf({
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libm.so.6', 'libc.so.6'],
  runpath: '$ORIGIN',
  imports: ['dlopen'],
  constants: ['libplugin.so'],
  verneed: { 'libc.so.6': ['GLIBC_2.34'] },
  verdef: ['base', 'V_1'],
});
const samples = [
  SAMPLE,
  buildElf({ class: 32, endian: 'big', machine: 8, needed: ['libc.so.6'], verneed: { 'libc.so.6': ['GLIBC_2.0'] } }),
  ...['/bin/true', '/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1']
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path)),
];

describe('one field that lies', () => {
  const patched = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(SAMPLE);
    change(bytes);
    return bytes;
  };
  const dynamicAt = (bytes: Buffer): number => {
    const elf = readElf(bytes);
    return (elf.segments.find((segment) => segment.type === 2) as ElfFile['segments'][number]).offset;
  };
  /** Offset of the value of the first dynamic entry with this tag. */
  const valueAt = (bytes: Buffer, tag: number): number => {
    let at = dynamicAt(bytes);
    while (bytes.readBigUInt64LE(at) !== BigInt(tag)) at += 16;
    return at + 8;
  };

  it.each<[string, Buffer, string]>([
    ['empty', Buffer.alloc(0), 'E_ELF'],
    ['not ELF', Buffer.from('#!/bin/sh\nexit 0\n'), 'E_ELF'],
    ['only the magic number', Buffer.from('\x7fELF'), 'E_ELF'],
    ['cut inside the header', SAMPLE.subarray(0, 40), 'E_ELF'],
    ['cut inside the program headers', SAMPLE.subarray(0, 100), 'E_ELF'],
    ['cut before the end', SAMPLE.subarray(0, SAMPLE.length - 1), 'E_ELF'],
    ['class 3', patched((bytes) => bytes.writeUInt8(3, 4)), 'E_ELF'],
    ['byte order 0', patched((bytes) => bytes.writeUInt8(0, 5)), 'E_ELF'],
    ['program headers at 2^63', patched((bytes) => bytes.writeBigUInt64LE(1n << 63n, 32)), 'E_ELF'],
    ['program headers of 1 byte', patched((bytes) => bytes.writeUInt16LE(1, 54)), 'E_ELF'],
    ['60000 program headers', patched((bytes) => bytes.writeUInt16LE(60000, 56)), 'E_ELF'],
    ['section headers past the end', patched((bytes) => bytes.writeBigUInt64LE(1n << 40n, 40)), 'E_ELF'],
    ['the interpreter past the end', patched((bytes) => bytes.writeBigUInt64LE(1n << 40n, 64 + 56 + 8)), 'E_ELF'],
    ['an interpreter without end', patched((bytes) => bytes.writeBigUInt64LE(5n, 64 + 56 + 32)), 'E_ELF'],
    ['a string table elsewhere', patched((bytes) => bytes.writeBigUInt64LE(1n << 50n, valueAt(bytes, 5))), 'E_ELF'],
    ['a name outside the table', patched((bytes) => bytes.writeBigUInt64LE(1n << 33n, valueAt(bytes, 1))), 'E_ELF'],
    ['version needs elsewhere', patched((bytes) => bytes.writeBigUInt64LE(7n, valueAt(bytes, 0x6ffffffe))), 'E_ELF'],
    [
      '2^40 version needs',
      patched((bytes) => bytes.writeBigUInt64LE(1n << 40n, valueAt(bytes, 0x6fffffff))),
      'E_LIMIT',
    ],
  ])('%s', (_what, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it('a count of sections in section 0 that nobody could hold', () => {
    const bytes = patched((each) => {
      const table = Number(each.readBigUInt64LE(40));
      each.writeUInt16LE(0, 60);
      each.writeBigUInt64LE(0xffff_ffff_ffffn, table + 32);
    });
    expect(codeOf(bytes)).toBe('E_LIMIT');
    expect(codeOf(bytes, { sections: 'tolerant' })).toBe('read');
  });

  it('more program headers than any file has, counted in section 0', () => {
    const bytes = patched((each) => {
      each.writeUInt16LE(0xffff, 56);
      each.writeUInt32LE(0xffff_ffff, Number(each.readBigUInt64LE(40)) + 44);
    });
    expect(codeOf(bytes)).toBe('E_LIMIT');
  });

  it('loaders do not look at the section table', () => {
    const bytes = patched((each) => each.writeBigUInt64LE(1n << 40n, 40));
    expect(readElf(bytes, { sections: 'tolerant' })).toMatchObject({
      needed: ['libm.so.6', 'libc.so.6'],
      sections: [],
    });
  });

  it('version records that point at themselves end', () => {
    const bytes = Buffer.from(SAMPLE);
    const elf = readElf(bytes);
    const verneed = elf.dynamicEntries.find((entry) => entry.tag === 0x6ffffffen)?.value as bigint;
    const at = Number(verneed) - 0x10000;
    bytes.writeUInt16LE(0xffff, at + 2); // vn_cnt
    bytes.writeUInt32LE(0, at + 8); // vn_aux: the record itself
    bytes.writeUInt32LE(0, at + 16 + 12);
    expect(['read', 'E_ELF', 'E_LIMIT']).toContain(codeOf(bytes));
  });
});

describe('many names', () => {
  it('too many libraries', () => {
    const needed = Array.from({ length: 5000 }, (_, index) => `lib${index}.so`);
    expect(codeOf(buildElf({ needed }))).toBe('E_LIMIT');
  });

  it('overlapping long names cannot fill the memory', () => {
    const long = 'x'.repeat(60_000);
    const bytes = buildElf({ needed: Array.from({ length: 4000 }, () => 'a'), soname: long });
    const soname = readElf(bytes).dynamicEntries.find((entry) => entry.tag === 14n)?.value as bigint;
    const at = readElf(bytes).segments.find((segment) => segment.type === 2)?.offset as number;
    for (let index = 0; index < 4000; index++) bytes.writeBigUInt64LE(soname, at + index * 16 + 8);
    expect(codeOf(bytes)).toBe('E_LIMIT');
  });

  it('a run path without end', () => {
    expect(codeOf(buildElf({ runpath: 'x'.repeat(200_000) }))).toBe('E_LIMIT');
  });
});

it('any mutation is read or refused, never more', async () => {
  const mutation = fc.record({
    sample: fc.constantFrom(...samples),
    // Headers and tables are where lies hurt, so most changes go to both ends of the file.
    changes: fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('head', 'tail', 'any'),
        fc.integer({ min: 0, max: 255 }),
      ),
      { minLength: 1, maxLength: 12 },
    ),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ sample, changes, cut }) => {
      const bytes = Buffer.from(sample);
      for (const [where, part, value] of changes) {
        const span = part === 'any' ? bytes.length : Math.min(bytes.length, 2048);
        const at = Math.min(span - 1, Math.floor(where * span));
        bytes[part === 'tail' ? bytes.length - 1 - at : at] = value;
      }
      await readAll(cut === null ? bytes : bytes.subarray(0, Math.floor(bytes.length * cut)));
    }),
    { numRuns: 400 },
  );
});

it('any bytes behind the magic number are read or refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom(1, 2),
      fc.constantFrom(1, 2),
      (tail, bits, order) => readAll(Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits, order, 1]), tail])),
    ),
    { numRuns: 300 },
  );
});

it('a file that ends early while it is read is refused', async () => {
  const read: ReadAt = (offset, size) => Promise.resolve(SAMPLE.subarray(offset, Math.min(offset + size, 300)));
  await expect(readElfFrom(read, SAMPLE.length)).rejects.toMatchObject({ code: 'E_ELF' });
});

it('a large program is not read whole', async () => {
  const size = 200_000_000;
  let bytes = 0;
  const read: ReadAt = (offset, length) => {
    bytes += length;
    const out = Buffer.alloc(length);
    SAMPLE.copy(out, 0, Math.min(offset, SAMPLE.length), Math.min(offset + length, SAMPLE.length));
    return Promise.resolve(out);
  };
  expect((await readElfFrom(read, size)).needed).toEqual(['libm.so.6', 'libc.so.6']);
  expect(bytes).toBeLessThan(200_000);
});
