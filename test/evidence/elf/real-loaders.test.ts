import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isElf, readElf } from '../../../src/formats/elf/index.ts';
import { buildElf } from '../../helpers/elf-builder.ts';
import { type Answered, askElf } from '../../helpers/elf-question.ts';
import { hostTree } from '../../helpers/host-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

interface Part {
  /** Where it goes, below the test's folder. */
  readonly out: string;
  readonly soname?: string;
  /** Libraries that it is linked with, below the test's folder, in order. */
  readonly links?: readonly string[];
  readonly rpath?: string;
  /** DT_RPATH instead of DT_RUNPATH. */
  readonly old?: boolean;
  readonly flags?: readonly string[];
}

interface Scenario {
  readonly name: string;
  readonly parts: readonly Part[];
  /** More to do in the folder once it is built. */
  readonly prepare?: (dir: string) => void;
  readonly env?: (dir: string) => Record<string, string>;
  /** The program; `bin/p` unless said otherwise. */
  readonly ask?: string;
  /** The loader fails: what we say then is checked for being missing only. */
  readonly fails?: true;
  readonly only?: 'glibc' | 'musl';
}

const copyOf =
  (from: string, to: string) =>
  (dir: string): void => {
    mkdirSync(dirname(join(dir, to)), { recursive: true });
    writeFileSync(join(dir, to), readFileSync(join(dir, from)));
  };
const [libA, libB] = [{ out: 'lib/liba.so' }, { out: 'lib/libb.so' }];

