import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ElfFile,
  isElf,
  readElf,
  readElfFrom,
  readElfImports,
  type ReadAt,
} from '../../../src/formats/elf/index.ts';
import { buildElf } from '../../helpers/elf-builder.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const readerOf =
  (bytes: Uint8Array): ReadAt =>
  (offset, size) =>
    Promise.resolve(bytes.subarray(offset, offset + size));

describe('images of every class and byte order', () => {
  const machines = [
    { class: 64, endian: 'little', machine: 62, name: 'x86_64' },
    { class: 64, endian: 'big', machine: 22, name: 's390x' },
    { class: 32, endian: 'little', machine: 40, name: 'arm' },
    { class: 32, endian: 'big', machine: 8, name: 'mips' },
  ] as const;
  for (const { name, ...machine } of machines)
    it(`${machine.class} bits, ${machine.endian}`, async () => {
      const bytes = buildElf({
        ...machine,
        interpreter: '/lib/ld.so.1',
        soname: 'libself.so.1',
        needed: ['libm.so.6', 'libc.so.6'],
        auxiliary: ['libfast.so'],
        rpath: '/a:$ORIGIN/b',
        runpath: '${ORIGIN}/../c',
        flags1: 0x08000801,
        imports: ['dlopen', 'puts'],
        verneed: { 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34'], 'libm.so.6': ['GLIBC_2.29'] },
        verdef: ['libself.so.1', 'SELF_1', 'SELF_2'],
      });
      const elf = readElf(bytes);
      expect(elf).toMatchObject({
        class: machine.class,
        endian: machine.endian,
        machine: machine.machine,
        machineName: name,
        type: 'executable',
        interpreter: '/lib/ld.so.1',
        soname: 'libself.so.1',
        needed: ['libm.so.6', 'libc.so.6'],
        auxiliary: ['libfast.so'],
        rpath: ['/a', '$ORIGIN/b'],
        runpath: ['${ORIGIN}/../c'],
        flags: { pie: true, nodefaultlib: true, now: true, origin: false },
        static: false,
        staticPie: false,
        verneed: [
          { file: 'libc.so.6', versions: ['GLIBC_2.2.5', 'GLIBC_2.34'] },
          { file: 'libm.so.6', versions: ['GLIBC_2.29'] },
        ],
        verdef: ['SELF_1', 'SELF_2'],
      });
      expect(await readElfFrom(readerOf(bytes), bytes.length)).toEqual(elf);
      expect([...(await readElfImports(readerOf(bytes), bytes.length, elf))]).toEqual(['dlopen', 'puts']);
    });
});

describe('kinds of files', () => {
  it('a static executable needs no loader', () => {
    expect(readElf(buildElf({ type: 2, noDynamic: true }))).toMatchObject({
      type: 'executable',
      static: true,
      staticPie: false,
      dynamic: false,
    });
    expect(readElf(buildElf({ type: 3, flags1: 0x08000000 }))).toMatchObject({ static: true, staticPie: true });
  });

  it('a library is shared, also when it has an interpreter like libc', () => {
    const libc = { interpreter: '/lib/ld.so.1', soname: 'libc.so.6' };
    expect(readElf(buildElf(libc))).toMatchObject({ type: 'shared', static: false });
    expect(readElf(buildElf({}))).toMatchObject({ type: 'shared', static: false, rpath: [], runpath: [] });
  });

  it('an empty run path is not the same as none', () => {
    expect(readElf(buildElf({ runpath: '' })).runpath).toEqual(['']);
  });

  it('names keep their bytes', () => {
    expect(readElf(buildElf({ needed: ['lib\xff.so'] })).needed).toEqual(['lib\xff.so']);
  });

  it('isElf wants the magic number alone', () => {
    expect(isElf(Buffer.from('\x7fELF'))).toBe(true);
    expect(isElf(Buffer.from('#!/b'))).toBe(false);
    expect(isElf(Buffer.from('\x7fEL'))).toBe(false);
  });

  it.skipIf(!needs('gcc', 'objcopy', 'strip'))('detached debug files promise segments that are not there', () => {
    const dir = tempDir();
    execFileSync('gcc', ['-g', '-x', 'c', '-', '-o', join(dir, 'p')], { input: 'int main(){return 0;}' });
    expect(readElf(readFileSync(join(dir, 'p'))).strippable).toEqual({ symbols: true, debug: true });
    execFileSync('objcopy', ['--only-keep-debug', 'p', 'p.debug'], { cwd: dir });
    const detached = readElf(readFileSync(join(dir, 'p.debug')));
    expect(detached).toMatchObject({ needed: [], strippable: { debug: true } });
    expect(detached.interpreter).toBeUndefined();
    execFileSync('strip', ['p'], { cwd: dir });
    expect(readElf(readFileSync(join(dir, 'p'))).strippable).toEqual({ symbols: false, debug: false });
  });

  it.skipIf(!needs('gcc'))('static, static-pie and relocatable files of a real linker', () => {
    const dir = tempDir();
    const build = (...flags: string[]): ElfFile => {
      execFileSync('gcc', [...flags, '-x', 'c', '-', '-o', join(dir, 'p')], { input: 'int main(){return 0;}' });
      return readElf(readFileSync(join(dir, 'p')));
    };
    expect(build('-static')).toMatchObject({ type: 'executable', static: true, staticPie: false });
    expect(build('-static-pie')).toMatchObject({ type: 'executable', static: true, staticPie: true, dynamic: true });
    expect(build('-no-pie')).toMatchObject({ type: 'executable', static: false, flags: { pie: false } });
    expect(build('-pie')).toMatchObject({ type: 'executable', static: false, flags: { pie: true } });
    expect(build('-c')).toMatchObject({ type: 'relocatable', static: false });
  });
});

it.skipIf(!needs('readelf'))('agrees with readelf about the files of this machine', async () => {
  const files = sampleFiles(60);
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const elf = readElf(readFileSync(file));
    expect({ file, ...factsOf(elf) }).toEqual({ file, ...factsOfReadelf(file) });
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const read: ReadAt = async (offset, length) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      };
      expect(await readElfFrom(read, size)).toEqual(elf);
      expect({ file, imports: [...(await readElfImports(read, size, elf))].sort() }).toEqual({
        file,
        imports: importsOfReadelf(file),
      });
    } finally {
      await handle.close();
    }
  }
});

