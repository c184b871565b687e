import { expect, it } from 'vitest';
import { readElf, readElfLibraryStrings, type ReadAt, visitElfStrings } from '../../../src/formats/elf/index.ts';
import { buildElf } from '../../helpers/elf-builder.ts';

const readerOf =
  (bytes: Uint8Array): ReadAt =>
  (offset, size) =>
    Promise.resolve(bytes.subarray(offset, offset + size));

async function libraryStrings(constants: readonly string[], noSections = false): Promise<readonly string[]> {
  const bytes = buildElf({ constants, noSections, needed: ['libc.so.6'] });
  return readElfLibraryStrings(readerOf(bytes), bytes.length, readElf(bytes));
}

it('takes what looks like the name of a library, each once, in file order', async () => {
  const names = ['libb.so', 'liba.so.1', '/opt/x/plugin.so.1.2.3', 'libb.so', './p.so', '%s/q.so', '$ORIGIN/r.so'];
  expect(await libraryStrings(names)).toEqual([...new Set(names)]);
});

it('leaves everything else', async () => {
  const others = ['lib%s.so', 'x.so.', 'x.so.a', 'x.so1', 'x.sofa', 'so', 'text with x.so inside', '\x80.so\x81'];
  expect(await libraryStrings(others)).toEqual([]);
});

it('a sentence may end in a name', async () => {
  expect(await libraryStrings(['cannot open libx.so'])).toEqual(['libx.so']);
});

it('without a section table the whole read-only segment is searched', async () => {
  expect(await libraryStrings(['libx.so'], true)).toEqual(['libx.so', 'libc.so.6']);
});

it('finds names that a chunk border cuts through, once', async () => {
  const border = 4 * 1024 * 1024;
  for (const shift of [-40, -12, -11, -1, 0, 1, 2]) {
    const first = buildElf({ constants: ['x'] });
    const start = readElf(first).sections.find((section) => section.name === '.rodata')?.offset as number;
    expect(start).toBeGreaterThan(0);
    const padding = ' '.repeat(border - 1 + shift);
    expect(await libraryStrings([padding, 'libborder.so', 'libafter.so'])).toEqual(['libborder.so', 'libafter.so']);
  }
});

it('gives at most 4096 names', async () => {
  expect(await libraryStrings(Array.from({ length: 6000 }, (_, index) => `l${index}.so`))).toHaveLength(4096);
});

it('visits every printable constant until told to stop', async () => {
  const bytes = buildElf({ constants: ['legacy', 'x', 'UTF-16', 'two words', 'end'] });
  const seen: string[] = [];
  await visitElfStrings(readerOf(bytes), bytes.length, readElf(bytes), (text) => {
    seen.push(text);
    return text !== 'words';
  });
  expect(seen).toEqual(['legacy', 'UTF-16', 'words']);
});
