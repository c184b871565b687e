import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BuildResult } from '../../src/build/types.ts';
import { execute, FAST, MAIN, tare, tareJson } from '../helpers/cli.ts';
import { exampleCopy, exampleDir } from '../helpers/examples.ts';
import { seededHome } from '../helpers/seed.ts';
import { needs, needsOtherUser } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

/** An application folder made of `files`. */
function folder(files: Readonly<Record<string, string>>): string {
  const dir = join(tempDir(), 'app');
  mkdirSync(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const CASES: readonly (readonly [what: string, make: () => string, code: string, exit: number])[] = [
  ['a folder that is not there', () => join(tempDir(), 'none'), 'E_PATH_NOT_FOUND', 2],
  ['a file instead of a folder', () => join(folder({ x: '' }), 'x'), 'E_NOT_DIRECTORY', 2],
  ['an empty folder', () => folder({}), 'E_NO_ENTRY', 2],
  ['no entry point', () => folder({ 'readme.txt': 'hello' }), 'E_NO_ENTRY', 2],
  ['package.json that is no JSON', () => folder({ 'package.json': '{' }), 'E_JSON', 2],
  ['package.json that is a list', () => folder({ 'package.json': '[]' }), 'E_JSON', 2],
  ['an entry that is not there', () => folder({ 'package.json': '{"main":"gone.js"}' }), 'E_NO_ENTRY', 2],
  ['a key that is misspelt', () => folder({ 'tare.yaml': 'entrypiont: [node]' }), 'E_CONFIG', 2],
  ['YAML that is none', () => folder({ 'tare.yaml': 'a: [1' }), 'E_CONFIG', 2],
  [
    'an unknown warehouse',
    () => folder({ 'tare.yaml': 'from: nothing-of-this-name', 'index.js': '', 'package.json': '{}' }),
    'E_IMAGE_NOT_FOUND',
    2,
  ],
  ['an unknown program', () => folder({ 'tare.yaml': 'entrypoint: [no-such-program-here]' }), 'E_PATH_NOT_FOUND', 2],
  ['a circle of links', () => circle(), 'E_NO_ENTRY', 2],
  [
    'an entry point that is excluded',
    () => folder({ 'tare.yaml': 'exclude: [index.js]', 'index.js': '', 'package.json': '{}' }),
    'E_CONFIG',
    2,
  ],
];

function circle(): string {
  const dir = folder({ 'package.json': '{"main":"a.js"}' });
  symlinkSync('b.js', join(dir, 'a.js'));
  symlinkSync('a.js', join(dir, 'b.js'));
  return dir;
}

describe('tare build of bad input', () => {
  it.each(CASES)('%s', async (_what, make, code, exit) => {
    const home = join(tempDir(), 'home');
    const answer = await tare(['build', make(), '--json'], { home });
    expect(answer.stdout).toBe('');
    const lines = answer.stderr.trim().split('\n');
    const failure = JSON.parse(lines.at(-1) ?? '') as Failure;
    expect(failure.error.code, failure.error.message).toBe(code);
    expect(failure.error.hint).not.toBe('');
    expect(answer.stderr).not.toMatch(/\n\s+at /);
    expect(answer.code).toBe(exit);
    expect((await tare(['images', '--json'], { home })).stdout).toBe('[]\n');
  });

  it('refuses a platform that the warehouse does not offer', async () => {
    const answer = await tare(['build', exampleDir('node-status'), '--platform', 'linux/s390x', '--json'], {
      home: tempDir(),
    });
    expect(answer.code).toBe(2);
    expect((JSON.parse(answer.stderr) as Failure).error.code).toBe('E_PLATFORM');
  });

  it('looks at --output before it works', async () => {
    const answer = await tare(['build', exampleDir('node-status'), '-o', 'ftp://x', '--json'], { home: tempDir() });
    expect(answer.code).toBe(2);
    expect((JSON.parse(answer.stderr) as Failure).error.code).toBe('E_TRANSPORT');
  });

  it('lists the candidates when there are several', async () => {
    const dir = folder({});
    for (const name of ['one', 'two']) execFileSync('cp', ['/bin/true', join(dir, name)]);
    const answer = await tare(['build', dir], { home: tempDir() });
    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain('E_AMBIGUOUS_ENTRY');
    expect(answer.stderr).toContain('"one", "two"');
  });

  it('gives no name to what does not run, and says why', async () => {
    const home = seededHome();
    const dir = folder({
      'package.json': '{"name":"broken","main":"index.js"}',
      'index.js': "require('node:fs').readFileSync('/etc/no-such-settings.conf');\n",
    });
    const answer = await tare(['build', dir, '--json'], { home });
    const built = JSON.parse(answer.stdout) as BuildResult;
    if (built.verified === null) return; // no sandbox: said so
    expect(answer.code).toBe(1);
    expect(built.verified.ok).toBe(false);
    expect(built.reference).toBe(built.digest);
    expect(built.output).toContain('no-such-settings.conf');
    expect(built.missing).toContain('/etc/no-such-settings.conf');
    expect((await tareJson<unknown[]>(['images'], { home })).length).toBe(1);
  });

  it('is interrupted by SIGINT with exit code 3, and leaves nothing half-written', async () => {
    const home = tempDir();
    const dir = exampleCopy('node-status');
    const answer = await tare(['build', dir, '--json', '--progress', 'plain'], { home, interruptAt: /^pack runtime/m });
    expect(answer.code, answer.stderr).toBe(3);
    expect(answer.stdout).toBe('');
    expect(answer.stderr).toContain('E_CANCELLED');
    expect((await tare(['images', '--json'], { home })).stdout).toBe('[]\n');
    expect(leftovers(home)).toEqual([]);
    await tareJson(['build', dir, '--no-verify'], { home });
    expect(leftovers(home)).toEqual([]);
  });

  const unprivileged = needsOtherUser();
  it.skipIf(!unprivileged)('a folder without permission', async () => {
    const dir = folder({ 'package.json': '{"main":"index.js"}', 'index.js': '', 'secret/x': '' });
    chmodSync(join(dir, 'secret'), 0);
    chmodSync(join(dir, '..'), 0o755);
    const answer = await asNobody(['build', dir, '--json'], freeHome());
    expect(answer.code).toBe(3);
    expect(answer.stderr).toContain('E_PERMISSION');
    expect(answer.stderr).toContain('secret');
  });

  it.skipIf(!unprivileged)('a TARE_HOME that cannot be written', async () => {
    const home = tempDir();
    chmodSync(home, 0o555);
    const answer = await asNobody(['build', exampleCopyFor(), '--json', '--no-verify'], home);
    expect(answer.code).toBe(3);
    expect(answer.stderr).toContain('E_PERMISSION');
    expect(readdirSync(home)).toEqual([]);
  });

  it.skipIf(!(unprivileged && needs('unshare', 'mount')))('a full disk', async () => {
    const home = tempDir();
    const script =
      'mount -t tmpfs -o size=8m tmpfs "$1" && TARE_HOME="$1" "$2" "$3" build "$4" --json --no-verify; code=$?; find "$1/blobs" -type f | head; exit $code';
    const answer = await execute(
      'unshare',
      ['-m', 'sh', '-c', script, 'sh', home, process.execPath, MAIN, exampleDir('node-status')],
      {},
    );
    expect(answer.code).toBe(3);
    expect(answer.stderr).toContain('E_NO_SPACE');
    expect(answer.stdout).not.toContain('sha256:');
  });
});

function freeHome(): string {
  const home = tempDir();
  chmodSync(home, 0o777);
  return home;
}

function exampleCopyFor(): string {
  const dir = exampleCopy('node-status');
  execFileSync('chmod', ['-R', 'a+rX', join(dir, '..')]);
  return dir;
}

/** As uid 65534, without any capability. */
function asNobody(args: readonly string[], home: string): ReturnType<typeof execute> {
  const own = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
  return execute('setpriv', [...own, process.execPath, MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', TARE_HOME: home, HOME: home, TARE_COMPRESSION: FAST },
  });
}

/** Temporary files of writers that ended. */
function leftovers(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(tmp|partial)|\/tmp\/./.test(name),
  );
}

describe('folders that tare cannot build, and what their owner can do', () => {
  it.each([
    [{ 'main.py': '', 'requirements.txt': '' }, 'Python', '--entry FILE.py'],
    [{ 'main.go': '', 'go.mod': '' }, 'Go sources', 'CGO_ENABLED=0 go build'],
    [{ 'Cargo.toml': '' }, 'Rust', 'target/release'],
    [{ 'index.ts': '' }, 'TypeScript', 'compile'],
    [{ 'run.sh': '#!/bin/sh\n' }, 'script', 'chmod +x'],
  ])('%j', async (files, what, cure) => {
    const answer = await tare(['build', folder(files), '--json'], { home: tempDir() });
    const { error } = JSON.parse(answer.stderr) as Failure;
    expect(error.code).toBe('E_NO_ENTRY');
    expect(error.message).toContain(what);
    expect(error.hint).toContain(cure);
  });

  it('refuses an entry that nothing here can run', async () => {
    const dir = folder({ 'main.rb': 'puts 1' });
    const answer = await tare(['build', dir, '--entry', 'main.rb', '--json'], { home: tempDir() });
    expect((JSON.parse(answer.stderr) as Failure).error.code).toBe('E_NO_ENTRY');
  });

  it('takes an executable script as the entry point', async () => {
    const dir = folder({ 'run.sh': '#!/bin/sh\necho started\n' });
    chmodSync(join(dir, 'run.sh'), 0o755);
    const home = tempDir();
    const { reference } = await tareJson<BuildResult>(['build', dir, '--no-verify'], { home });
    const inspected = await tareJson<{ config: { config: { Entrypoint: string[] } } }>(['inspect', reference], {
      home,
    });
    expect(inspected.config.config.Entrypoint).toEqual(['/app/run.sh']);
    const paths = (await tareJson<{ path: string }[]>(['files', reference], { home })).map((row) => row.path);
    expect(paths).toContain('/app/run.sh');
    expect(paths.some((path) => /\/(?:dash|bash|busybox|sh)$/.test(path))).toBe(true);
  });

  it('ends where no folder can be made', async () => {
    const answer = await tare(['build', exampleDir('node-status'), '--no-verify', '--json'], { home: '/proc/tare' });
    expect(answer.code).toBe(3);
    expect((JSON.parse(answer.stderr) as Failure).error).toMatchObject({ code: 'E_IO' });
  });
});
