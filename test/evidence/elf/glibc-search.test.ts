import { describe, expect, it } from 'vitest';
import { askElf, loadedPaths } from '../../helpers/elf-question.ts';
import { buildElf, type ElfRecipe } from '../../helpers/elf-builder.ts';
import { newCache } from '../../helpers/ld-cache-builder.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const program = (recipe: ElfRecipe = {}): Buffer => buildElf({ type: 2, interpreter: LOADER, ...recipe });
const library = (soname: string, recipe: ElfRecipe = {}): Buffer => buildElf({ soname, ...recipe });
const base: Record<string, MemoryFile> = { [LOADER]: library('ld-linux-x86-64.so.2') };
const a = library('liba.so');

interface Case {
  readonly files: Record<string, MemoryFile>;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly ask?: string;
  /** Besides the interpreter. */
  readonly loads: readonly string[];
  readonly because?: string;
}

const cases: Record<string, Case> = {
  'default folders, multiarch first': {
    files: { '/app/p': program({ needed: ['liba.so'] }), '/usr/lib/x86_64-linux-gnu/liba.so': a, '/lib/liba.so': a },
    loads: ['/usr/lib/x86_64-linux-gnu/liba.so'],
    because: 'NEEDED liba.so, found in /usr/lib/x86_64-linux-gnu by default',
  },
  'default folders of a loader that names its own': {
    files: {
      '/app/p': program({ needed: ['liba.so'] }),
      [LOADER]: library('ld-linux-x86-64.so.2', { constants: ['/gnu/store/x-glibc/lib/', 'other'] }),
      '/gnu/store/x-glibc/lib/liba.so': a,
      '/lib/liba.so': a,
    },
    loads: ['/gnu/store/x-glibc/lib/liba.so'],
  },
  'RPATH before LD_LIBRARY_PATH': {
    files: { '/app/p': program({ needed: ['liba.so'], rpath: '/rpath' }), '/rpath/liba.so': a, '/env/liba.so': a },
    env: { LD_LIBRARY_PATH: '/env' },
    loads: ['/rpath/liba.so'],
    because: 'NEEDED liba.so, found in /rpath by RPATH /rpath',
  },
  'LD_LIBRARY_PATH before RUNPATH': {
    files: { '/app/p': program({ needed: ['liba.so'], runpath: '/run' }), '/run/liba.so': a, '/env/liba.so': a },
    env: { LD_LIBRARY_PATH: '/nowhere;/env:/other' },
    loads: ['/env/liba.so'],
    because: 'NEEDED liba.so, found in /env by LD_LIBRARY_PATH',
  },
  'RUNPATH makes RPATH void': {
    files: {
      '/app/p': program({ needed: ['liba.so'], rpath: '/rpath', runpath: '/run' }),
      '/rpath/liba.so': a,
      '/run/liba.so': a,
    },
    loads: ['/run/liba.so'],
  },
  'an empty RUNPATH does so too': {
    files: {
      '/app/p': program({ needed: ['liba.so'], rpath: '/rpath', runpath: '' }),
      '/rpath/liba.so': a,
      '/lib/liba.so': a,
    },
    loads: ['/lib/liba.so'],
  },
  'RPATH is handed down': {
    files: {
      '/app/p': program({ needed: ['liba.so'], rpath: '$ORIGIN/lib' }),
      '/app/lib/liba.so': library('liba.so', { needed: ['libb.so'] }),
      '/app/lib/libb.so': library('libb.so'),
      '/lib/libb.so': library('libb.so'),
    },
    loads: ['/app/lib/liba.so', '/app/lib/libb.so'],
    because: 'NEEDED libb.so, found in /app/lib by RPATH $ORIGIN/lib of /app/p',
  },
  'but not to a library with a RUNPATH': {
    files: {
      '/app/p': program({ needed: ['liba.so'], rpath: '$ORIGIN/lib' }),
      '/app/lib/liba.so': library('liba.so', { needed: ['libb.so'], runpath: '/elsewhere' }),
      '/app/lib/libb.so': library('libb.so'),
      '/lib/libb.so': library('libb.so'),
    },
    loads: ['/app/lib/liba.so', '/lib/libb.so'],
  },
  'RUNPATH is not handed down': {
    files: {
      '/app/p': program({ needed: ['liba.so'], runpath: '$ORIGIN/lib' }),
      '/app/lib/liba.so': library('liba.so', { needed: ['libb.so'] }),
      '/app/lib/libb.so': library('libb.so'),
      '/lib/libb.so': library('libb.so'),
    },
    loads: ['/app/lib/liba.so', '/lib/libb.so'],
  },
  'what is loaded already satisfies a later NEEDED, by soname': {
    files: {
      '/app/p': program({ needed: ['renamed.so', 'libc.so'], runpath: '/run' }),
      '/run/renamed.so': library('liba.so'),
      '/run/libc.so': library('libc.so', { needed: ['liba.so'], runpath: '/other' }),
      '/other/liba.so': a,
    },
    loads: ['/run/libc.so', '/run/renamed.so'],
  },
  'breadth first: the program decides before its libraries': {
    files: {
      '/app/p': program({ needed: ['liba.so', 'libb.so'], runpath: '/one' }),
      '/one/liba.so': library('liba.so', { needed: ['libb.so'], runpath: '/two' }),
      '/one/libb.so': library('libb.so'),
      '/two/libb.so': library('libb.so'),
    },
    loads: ['/one/liba.so', '/one/libb.so'],
  },
  'two names of one file are one object': {
    files: {
      '/app/p': program({ needed: ['liba.so.1', 'liba.so'], runpath: '/run' }),
      '/run/liba.so.1.2': buildElf({}),
      '/run/liba.so.1': { link: 'liba.so.1.2' },
      '/run/liba.so': { link: 'liba.so.1' },
    },
    loads: ['/run/liba.so.1'],
  },
  '$ORIGIN of a program is its real folder': {
    files: {
      '/opt/real/bin/p': program({ needed: ['liba.so'], runpath: '${ORIGIN}/../lib' }),
      '/usr/bin/p': { link: '/opt/real/bin/p' },
      '/opt/real/lib/liba.so': a,
      '/usr/lib/liba.so': a,
    },
    ask: '/usr/bin/p',
    loads: ['/opt/real/lib/liba.so'],
  },
  '$ORIGIN of a library is the folder that it was found in': {
    files: {
      '/app/p': program({ needed: ['liba.so'], runpath: '/links' }),
      '/real/liba.so': library('liba.so', { needed: ['libb.so'], runpath: '$ORIGIN' }),
      '/links/liba.so': { link: '/real/liba.so' },
      '/links/libb.so': library('libb.so'),
      '/real/libb.so': library('libb.so'),
    },
    loads: ['/links/liba.so', '/links/libb.so'],
  },
  "'..' after a link leads to the parent of the real folder": {
    files: {
      '/app/p': program({ needed: ['liba.so'], runpath: '/link/../lib' }),
      '/link': { link: '/deep/folder' },
      '/deep/folder/x': 'x',
      '/deep/lib/liba.so': a,
    },
    loads: ['/deep/lib/liba.so'],
  },
  '$LIB and $PLATFORM': {
    files: {
      '/app/p': program({ needed: ['liba.so', 'libb.so'], runpath: '/l/$LIB:/p/${PLATFORM}' }),
      '/l/lib/x86_64-linux-gnu/liba.so': a,
      '/p/x86_64/libb.so': library('libb.so'),
      '/p/haswell/libb.so': library('libb.so'),
    },
    loads: ['/l/lib/x86_64-linux-gnu/liba.so', '/p/x86_64/libb.so'],
  },
  'an unknown token is a name': {
    files: { '/app/p': program({ needed: ['liba.so'], runpath: '/x/$NOTHING' }), '/x/$NOTHING/liba.so': a },
    loads: ['/x/$NOTHING/liba.so'],
  },
  'a relative or empty component is the working folder': {
    files: {
      '/app/p': program({ needed: ['liba.so', 'libb.so'], runpath: 'sub:' }),
      '/w/sub/liba.so': a,
      '/w/libb.so': library('libb.so'),
    },
    cwd: '/w',
    loads: ['/w/libb.so', '/w/sub/liba.so'],
  },
  'NEEDED with a slash is a path': {
    files: {
      '/app/p': program({ needed: ['./x/liba.so', '$ORIGIN/libb.so', '/abs/libc.so'], runpath: '/run' }),
      '/w/x/liba.so': a,
      '/app/libb.so': library('libb.so'),
      '/abs/libc.so': library('libc.so'),
    },
    cwd: '/w',
    loads: ['/abs/libc.so', '/app/libb.so', '/w/x/liba.so'],
  },
  'another class or machine is passed over': {
    files: {
      '/app/p': program({ needed: ['liba.so'], runpath: '/i386:/arm64:/good' }),
      '/i386/liba.so': library('liba.so', { class: 32, machine: 3 }),
      '/arm64/liba.so': library('liba.so', { machine: 183 }),
      '/good/liba.so': a,
    },
    loads: ['/good/liba.so'],
  },
  'a folder of that name is passed over': {
    files: {
      '/app/p': program({ needed: ['liba.so'], runpath: '/one:/two' }),
      '/one/liba.so': { directory: true },
      '/two/liba.so': a,
    },
    loads: ['/two/liba.so'],
  },
  'LD_PRELOAD comes first': {
    files: { '/app/p': program({ needed: ['liba.so'] }), '/lib/liba.so': a, '/x/libpre.so': library('libpre.so') },
    env: { LD_PRELOAD: '/x/libpre.so' },
    loads: ['/lib/liba.so', '/x/libpre.so'],
    because: 'LD_PRELOAD /x/libpre.so, by its path',
  },
  'DT_AUXILIARY may be missing': {
    files: {
      '/app/p': program({ needed: ['liba.so'], auxiliary: ['libfast.so', 'libnone.so'] }),
      '/lib/liba.so': a,
      '/lib/libfast.so': library('libfast.so'),
    },
    loads: ['/lib/liba.so', '/lib/libfast.so'],
  },
  'a library by itself: its own run paths and the defaults': {
    files: {
      '/app/addon.node': buildElf({ needed: ['liba.so', 'libb.so'], rpath: '$ORIGIN/lib' }),
      '/app/lib/liba.so': library('liba.so', { needed: ['libc.so.6'] }),
      '/lib/libb.so': library('libb.so'),
      '/lib/libc.so.6': library('libc.so.6', { needed: ['ld-linux-x86-64.so.2'] }),
    },
    ask: '/app/addon.node',
    loads: ['/app/lib/liba.so', '/lib/libb.so', '/lib/libc.so.6', LOADER],
  },
  'a big-endian machine with names of its own': {
    files: {
      '/app/p': program({ machine: 22, endian: 'big', interpreter: '/lib/ld64.so.1', needed: ['liba.so'] }),
      '/lib/ld64.so.1': library('ld64.so.1', { machine: 22, endian: 'big' }),
      '/usr/lib/s390x-linux-gnu/liba.so': library('liba.so', { machine: 22, endian: 'big' }),
    },
    loads: ['/usr/lib/s390x-linux-gnu/liba.so', '/lib/ld64.so.1'],
  },
};