const scenarios: Scenario[] = [
  { name: 'RUNPATH with $ORIGIN', parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib' }] },
  {
    name: 'RPATH with ${ORIGIN}',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '${ORIGIN}/../lib', old: true }],
  },
  {
    name: 'RPATH is handed down',
    parts: [
      libB,
      { out: 'lib/liba.so', links: ['lib/libb.so'] },
      { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib', old: true },
    ],
  },
  {
    name: 'RUNPATH is not handed down (by glibc)',
    parts: [
      libB,
      { out: 'lib/liba.so', links: ['lib/libb.so'] },
      { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib' },
    ],
  },
  {
    name: 'RPATH of the program and RUNPATH of the library',
    parts: [
      libB,
      { out: 'lib/liba.so', links: ['lib/libb.so'], rpath: '$ORIGIN/../other' },
      { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib', old: true },
    ],
    prepare: copyOf('lib/libb.so', 'other/libb.so'),
  },
  {
    name: 'RPATH and RUNPATH of the library, both libraries there',
    parts: [
      libB,
      { out: 'lib/liba.so', links: ['lib/libb.so'], rpath: '$ORIGIN/../other', old: true },
      { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib', old: true },
    ],
    prepare: copyOf('lib/libb.so', 'other/libb.so'),
  },
  {
    name: 'LD_LIBRARY_PATH against RUNPATH',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib' }],
    prepare: copyOf('lib/liba.so', 'env/liba.so'),
    env: (dir) => ({ LD_LIBRARY_PATH: `/nowhere:${dir}/env` }),
  },
  {
    name: 'LD_LIBRARY_PATH against RPATH',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib', old: true }],
    prepare: copyOf('lib/liba.so', 'env/liba.so'),
    env: (dir) => ({ LD_LIBRARY_PATH: `${dir}/env` }),
  },
  {
    name: 'a soname that is loaded already',
    parts: [
      { out: 'lib/libb.so', soname: 'libb.so.1' },
      { out: 'lib/liba.so', links: ['lib/libb.so'] },
      { out: 'bin/p', links: ['lib/libb.so', 'lib/liba.so'], rpath: '$ORIGIN/../lib:$ORIGIN/../other' },
    ],
    prepare: (dir) => copyOf('lib/libb.so', 'other/libb.so.1')(dir),
  },
  {
    name: 'a program named by a link elsewhere',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib' }],
    prepare: (dir) => {
      mkdirSync(join(dir, 'deep/er'), { recursive: true });
      symlinkSync('../../bin/p', join(dir, 'deep/er/q'));
    },
    ask: 'deep/er/q',
  },
  {
    name: 'links to libraries, and $ORIGIN of the library',
    parts: [
      libB,
      { out: 'real/liba.so', links: ['lib/libb.so'], rpath: '$ORIGIN' },
      { out: 'bin/p', links: ['real/liba.so'], rpath: '$ORIGIN/../lib' },
    ],
    prepare: (dir) => symlinkSync('../real/liba.so', join(dir, 'lib/liba.so')),
  },
  {
    name: 'a folder behind a link in the run path',
    parts: [
      { out: 'deep/lib/liba.so' },
      { out: 'bin/p', links: ['deep/lib/liba.so'], rpath: '$ORIGIN/../link/../lib' },
    ],
    prepare: (dir) => {
      mkdirSync(join(dir, 'deep/folder'));
      symlinkSync('deep/folder', join(dir, 'link'));
    },
  },
  {
    name: '$LIB and $PLATFORM',
    parts: [
      libA,
      libB,
      { out: 'bin/p', links: ['lib/liba.so', 'lib/libb.so'], rpath: '$ORIGIN/../$LIB:$ORIGIN/../${PLATFORM}' },
    ],
    prepare: (dir) => {
      for (const platform of ['x86_64', 'haswell', 'xeon_phi']) copyOf('lib/libb.so', `${platform}/libb.so`)(dir);
      for (const lib of ['lib64', 'lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu'])
        copyOf('lib/liba.so', `${lib}/liba.so`)(dir);
    },
    only: 'glibc',
  },
  {
    name: 'a token that musl does not know voids the run path',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib:/x/$LIB' }],
    fails: true,
    only: 'musl',
  },
  {
    name: 'a library for another machine comes first',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../bad:$ORIGIN/../lib' }],
    prepare: (dir) => {
      mkdirSync(join(dir, 'bad'));
      writeFileSync(join(dir, 'bad/liba.so'), buildElf({ class: 32, machine: 3, soname: 'liba.so' }));
    },
    only: 'glibc',
  },
  {
    name: 'a text file comes first',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../bad:$ORIGIN/../lib' }],
    prepare: (dir) => {
      mkdirSync(join(dir, 'bad'));
      writeFileSync(join(dir, 'bad/liba.so'), 'GROUP ( liba.so.1 )\n'.repeat(10));
    },
    fails: true,
  },
  {
    name: 'LD_PRELOAD',
    parts: [libA, libB, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib' }],
    env: (dir) => ({ LD_PRELOAD: `${dir}/lib/libb.so` }),
  },
  {
    name: 'no default folders',
    parts: [libA, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib', flags: ['-Wl,-z,nodefaultlib'] }],
    fails: true,
    only: 'glibc',
  },
];

const loaders = [
  {
    libc: 'glibc' as const,
    cc: 'gcc',
    has: () => needs('gcc'),
    list: (program: string, env: Record<string, string>) =>
      spawnSync(program, { env: { ...env, LD_TRACE_LOADED_OBJECTS: '1' }, encoding: 'utf8' }),
  },
  {
    libc: 'musl' as const,
    cc: 'musl-gcc',
    has: () => needs('musl-gcc'),
    list: (program: string, env: Record<string, string>) =>
      // Called as a command it takes the folder of the name for $ORIGIN, and not of the file as when the kernel starts it.
      spawnSync(interpreterOf(program), ['--list', realpathSync.native(program)], { env, encoding: 'utf8' }),
  },
];

for (const { libc, cc, has, list } of loaders)
  describe(`like ${libc}'s own loader`, () => {
    for (const scenario of scenarios.filter(({ only }) => only === undefined || only === libc))
      it.skipIf(!has())(scenario.name, async () => {
        const dir = tempDir();
        for (const part of scenario.parts) compile(cc, dir, part);
        scenario.prepare?.(dir);
        const env = scenario.env?.(dir) ?? {};
        const program = join(dir, scenario.ask ?? 'bin/p');
        const { stdout, stderr } = list(program, env);
        const real = listed(stdout, interpreterOf(program));
        const answer = await askElf(hostTree(), program, { env, cwd: process.cwd() });
        const missing = /not found|[Nn]o such file|Error loading|invalid ELF header|cannot open/.test(stdout + stderr);
        expect(answer.warnings.length > 0).toBe(missing);
        expect(missing && scenario.fails === true).toBe(scenario.fails === true);
        if (scenario.fails !== true) expect(chosen(answer, real)).toEqual(real);
      });
  });

it.skipIf(!needs('gcc'))('the build for this CPU is among the likely ones', async () => {
  const dir = tempDir();
  compile('gcc', dir, { out: 'lib/liba.so' });
  compile('gcc', dir, { out: 'bin/p', links: ['lib/liba.so'], rpath: '$ORIGIN/../lib' });
  for (const level of ['x86-64-v2', 'x86-64-v3', 'x86-64-v4'])
    copyOf('lib/liba.so', `lib/glibc-hwcaps/${level}/liba.so`)(dir);
  const { stdout } = spawnSync(join(dir, 'bin/p'), { env: { LD_TRACE_LOADED_OBJECTS: '1' }, encoding: 'utf8' });
  const { edges } = await askElf(hostTree(), join(dir, 'bin/p'));
  const real = listed(stdout, interpreterOf(join(dir, 'bin/p')));
  const targets = edges.map((edge) => realpathSync.native(edge.to));
  for (const path of real) expect(targets).toContain(path);
});

it.skipIf(!needs('ldd'))(
  'programs of this machine load what ldd says',
  async () => {
    const host = hostTree();
    const programs = readdirSync('/usr/bin')
      .sort()
      .map((name) => join('/usr/bin', name))
      .filter((path) => isDynamic(path));
    const step = Math.max(1, Math.floor(programs.length / 60));
    const sample = programs.filter((_path, index) => index % step === 0);
    expect(sample.length).toBeGreaterThan(10);
    for (const path of sample) {
      const { stdout } = spawnSync('ldd', [realpathSync.native(path)], { encoding: 'utf8' });
      const real = listed(stdout, interpreterOf(path));
      const answer = await askElf(host, path);
      expect({ path, missing: answer.warnings.some(({ code }) => code === 'elf-missing') }).toEqual({
        path,
        missing: stdout.includes('not found'),
      });
      expect({ path, loads: chosen(answer, real) }).toEqual({ path, loads: real });
    }
  },
  120_000,
);

/** What the answer says that the loader loads, as real files. Plug-ins, which the loader does not list, and what only they need are left out. */
function chosen({ edges }: Answered, real: readonly string[]): string[] {
  const opened = edges.some((edge) => edge.kind === 'elf-dlopen');
  const loaded = edges.filter((edge) => edge.kind === 'elf-needed' || edge.kind === 'interpreter');
  const sure = loaded.filter((edge) => edge.certainty === 'sure').map((edge) => realpathSync.native(edge.to));
  const likely = loaded.filter((edge) => edge.certainty === 'likely').map((edge) => realpathSync.native(edge.to));
  // `$PLATFORM`: this CPU may get one of the likely ones.
  const all = [...new Set([...sure, ...likely.filter((path) => real.includes(path))])].sort();
  return opened || likely.length > 0 ? all.filter((path) => real.includes(path)) : all;
}

function listed(stdout: string, interpreter: string): string[] {
  const paths = stdout.split('\n').map((line) => /^\t(?:.* => )?(\/.*) \(0x[0-9a-f]+\)$/.exec(line)?.[1]);
  const files = [...paths.filter((path) => path !== undefined), interpreter].filter((path) => existsSync(path));
  return [...new Set(files.map((path) => realpathSync.native(path)))].sort();
}

function interpreterOf(path: string): string {
  return readElf(readFileSync(path)).interpreter as string;
}

function isDynamic(path: string): boolean {
  try {
    const bytes = readFileSync(path);
    return bytes.length < 30_000_000 && isElf(bytes) && readElf(bytes).interpreter !== undefined;
  } catch {
    return false;
  }
}

/** Every part defines a function of its own name and calls those of its libraries. */
function compile(cc: string, dir: string, part: Part): void {
  const out = join(dir, part.out);
  mkdirSync(dirname(out), { recursive: true });
  const word = (path: string): string => path.replace(/\W/g, '_');
  const links = part.links ?? [];
  const program = !part.out.endsWith('.so');
  const calls = links.map((link) => `${word(link)}();`).join(' ');
  const source = [
    ...links.map((link) => `void ${word(link)}(void);`),
    `${program ? 'int main' : `void ${word(part.out)}`}(void) { ${calls} }`,
  ];
  const soname = part.soname ?? part.out.slice(part.out.lastIndexOf('/') + 1);
  const flags = [
    ...(program ? [] : ['-shared', '-fPIC', `-Wl,-soname,${soname}`]),
    ...(part.rpath === undefined ? [] : [`-Wl,-rpath,${part.rpath}`]),
    part.old === true ? '-Wl,--disable-new-dtags' : '-Wl,--enable-new-dtags',
    '-Wl,--no-as-needed,--allow-shlib-undefined',
    ...(part.flags ?? []),
  ];
  execFileSync(cc, ['-x', 'c', '-', '-x', 'none', ...links.map((link) => join(dir, link)), ...flags, '-o', out], {
    input: source.join('\n'),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}
