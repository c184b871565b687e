import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tare, type Answer } from '../helpers/cli.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

function folder(files: Readonly<Record<string, string>>): string {
  const cwd = tempDir();
  for (const [name, text] of Object.entries({ 'app/.keep': '', ...files })) {
    mkdirSync(join(cwd, name, '..'), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
}

const refused = async (args: readonly string[], cwd: string): Promise<Answer> => {
  const answer = await tare(args, { home: tempDir(), cwd });
  expect(answer).toMatchObject({ stdout: '', code: 2 });
  return answer;
};

describe('tare build -f', () => {
  it('leaves variables alone that are meant for folders, or for shrinking', async () => {
    const env = { TARE_FROM: 'host', TARE_STRIP: '1', TARE_TIMEOUT: '5', TARE_VERIFY: '0' };
    const cwd = folder({ 'app/Dockerfile': 'FROM scratch\nCOPY .keep /\n' });
    const answer = await tare(['build', '-f', 'app/Dockerfile', '-q', 'app'], { home: tempDir(), cwd, env });
    expect(answer).toMatchObject({ code: 0, stdout: 'app:latest\n' });
  });
});

describe('tare build of a folder with a Dockerfile, without -f', () => {
  it.each<readonly [args: readonly string[], code: string, cure: string]>([
    [['build', 'app'], 'E_NO_ENTRY', '`tare build -f app/Dockerfile app`'],
    [['build', '-t', 'x:1', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app -t x:1`'],
    [['build', '--shrink', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app --shrink`'],
    [['build', '--build-arg', 'A=1', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app`'],
    [['build', '--no-cache', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app`'],
    [['build', '--allow', 'network.host', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app`'],
  ])('%j', async (args, code, cure) => {
    const { stderr } = await refused(args, folder({ 'app/Dockerfile': 'FROM scratch\n' }));
    expect(stderr).toContain(code);
    expect(stderr).toContain(cure);
  });

  it('leaves variables alone that are meant for Dockerfiles', async () => {
    const env = { TARE_BUILD_NETWORK: 'host', TARE_HOST_CA: '1', TARE_CACHE: '0' };
    const { stderr } = await tare(['build', 'app'], { home: tempDir(), cwd: folder({ 'app/Dockerfile': '' }), env });
    expect(stderr).toContain('E_NO_ENTRY');
  });

  it('quotes a folder whose name a shell would take apart', async () => {
    const { stderr } = await refused(['build', 'my app'], folder({ 'my app/Dockerfile': 'FROM scratch\n' }));
    expect(stderr).toContain("`tare build -f 'my app/Dockerfile' 'my app'`");
  });

  it('of a folder without one tells the flag that names its image', async () => {
    const { stderr } = await refused(['build', '-t', 'x', 'app'], folder({}));
    expect(stderr).toContain('`-n x`');
    expect(stderr).toContain('`tare build -f FILE app`');
  });
});

describe.skipIf(!needs('busybox'))('tare build -f --shrink', () => {
  const app = (): string => {
    const cwd = folder({ 'app/Dockerfile': 'FROM scratch\nCOPY . /\nCMD ["/busybox", "true"]\n', 'app/notes': 'x' });
    copyFileSync(
      execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim(),
      join(cwd, 'app/busybox'),
    );
    return cwd;
  };
  const BUILD = ['build', '-f', 'app/Dockerfile', 'app', '--shrink', '--static', '--no-verify'];

  it('gives the shrunk image every name, and keeps the whole one beside it', async () => {
    const options = { home: tempDir(), cwd: app() };
    const answer = await tare([...BUILD, '-t', 'app', '-t', 'team/app:1.0', '--layers', 'keep'], options);
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.stdout).toMatch(/^app:latest\n[^]*\n {2}also {6}team\/app:1\.0\n {2}original {2}app:full\n/);
    const { stdout } = await tare(['images'], options);
    expect([...stdout.matchAll(/^(\S+:\S+)/gm)].map(([, name]) => name)).toEqual([
      'app:full',
      'app:latest',
      'team/app:1.0',
    ]);
  });

  it('reads the tare.yaml of the folder', async () => {
    const cwd = app();
    writeFileSync(join(cwd, 'app/tare.yaml'), 'budget: {disk: 1kB}\n');
    const answer = await tare(BUILD, { home: tempDir(), cwd });
    expect(answer).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/budget +disk: [\d.]+ \w+, [\d.]+ \w+ more than the 1\.0 kB/) as string,
    });
  });

  it.each([
    ['--exec', 'a "b'],
    ['--probe', 'nonsense'],
    ['--probe-file', 'none.json'],
    ['--openapi', 'none.yaml'],
    ['--profile', 'none.json'],
    ['--profile-out', 'no/such/folder.json'],
    ['--config', 'none.yaml'],
  ])('complains of a wrong %s before it builds', async (flag, value) => {
    const { code, stderr } = await tare([...BUILD.slice(0, -2), flag, value], { home: tempDir(), cwd: app() });
    expect(code).toBe(2);
    expect(stderr).not.toContain('COPY');
  });

  it('says where the whole image is when shrinking fails', async () => {
    const cwd = folder({ 'app/Dockerfile': 'FROM scratch\nCOPY notes /\nCMD ["/none"]\n', 'app/notes': 'x' });
    const answer = await tare([...BUILD, '-t', 'app:1.0'], { home: tempDir(), cwd });
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toMatch(
      /; the image that was built is there, whole, as app:1\.0-full\n.*`tare run app:1\.0-full`/,
    );
  });
});