describe('search order', () => {
  for (const [name, { files, env, cwd, ask, loads, because }] of Object.entries(cases))
    it(name, async () => {
      const options = { ...(env !== undefined && { env }), ...(cwd !== undefined && { cwd }) };
      const answer = await askElf({ ...base, ...files }, ask ?? '/app/p', options);
      expect(answer.warnings).toEqual([]);
      expect(loadedPaths(answer).filter((path) => path !== LOADER)).toEqual(
        loads.filter((path) => path !== LOADER).sort(),
      );
      if (because !== undefined) expect(answer.edges.map((edge) => edge.because)).toContain(because);
    });
});

describe('ld.so.cache', () => {
  const cache = newCache({
    endian: 'little',
    entries: [
      { name: 'liba.so', path: '/lib/i386-linux-gnu/liba.so', flags: 0x0003 },
      { name: 'liba.so', path: '/opt/glibc-hwcaps/x86-64-v3/liba.so', flags: 0x0303, hwcap: 'x86-64-v3' },
      { name: 'liba.so', path: '/opt/liba.so', flags: 0x0303 },
      { name: 'libb.so', path: '/lib/libb.so', flags: 0x0303 },
      { name: 'libgone.so', path: '/opt/libgone.so', flags: 0x0303 },
    ],
  });
  const files = {
    ...base,
    '/etc/ld.so.cache': cache,
    '/app/p': program({ needed: ['liba.so', 'libb.so', 'libgone.so'] }),
    '/opt/liba.so': a,
    '/opt/glibc-hwcaps/x86-64-v3/liba.so': a,
    '/lib/i386-linux-gnu/liba.so': library('liba.so', { class: 32, machine: 3 }),
    '/lib/libb.so': library('libb.so'),
    '/usr/lib/libgone.so': library('libgone.so'),
  };

  it('gives the plain build, likely ones for better CPUs, and is kept only where it is needed', async () => {
    const { edges, warnings } = await askElf(files, '/app/p');
    expect(warnings).toEqual([]);
    expect(
      edges
        .filter((edge) => edge.kind !== 'interpreter')
        .map(({ to, kind, because, certainty }) => ({ to, kind, because, certainty })),
    ).toEqual([
      {
        to: '/opt/liba.so',
        kind: 'elf-needed',
        because: 'NEEDED liba.so, found in /opt by ld.so.cache',
        certainty: 'sure',
      },
      {
        to: '/opt/glibc-hwcaps/x86-64-v3/liba.so',
        kind: 'elf-needed',
        because: '/opt/liba.so, the build that CPUs of level x86-64-v3 get by ld.so.cache',
        certainty: 'likely',
      },
      {
        to: '/etc/ld.so.cache',
        kind: 'config',
        because: 'without it the loader does not find /opt/liba.so',
        certainty: 'sure',
      },
      {
        to: '/lib/libb.so',
        kind: 'elf-needed',
        because: 'NEEDED libb.so, found in /lib by ld.so.cache',
        certainty: 'sure',
      },
      {
        to: '/usr/lib/libgone.so',
        kind: 'elf-needed',
        because: 'NEEDED libgone.so, found in /usr/lib by default',
        certainty: 'sure',
      },
    ]);
  });

  it('a program without default folders needs the cache, and gets nothing of the system folders from it', async () => {
    const { edges, warnings } = await askElf(
      { ...files, '/app/p': program({ needed: ['liba.so', 'libb.so'], flags1: 0x800 }) },
      '/app/p',
    );
    expect(edges.map((edge) => edge.to)).toEqual([
      LOADER,
      '/opt/liba.so',
      '/opt/glibc-hwcaps/x86-64-v3/liba.so',
      '/etc/ld.so.cache',
    ]);
    expect(warnings.map((warning) => warning.message)).toEqual([
      '/app/p needs libb.so, but its loader does not find it in this tree',
    ]);
  });

  it('a broken one is named when something is missing', async () => {
    const { warnings } = await askElf({ ...files, '/etc/ld.so.cache': 'nonsense' }, '/app/p');
    expect(warnings.map((warning) => warning.code)).toEqual(['elf-missing', 'elf-cache']);
  });
});

