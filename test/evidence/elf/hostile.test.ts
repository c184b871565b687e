import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildElf } from '../../helpers/elf-builder.ts';
import { askElf } from '../../helpers/elf-question.ts';
import { newCache } from '../../helpers/ld-cache-builder.ts';

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const program = buildElf({
  type: 2,
  interpreter: LOADER,
  needed: ['liba.so', 'libb.so'],
  runpath: '$ORIGIN/lib:/x',
  imports: ['dlopen', 'iconv_open', 'pam_start', 'pthread_exit'],
  constants: ['libc.so', './d.so', 'UTF-16'],
});
const files = {
  [LOADER]: buildElf({ soname: 'ld-linux-x86-64.so.2', constants: ['/lib/', '/usr/lib/'] }),
  '/app/p': program,
  '/app/lib/liba.so': buildElf({ soname: 'liba.so', needed: ['libb.so'], rpath: '$ORIGIN' }),
  '/lib/libb.so': buildElf({ soname: 'libb.so' }),
  '/app/libc.so': buildElf({}),
  '/etc/ld.so.cache': newCache({
    endian: 'little',
    entries: [{ name: 'libb.so', path: '/lib/libb.so', flags: 0x0303 }],
  }),
  '/etc/ld.so.conf': 'include *.conf\n/lib\n',
};

it('damaged files are answered with edges and warnings, never with a crash', async () => {
  const change = fc.tuple(fc.nat({ max: 1500 }), fc.integer({ min: 0, max: 255 }));
  const names = fc.constantFrom(...(Object.keys(files) as (keyof typeof files)[]));
  await fc.assert(
    fc.asyncProperty(names, fc.array(change, { minLength: 1, maxLength: 10 }), async (name, changes) => {
      const bytes = Buffer.from(files[name] as Buffer);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const { edges } = await askElf({ ...files, [name]: bytes }, '/app/p');
      expect(edges.length).toBeLessThan(40);
    }),
    { numRuns: 300 },
  );
});

it('run paths and names that multiply are cut off', async () => {
  const hostile = buildElf({
    type: 2,
    interpreter: LOADER,
    needed: Array.from({ length: 4000 }, (_, index) => `lib${index}.so`),
    runpath: 'a:'.repeat(30_000),
  });
  const { edges, warnings } = await askElf({ ...files, '/app/p': hostile }, '/app/p');
  expect(edges.map((edge) => edge.kind)).toEqual(['interpreter']);
  expect(warnings.length).toBeLessThan(100);
  expect(warnings.at(-1)?.code).toBe('elf-limit');
});

it('libraries that need each other in a circle are loaded once', async () => {
  const circle = {
    ...files,
    '/app/p': buildElf({ type: 2, interpreter: LOADER, needed: ['liba.so'], runpath: '/c' }),
    '/c/liba.so': buildElf({ soname: 'liba.so', needed: ['libz.so', 'liba.so'], runpath: '/c' }),
    '/c/libz.so': buildElf({ soname: 'libz.so', needed: ['liba.so'] }),
  };
  const { edges } = await askElf(circle, '/app/p');
  expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
    `/app/p ${LOADER}`,
    '/app/p /c/liba.so',
    '/c/liba.so /c/libz.so',
    '/c/liba.so /c/liba.so',
    '/c/libz.so /c/liba.so',
  ]);
});
