import { describe, expect, it } from 'vitest';
import { buildElf, type ElfRecipe } from '../../helpers/elf-builder.ts';
import { askElf, loadedPaths } from '../../helpers/elf-question.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';

const LOADER = '/lib/ld-musl-x86_64.so.1';
const program = (recipe: ElfRecipe = {}): Buffer => buildElf({ type: 2, interpreter: LOADER, ...recipe });
const a = buildElf({ soname: 'liba.so' });
const base: Record<string, MemoryFile> = { [LOADER]: buildElf({}) };

interface Case {
  readonly files: Record<string, MemoryFile>;
  readonly env?: Record<string, string>;
  readonly ask?: string;
  /** Besides the interpreter. */
  readonly loads: readonly string[];
}

const cases: Record<string, Case> = {
  'the C library is the loader itself': {
    files: {
      '/app/p': program({ needed: ['libc.musl-x86_64.so.1', 'libc.so', 'libpthread.so.0', 'libm.so.6'] }),
      '/lib/libc.musl-x86_64.so.1': { link: 'ld-musl-x86_64.so.1' },
      '/lib/libm.so.6': a,
    },
    loads: [],
  },
  'default folders': {
    files: {
      '/app/p': program({ needed: ['liba.so', 'libb.so'] }),
      '/usr/lib/liba.so': a,
      '/usr/local/lib/liba.so': a,
      '/lib/libb.so': a,
    },
    loads: ['/lib/libb.so', '/usr/local/lib/liba.so'],
  },
  'LD_LIBRARY_PATH before everything': {
    files: { '/app/p': program({ needed: ['liba.so'], rpath: '/rpath' }), '/rpath/liba.so': a, '/env/liba.so': a },
    env: { LD_LIBRARY_PATH: '/none:/env' },
    loads: ['/env/liba.so'],
  },
  'RUNPATH is handed down like RPATH': {
    files: {
      '/app/p': program({ needed: ['liba.so'], runpath: '$ORIGIN/lib' }),
      '/app/lib/liba.so': buildElf({ needed: ['libb.so'], runpath: '/none' }),
      '/app/lib/libb.so': buildElf({}),
      '/lib/libb.so': buildElf({}),
    },
    loads: ['/app/lib/liba.so', '/app/lib/libb.so'],
  },
  'another token voids the whole run path': {
    files: { '/app/p': program({ needed: ['liba.so'], rpath: '/rpath:$LIB' }), '/rpath/liba.so': a, '/lib/liba.so': a },
    loads: ['/lib/liba.so'],
  },
  'the name of the file counts, not the soname': {
    files: {
      '/app/p': program({ needed: ['libx.so', 'liba.so'] }),
      '/lib/libx.so': buildElf({ soname: 'liba.so' }),
      '/lib/liba.so': a,
    },
    loads: ['/lib/liba.so', '/lib/libx.so'],
  },
  'an addon that names the C library as Alpine does': {
    files: { '/app/a.node': buildElf({ needed: ['libc.musl-x86_64.so.1', 'liba.so'] }), '/usr/lib/liba.so': a },
    ask: '/app/a.node',
    loads: ['/usr/lib/liba.so'],
  },
};

describe('search order', () => {
  for (const [name, { files, env, ask, loads }] of Object.entries(cases))
    it(name, async () => {
      const answer = await askElf({ ...base, ...files }, ask ?? '/app/p', env === undefined ? {} : { env });
      expect(answer.warnings).toEqual([]);
      expect(loadedPaths(answer).filter((path) => path !== LOADER)).toEqual([...loads].sort());
    });

  it('the first file of the name decides, whatever it is for', async () => {
    const files = {
      ...base,
      '/app/p': program({ needed: ['liba.so'] }),
      '/lib/liba.so': buildElf({ class: 32, machine: 3 }),
      '/usr/lib/liba.so': a,
    };
    const { warnings } = await askElf(files, '/app/p');
    expect(warnings.map((warning) => warning.message)).toEqual([
      '/app/p needs liba.so, but /lib/liba.so is for another machine, and musl looks no further',
    ]);
  });
});

describe('the path file', () => {
  const files = {
    ...base,
    '/etc/ld-musl-x86_64.path': '/opt/lib\n/lib:/usr/lib\n',
    '/app/p': program({ needed: ['liba.so', 'libb.so'] }),
    '/opt/lib/liba.so': a,
    '/lib/libb.so': buildElf({}),
    '/usr/local/lib/liba.so': a,
  };

  it('replaces the default folders, and is kept where they would not do', async () => {
    const { edges, warnings } = await askElf(files, '/app/p');
    expect(warnings).toEqual([]);
    expect(edges.map(({ to, kind, because }) => `${kind} ${to}: ${because}`)).toEqual([
      `interpreter ${LOADER}: PT_INTERP ${LOADER}`,
      'elf-needed /opt/lib/liba.so: NEEDED liba.so, found in /opt/lib by /etc/ld-musl-x86_64.path',
      'config /etc/ld-musl-x86_64.path: without it the loader does not find /opt/lib/liba.so',
      'elf-needed /lib/libb.so: NEEDED libb.so, found in /lib by /etc/ld-musl-x86_64.path',
    ]);
  });

  it('stands beside the folder of the interpreter', async () => {
    const moved = {
      '/x/lib/ld-musl-x86_64.so.1': buildElf({}),
      '/x/etc/ld-musl-x86_64.path': '/x/own',
      '/x/own/liba.so': a,
      '/lib/liba.so': a,
      '/app/p': program({ interpreter: '/x/lib/ld-musl-x86_64.so.1', needed: ['liba.so'] }),
    };
    expect(loadedPaths(await askElf(moved, '/app/p'))).toEqual(['/x/lib/ld-musl-x86_64.so.1', '/x/own/liba.so']);
  });
});