describe('ld.so.conf without a cache', () => {
  it('folders and includes are searched last, with a warning', async () => {
    const files = {
      ...base,
      '/etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
      '/etc/ld.so.conf.d/b.conf': '/second\ninclude ../ld.so.conf\n',
      '/etc/ld.so.conf.d/a.conf': '# first\n/first\n',
      '/etc/ld.so.conf.d/.hidden.conf': '/hidden\n',
      '/hidden/liba.so': a,
      '/second/liba.so': library('liba.so'),
      '/first/other.so': a,
      '/app/p': program({ needed: ['liba.so'] }),
    };
    const answer = await askElf(files, '/app/p');
    expect(loadedPaths(answer)).toEqual([LOADER, '/second/liba.so']);
    expect(answer.warnings.map((warning) => warning.code)).toEqual(['elf-no-cache']);
    expect(loadedPaths(await askElf({ ...files, '/lib/liba.so': a }, '/app/p'))).toContain('/lib/liba.so');
  });
});

describe('builds for better CPUs', () => {
  it('are likely, beside the plain one', async () => {
    const files = {
      ...base,
      '/app/p': program({ needed: ['liba.so'], runpath: '/run' }),
      '/run/liba.so': a,
      '/run/glibc-hwcaps/x86-64-v2/liba.so': a,
      '/run/glibc-hwcaps/x86-64-v4/liba.so': a,
      '/run/glibc-hwcaps/power9/liba.so': library('liba.so', { machine: 21 }),
    };
    const { edges } = await askElf(files, '/app/p');
    expect(edges.filter((edge) => edge.certainty === 'likely').map((edge) => edge.to)).toEqual([
      '/run/glibc-hwcaps/x86-64-v2/liba.so',
      '/run/glibc-hwcaps/x86-64-v4/liba.so',
    ]);
  });
});

