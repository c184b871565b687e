import * as fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TareError } from '../../../src/base/error.ts';
import { type LdCacheEntry, parseLdCache, suitsAbi } from '../../../src/formats/ldcache/index.ts';
import { type CacheRecipe, newCache, oldCache } from '../../helpers/ld-cache-builder.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const LIBS: CacheRecipe['entries'] = [
  { name: 'libb.so.2', path: '/usr/lib/libb.so.2', flags: 0x0303 },
  { name: 'liba.so.1', path: '/usr/lib/glibc-hwcaps/x86-64-v3/liba.so.1', flags: 0x0303, hwcap: 'x86-64-v3' },
  { name: 'liba.so.1', path: '/lib/haswell/liba.so.1', flags: 0x0303, legacy: true },
  { name: 'liba.so.1', path: '/usr/lib/liba.so.1', flags: 0x0303 },
];

describe('every layout', () => {
  for (const endian of ['little', 'big'] as const) {
    it(`the newer one, ${endian}`, () => {
      expect(parseLdCache(newCache({ endian, entries: LIBS }))).toEqual(LIBS);
      expect(parseLdCache(newCache({ endian, entries: LIBS, unmarked: true }))).toEqual(LIBS);
      expect(parseLdCache(newCache({ endian, entries: [] }))).toEqual([]);
    });

    it(`the old one, alone and with the newer one behind, ${endian}`, () => {
      const plain = LIBS.filter((entry) => entry.hwcap === undefined && entry.legacy === undefined);
      expect(parseLdCache(oldCache({ endian, entries: plain }))).toEqual(plain);
      for (const align of [4, 8] as const) {
        const both = oldCache({ endian, entries: plain.slice(0, 1), align }, { endian, entries: LIBS });
        expect(parseLdCache(both)).toEqual(LIBS);
      }
    });
  }
});

describe('flags say for which programs', () => {
  it.each<[string, 32 | 64, number, boolean]>([
    ['x86_64', 64, 0x0303, true],
    ['x86_64', 64, 0x0003, false],
    ['x86_64', 32, 0x0803, true],
    ['i386', 32, 0x0003, true],
    ['i386', 32, 0x0303, false],
    ['aarch64', 64, 0x0a03, true],
    ['arm', 32, 0x0903, true],
    ['riscv', 64, 0x1003, true],
    ['x86_64', 64, 0x0301, false],
    ['machine-9999', 64, 0x7703, true],
  ])('%s %d %d', (machineName, bits, flags, expected) => {
    expect(suitsAbi(flags, { machineName, class: bits })).toBe(expected);
  });
});

// It is rarely on the PATH of ordinary users.
const LDCONFIG = existsSync('/sbin/ldconfig') ? '/sbin/ldconfig' : 'ldconfig';
const HAS_LDCONFIG = needs('gcc') && (LDCONFIG !== 'ldconfig' || needs('ldconfig'));

it.skipIf(!HAS_LDCONFIG)('agrees with ldconfig -p about caches that ldconfig made', () => {
  const dir = tempDir();
  const lib = join(dir, 'lib');
  mkdirSync(join(lib, 'glibc-hwcaps/x86-64-v3'), { recursive: true });
  const build = (file: string, soname: string): void => {
    execFileSync('gcc', ['-shared', '-fPIC', `-Wl,-soname,${soname}`, '-x', 'c', '-', '-o', join(lib, file)], {
      input: '',
    });
  };
  build('libtareone.so.1.0', 'libtareone.so.1');
  build('glibc-hwcaps/x86-64-v3/libtareone.so.1.0', 'libtareone.so.1');
  build('libtaretwo.so.2', 'libtaretwo.so.2');
  writeFileSync(join(dir, 'ld.so.conf'), `${lib}\n`);
  for (const format of ['new', 'compat', 'old']) {
    const cache = join(dir, `cache-${format}`);
    execFileSync(LDCONFIG, ['-X', '-c', format, '-f', join(dir, 'ld.so.conf'), '-C', cache]);
    const entries = parseLdCache(readFileSync(cache));
    expect(entries.filter((entry) => entry.name.startsWith('libtare')).map(({ name }) => name)).toContain(
      'libtaretwo.so.2',
    );
    if (format === 'old') continue;
    expect(printed(entries)).toEqual(printedByLdconfig(cache));
    expect(entries.flatMap((entry) => entry.hwcap ?? [])).toEqual(['x86-64-v3']);
  }
});

function printed(entries: readonly LdCacheEntry[]): string[] {
  return entries.map(({ name, path }) => `${name} => ${path}`);
}

function printedByLdconfig(cache: string): string[] {
  const text = execFileSync(LDCONFIG, ['-C', cache, '-p'], { encoding: 'latin1', maxBuffer: 1 << 26 });
  return [...text.matchAll(/^\t(\S+) \(.*\) => (.*)$/gm)].map((match) => `${match[1]} => ${match[2]}`);
}

describe('bad input', () => {
  const good = newCache({ endian: 'little', entries: LIBS });
  const codeOf = (bytes: Uint8Array): string => {
    try {
      parseLdCache(bytes);
      return 'read';
    } catch (error) {
      if (error instanceof TareError) return error.code;
      throw error;
    }
  };
  const patched = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32LE(value, at);
    return bytes;
  };

  it.each<[string, Uint8Array]>([
    ['empty', Buffer.alloc(0)],
    ['no magic number', Buffer.from('hello, world')],
    ['cut in the header', good.subarray(0, 30)],
    ['cut in the names', good.subarray(0, 150)],
    ['too many entries', patched(20, 0xffffffff)],
    ['marked as invalid', patched(28, 1)],
    ['a name far away', patched(48 + 4, 0xfffffff0)],
    ['an extension far away', patched(32, 0xfffffff0)],
  ])('%s', (_what, bytes) => {
    expect(codeOf(bytes)).toBe('E_LDCACHE');
  });

  it('any mutation is read or refused', () => {
    const both = oldCache({ endian: 'little', entries: LIBS.slice(0, 1) }, { endian: 'little', entries: LIBS });
    fc.assert(
      fc.property(
        fc.constantFrom(good, both),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        (sample, changes, cut) => {
          const bytes = Buffer.from(sample);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const kept = cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
          expect(['read', 'E_LDCACHE', 'E_LIMIT']).toContain(codeOf(kept));
        },
      ),
    );
  });
});
