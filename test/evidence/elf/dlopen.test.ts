import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildElf, type ElfRecipe } from '../../helpers/elf-builder.ts';
import { type Answered, askElf } from '../../helpers/elf-question.ts';
import { hostTree } from '../../helpers/host-tree.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const LIB = '/usr/lib/x86_64-linux-gnu';
const program = (recipe: ElfRecipe = {}): Buffer => buildElf({ type: 2, interpreter: LOADER, ...recipe });
const plugin = buildElf({ soname: 'plugin' });
const base: Record<string, MemoryFile> = {
  [LOADER]: buildElf({ soname: 'ld-linux-x86-64.so.2' }),
  [`${LIB}/libc.so.6`]: buildElf({ soname: 'libc.so.6' }),
};

function opened({ edges }: Answered): string[] {
  return edges.filter((edge) => edge.kind === 'elf-dlopen').map((edge) => `${edge.certainty} ${edge.to}`);
}

interface Case {
  readonly program: ElfRecipe;
  readonly files: Record<string, MemoryFile>;
  readonly at?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly opens: readonly string[];
}

const dlopen = (...constants: string[]): ElfRecipe => ({ imports: ['dlopen'], constants });

const cases: Record<string, Case> = {
  'beside the program': {
    program: dlopen('libp.so'),
    files: { '/app/libp.so': plugin },
    opens: ['guess /app/libp.so'],
  },
  'not without dlopen': { program: { constants: ['libp.so'] }, files: { '/app/libp.so': plugin }, opens: [] },
  'by a wrapper of dlopen': {
    program: { imports: ['g_module_open'], constants: ['libp.so.3'] },
    files: { '/app/libp.so.3': plugin },
    opens: ['guess /app/libp.so.3'],
  },
  'by RUNPATH': {
    program: { ...dlopen('libp.so'), runpath: '$ORIGIN/plugins' },
    files: { '/app/plugins/libp.so': plugin, '/app/libp.so': plugin },
    opens: ['likely /app/plugins/libp.so'],
  },
  'by LD_LIBRARY_PATH': {
    program: dlopen('libp.so'),
    files: { '/env/libp.so': plugin },
    env: { LD_LIBRARY_PATH: '/env' },
    opens: ['likely /env/libp.so'],
  },
  'by an absolute path': {
    program: dlopen('/opt/x/libp.so'),
    files: { '/opt/x/libp.so': plugin },
    opens: ['likely /opt/x/libp.so'],
  },
  'by a path from the working folder': {
    program: dlopen('./plugins/p.so'),
    files: { '/srv/plugins/p.so': plugin, '/app/plugins/p.so': plugin },
    cwd: '/srv',
    opens: ['likely /srv/plugins/p.so'],
  },
  'by a path that the program completes': {
    program: dlopen('/plugin.so', '%s/plugins/q.so'),
    files: { '/app/plugin.so': plugin, '/app/plugins/q.so': buildElf({}) },
    opens: ['guess /app/plugin.so', 'guess /app/plugins/q.so'],
  },
  'never from the folders that all share': {
    program: dlopen('libz.so.1'),
    files: { [`${LIB}/libz.so.1`]: plugin },
    opens: [],
  },
  'and a library there has nothing beside it': {
    program: dlopen('libz.so.1'),
    at: `${LIB}/libtool.so`,
    files: { [`${LIB}/libz.so.1`]: plugin },
    opens: [],
  },
  'nothing that is no library, or for another machine, or loaded anyway': {
    program: { ...dlopen('text.so', 'other.so', 'prog.so', 'liba.so'), needed: ['liba.so'], runpath: '$ORIGIN' },
    files: {
      '/app/text.so': 'GROUP ( x )',
      '/app/other.so': buildElf({ machine: 183 }),
      '/app/prog.so': program(),
      '/app/liba.so': plugin,
    },
    opens: [],
  },
};

describe('names in the constants of a program', () => {
  for (const [name, { program: recipe, files, at, env, cwd, opens }] of Object.entries(cases))
    it(name, async () => {
      const path = at ?? '/app/p';
      const bytes = at === undefined ? program(recipe) : buildElf(recipe);
      const options = { ...(env !== undefined && { env }), ...(cwd !== undefined && { cwd }) };
      const answer = await askElf({ ...base, ...files, [path]: bytes }, path, options);
      expect(answer.warnings).toEqual([]);
      expect(opened(answer)).toEqual(opens);
    });

  it('a plug-in brings what it needs, found with the run path of its program', async () => {
    const files = {
      ...base,
      '/app/p': program({ ...dlopen('libp.so'), rpath: '$ORIGIN/lib' }),
      '/app/lib/libp.so': buildElf({ needed: ['libq.so', 'libgone.so'] }),
      '/app/lib/libq.so': buildElf({ soname: 'libq.so', ...dlopen('/app/lib/libr.so') }),
      '/app/lib/libr.so': buildElf({}),
    };
    const { edges, warnings } = await askElf(files, '/app/p');
    expect(
      edges.filter((edge) => edge.kind !== 'interpreter').map(({ from, to, kind }) => `${kind} ${from} ${to}`),
    ).toEqual([
      'elf-needed /app/lib/libp.so /app/lib/libq.so',
      'elf-dlopen /app/p /app/lib/libp.so',
      'elf-dlopen /app/lib/libq.so /app/lib/libr.so',
    ]);
    expect(warnings.map((warning) => warning.code)).toEqual(['elf-plugin-missing']);
  });

  it.skipIf(!needs('gcc'))('a real program and its real plug-in', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'plugins'));
    const compile = (source: string, ...args: string[]): void => {
      execFileSync('gcc', ['-x', 'c', '-', ...args], { cwd: dir, input: source });
    };
    compile('int answer(void) { return 42; }', '-shared', '-fPIC', '-o', 'plugins/libanswer.so');
    const main =
      '#include <dlfcn.h>\nint main(void) { void *h = dlopen("libanswer.so", RTLD_NOW); return h ? ((int (*)(void))dlsym(h, "answer"))() : 1; }';
    compile(main, '-o', 'p', '-Wl,-rpath,$ORIGIN/plugins', '-ldl');
    expect(() => execFileSync(join(dir, 'p'))).toThrow(expect.objectContaining({ status: 42 }));
    expect(opened(await askElf(hostTree(), join(dir, 'p')))).toEqual([`likely ${dir}/plugins/libanswer.so`]);
  });
});

