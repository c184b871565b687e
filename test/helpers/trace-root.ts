import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from './needs.ts';

const sources = fileURLToPath(new URL('../sandbox/trace/programs/', import.meta.url));

const COMPILERS = {
  dynamic: ['cc', '-O1', '-DDYNAMIC', '-ldl', '-lpthread'],
  static: ['musl-gcc', '-O1', '-static'],
  i386: ['cc', '-O1', '-m32', '-nostdlib', '-static', '-ffreestanding', '-fno-stack-protector', '-fno-pie', '-no-pie'],
} as const;

/** How a program is built: with this machine's C library, with musl inside, or for 32 bits without any. */
export type Build = keyof typeof COMPILERS;

/** Whether that can be done here; with TARE_TEST_STRICT=1 it must. */
export function canBuild(build: Build): boolean {
  if (!needs(COMPILERS[build][0])) return false;
  const dir = mkdtempSync(join(tmpdir(), 'tare-cc-'));
  try {
    compile(build, build === 'i386' ? 'i386' : 'forks', join(dir, 'out'));
    return true;
  } catch (error) {
    if (process.env.TARE_TEST_STRICT === '1') throw error;
    return false;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function compile(build: Build, program: string, out: string): void {
  const [command, ...flags] = COMPILERS[build];
  execFileSync(command, ['-o', out, join(sources, `${program}.c`), ...flags], { stdio: 'pipe' });
}

/** A root file system with programs of test/sandbox/trace/programs in /p, and some of the files that they ask for. */
export function makeTraceRoot(programs: readonly (readonly [name: string, build: Build])[]): {
  readonly dir: string;
  remove(): void;
} {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'tare-root-')));
  chmodSync(top, 0o755);
  const dir = join(top, 'root');
  for (const folder of ['jail/sub', 'listed', 'dirfd', 'cwd', 'rmdir'])
    mkdirSync(join(dir, 'p', folder), { recursive: true });
  mkdirSync(join(dir, 'tmp'));
  for (const [name, build] of programs) {
    const out = join(dir, 'p', name);
    compile(build, name, out);
    if (build !== 'dynamic') continue;
    const libraries = execFileSync('ldd', [out], { encoding: 'utf8' });
    for (const [, path = ''] of libraries.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) {
      mkdirSync(join(dir, dirname(path)), { recursive: true });
      copyFileSync(path, join(dir, path));
    }
  }
  writeFileSync(join(dir, 'p/script'), '#!/p/no-interpreter\n', { mode: 0o755 });
  writeFileSync(join(dir, 'p/by-descriptor'), 'no program', { mode: 0o755 });
  for (const name of ['open', 'mapped', 'watched', 'truncate', 'unlink', 'link-old', 'rename-old'])
    writeFileSync(join(dir, 'p', name), 'text');
  return { dir, remove: () => rmSync(top, { recursive: true, force: true }) };
}