/** Every n-th ELF file of the folders that all machines have, so that the sample is spread and the same each time. */
function sampleFiles(count: number): string[] {
  const found = ['/usr/bin', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'].flatMap((folder) => {
    try {
      return readdirSync(folder)
        .sort()
        .map((name) => join(folder, name));
    } catch {
      return [];
    }
  });
  const files = found.filter((file) => /\/bin\/|\.so[.0-9]*$/.test(file)).filter(isElfFile);
  const step = Math.max(1, Math.floor(files.length / count));
  return [...new Set(files.filter((_file, index) => index % step === 0).map((file) => realpathSync(file)))];
}

function isElfFile(file: string): boolean {
  try {
    const bytes = readFileSync(file);
    return bytes.length < 30_000_000 && isElf(bytes);
  } catch {
    return false;
  }
}

const readelf = (...args: string[]): string =>
  execFileSync('readelf', ['-W', ...args], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

function factsOf(elf: ElfFile): object {
  return {
    class: elf.class,
    needed: elf.needed,
    soname: elf.soname,
    rpath: elf.rpath,
    runpath: elf.runpath,
    interpreter: elf.interpreter,
    pie: elf.flags.pie,
    segments: elf.segments.length,
    sections: elf.sections.map((section) => section.name),
    verneed: elf.verneed,
  };
}

function factsOfReadelf(file: string): object {
  const dynamic = readelf('-d', file);
  const all = (word: string): string[] =>
    [...dynamic.matchAll(new RegExp(`\\(${word}\\).*\\[(.*)\\]`, 'g'))].map((match) => match[1] as string);
  const headers = readelf('-l', file);
  return {
    class: /Class:\s+ELF32/.test(readelf('-h', file)) ? 32 : 64,
    needed: all('NEEDED'),
    soname: all('SONAME')[0],
    rpath: all('RPATH')[0]?.split(':') ?? [],
    runpath: all('RUNPATH')[0]?.split(':') ?? [],
    interpreter: /program interpreter: (.*)\]/.exec(headers)?.[1],
    pie: /\(FLAGS_1\).*\bPIE\b/.test(dynamic),
    segments: Number(/There (?:is|are) (\d+) program header/.exec(headers)?.[1] ?? 0),
    sections: [...readelf('-S', file).matchAll(/^\s+\[\s*\d+\] (\S*)/gm)].map((match) => match[1]?.replace('NULL', '')),
    verneed: versionsOfReadelf(readelf('-V', file)),
  };
}

function versionsOfReadelf(text: string): object[] {
  const needs: { file: string; versions: string[] }[] = [];
  for (const line of (text.split('Version needs section')[1] ?? '').split('\n')) {
    const file = /File: (\S+)/.exec(line)?.[1];
    if (file !== undefined) needs.push({ file, versions: [] });
    const name = /Name: (\S+)/.exec(line)?.[1];
    if (name !== undefined) needs.at(-1)?.versions.push(name);
  }
  return needs;
}

function importsOfReadelf(file: string): string[] {
  const names = [...readelf('--dyn-syms', file).matchAll(/\s(?:GLOBAL|WEAK)\s+\S+\s+UND\s+([^@\s]+)/g)];
  return [...new Set(names.map((match) => match[1] as string))].sort();
}