describe('what goes wrong', () => {
  it.each<[string, Record<string, MemoryFile>, string]>([
    ['missing', {}, '/app/p needs liba.so, but its loader does not find it in this tree'],
    [
      'a linker script in the way ends the search',
      { '/run/liba.so': 'GROUP ( liba.so.1 )', '/lib/liba.so': a },
      '/app/p needs liba.so, but /run/liba.so cannot be loaded: it is not an ELF file',
    ],
    [
      'a broken link',
      { '/run/liba.so': { link: 'liba.so.9' } },
      '/app/p needs liba.so, but its loader does not find it in this tree',
    ],
    [
      'a circle of links',
      { '/run/liba.so': { link: 'liba.so' } },
      '/app/p needs liba.so, but its loader does not find it in this tree',
    ],
  ])('%s', async (_what, files, message) => {
    const { warnings } = await askElf(
      { ...base, '/app/p': program({ needed: ['liba.so'], runpath: '/run' }), ...files },
      '/app/p',
    );
    expect(warnings).toEqual([{ code: 'elf-missing', message, path: '/app/p' }]);
  });

  it('without its interpreter a program needs nothing', async () => {
    const { edges, warnings } = await askElf(
      { '/app/p': program({ needed: ['liba.so'] }), '/lib/liba.so': a },
      '/app/p',
    );
    expect(edges).toEqual([]);
    expect(warnings).toEqual([
      { code: 'elf-missing', message: `/app/p cannot start: its interpreter ${LOADER} is not there`, path: '/app/p' },
    ]);
  });

  it('a library for another C library is left alone', async () => {
    const addon = buildElf({ needed: ['libstdc++.so.6', 'libc.musl-x86_64.so.1'] });
    const { edges, warnings } = await askElf(
      { ...base, '/app/a.node': addon, '/lib/libstdc++.so.6': a },
      '/app/a.node',
    );
    expect(edges).toEqual([]);
    expect(warnings.map((warning) => warning.code)).toEqual(['elf-foreign']);
  });

  it('a damaged file is a warning', async () => {
    const { edges, warnings } = await askElf({ '/app/p': program().subarray(0, 100) }, '/app/p');
    expect(edges).toEqual([]);
    expect(warnings.map((warning) => warning.code)).toEqual(['elf-broken']);
  });

  it.each([
    ['static', buildElf({ type: 2, noDynamic: true })],
    ['static-pie', buildElf({ flags1: 0x08000000, imports: ['dlopen'], constants: ['libx.so'] })],
    ['relocatable', buildElf({ type: 1, noDynamic: true })],
  ])('%s files need nothing', async (_kind, bytes) => {
    expect(await askElf({ '/app/p': bytes, '/app/libx.so': a }, '/app/p')).toEqual({ edges: [], warnings: [] });
  });
});