describe('what well-known libraries load', () => {
  it('libgcc_s, to unwind', async () => {
    const files = {
      ...base,
      [`${LIB}/libgcc_s.so.1`]: plugin,
      '/app/p': program({ needed: ['libc.so.6'], imports: ['pthread_exit'] }),
    };
    const answer = await askElf(files, '/app/p');
    expect(opened(answer)).toEqual([`likely ${LIB}/libgcc_s.so.1`]);
    expect(answer.edges.at(-1)).toMatchObject({ from: `${LIB}/libc.so.6`, settled: true });
    expect(opened(await askElf({ ...files, '/app/p': program({ needed: ['libc.so.6'] }) }, '/app/p'))).toEqual([]);
  });

  it('an OpenSSL provider that the program names', async () => {
    const files = {
      ...base,
      [`${LIB}/libcrypto.so.3`]: buildElf({ soname: 'libcrypto.so.3', constants: ['legacy'] }),
      [`${LIB}/ossl-modules/legacy.so`]: plugin,
      [`${LIB}/ossl-modules/fips.so`]: buildElf({}),
    };
    const crypto = { needed: ['libcrypto.so.3'], constants: ['legacy'] };
    const asks = program({ ...crypto, imports: ['OSSL_PROVIDER_load'] });
    expect(opened(await askElf({ ...files, '/app/p': asks }, '/app/p'))).toEqual([
      `likely ${LIB}/ossl-modules/legacy.so`,
    ]);
    expect(opened(await askElf({ ...files, '/app/p': program(crypto) }, '/app/p'))).toEqual([]);
  });

  it('the character sets that the program names, unless it names all', async () => {
    const sets = ['ISO8859-1', 'UTF-16', 'EUC-JP', 'MIK', ...Array.from({ length: 20 }, (_, index) => `CP${index}`)];
    const files = {
      ...base,
      ...Object.fromEntries(sets.map((set) => [`${LIB}/gconv/${set}.so`, buildElf({ soname: set })])),
      [`${LIB}/gconv/gconv-modules.cache`]: 'index',
    };
    const asking = (constants: string[]): Buffer =>
      program({ needed: ['libc.so.6'], imports: ['iconv_open'], constants });
    const answer = await askElf({ ...files, '/app/p': asking(['UTF-16', 'ISO-8859-1', 'MIK', 'UTF-8']) }, '/app/p');
    expect(opened(answer)).toEqual([`guess ${LIB}/gconv/ISO8859-1.so`, `guess ${LIB}/gconv/UTF-16.so`]);
    expect(answer.edges.filter((edge) => edge.kind === 'config').map((edge) => edge.to)).toEqual([
      `${LIB}/gconv/gconv-modules.cache`,
    ]);
    expect((await askElf({ ...files, '/app/p': asking(sets) }, '/app/p')).edges.map((edge) => edge.kind)).not.toContain(
      'elf-dlopen',
    );
  });

  it('PAM modules of the service that the program names', async () => {
    const files = {
      ...base,
      [`${LIB}/libpam.so.0`]: buildElf({ soname: 'libpam.so.0' }),
      [`${LIB}/security/pam_unix.so`]: plugin,
      [`${LIB}/security/pam_deny.so`]: buildElf({}),
      [`${LIB}/security/pam_never.so`]: buildElf({}),
      '/etc/pam.d/login': '# login\nauth [success=1 default=ignore] pam_unix.so nullok\n@include common\n',
      '/etc/pam.d/common': '-session optional \\\n  pam_gone.so\npassword requisite pam_deny.so\n@include login\n',
      '/etc/pam.d/sshd': 'auth required pam_never.so\n',
      '/app/p': program({ needed: ['libpam.so.0'], imports: ['pam_start'], constants: ['login'] }),
    };
    const answer = await askElf(files, '/app/p');
    expect(opened(answer)).toEqual([`likely ${LIB}/security/pam_unix.so`, `likely ${LIB}/security/pam_deny.so`]);
    expect(answer.edges.filter((edge) => edge.kind === 'config').map((edge) => edge.to)).toEqual([
      '/etc/pam.d/login',
      '/etc/pam.d/common',
    ]);
  });
});