it('edges come from the object that asks', async () => {
  const files = {
    ...base,
    '/app/p': program({ needed: ['liba.so'] }),
    '/usr/lib/liba.so.1': library('liba.so', { needed: ['libb.so'] }),
    '/usr/lib/liba.so': { link: 'liba.so.1' },
    '/usr/lib/libb.so': library('libb.so', { needed: ['ld-linux-x86-64.so.2'] }),
    '/lib': { link: 'usr/lib' },
  };
  const { edges } = await askElf(files, '/app/p');
  expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
    `/app/p ${LOADER}`,
    '/app/p /lib/liba.so',
    '/usr/lib/liba.so.1 /lib/libb.so',
    `/usr/lib/libb.so ${LOADER}`,
  ]);
  expect(edges.every((edge) => edge.settled)).toBe(true);
});

it("a folder that only '..' goes through is looked up", async () => {
  const files = {
    ...base,
    '/app/bin/p': program({ needed: ['liba.so', 'libb.so'], runpath: '$ORIGIN/../lib:/far/empty/../lib' }),
    '/app/lib/liba.so': a,
    '/far/empty': { directory: true as const },
    '/far/lib/libb.so': library('libb.so'),
  };
  const { edges } = await askElf(files, '/app/bin/p');
  expect(edges.filter((edge) => edge.kind === 'looked-up').map((edge) => edge.to)).toEqual(['/far/empty']);
});
