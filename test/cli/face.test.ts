import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/base/version.ts';
import { COMMANDS } from '../../src/cli/table.ts';
import { tare } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp.ts';

const manifest = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8')) as {
  version: string;
};

describe('the face', () => {
  it('prints the version of package.json', async () => {
    const answer = await tare(['--version'], { home: tempDir() });
    expect(answer).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    expect(VERSION).toBe(manifest.version);
  });

  it.each([[[]], [['--help']], [['help']]])('shows every command for %j', async (args) => {
    const answer = await tare(args, { home: tempDir() });
    expect(answer.code).toBe(0);
    expect(answer.stderr).toBe('');
    for (const line of COMMANDS) expect(answer.stdout).toContain(line.name);
  });

  it.each(COMMANDS.map((line) => line.name))('%s has help with its flags', async (name) => {
    const answer = await tare([name, '--help'], { home: tempDir() });
    expect(answer.code).toBe(0);
    expect(answer.stdout).toContain(`Usage: tare ${name}`);
    expect(answer.stdout).toContain('--json');
  });

  it.each([
    [['biuld'], 'build'],
    [['build', '--dryrun'], '--dry-run'],
    [['inspect'], 'image'],
    [['inspect', 'a', 'b'], 'arguments'],
    [['build', '--tightness', 'loose'], 'reachable'],
    [['build', '--timeout', 'soon'], 'number'],
    [['run', '--network', 'host', '-p', '80', 'x'], '--publish'],
    [['run', '-p', '80:90:100:110', 'x'], '--publish'],
    [['run', '-v', 'x', 'y'], '--volume'],
    [['build', '--probe', 'ftp:80'], 'ftp'],
    [['build', '--compression', 'lzma'], 'lzma'],
  ])('%j is wrong use: exit 2, one coded error, no stack trace', async (args, word) => {
    const home = tempDir();
    const cwd = tempDir();
    const answer = await tare(args, { home, cwd });
    expect(answer.code).toBe(2);
    expect(answer.stdout).toBe('');
    expect(answer.stderr).toContain('E_');
    expect(answer.stderr).toContain(word);
    expect(answer.stderr).toContain('cure:');
    expect(answer.stderr).not.toMatch(/\n\s+at /);
    const json = await tare([...args.slice(0, 1), '--json', ...args.slice(1)], { home, cwd });
    expect(json.stdout).toBe('');
    expect(Object.keys(JSON.parse(json.stderr) as object)).toEqual(['error']);
    expect(json.stderr.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    [['biuld'], 'did you mean `tare build`?'],
    [['help', 'shrnik'], 'did you mean `tare shrink`?'],
    [['inspct', '--help'], 'did you mean `tare inspect`?'],
    [['rmi', 'x'], 'did you mean `tare rm`?'],
    [['constructor'], 'cure: `tare --help` lists'],
    [['images', '--hlep'], 'Did you mean --help?'],
  ])('%j is guessed', async (args, guess) => {
    const answer = await tare(args, { home: tempDir() });
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain(guess);
  });

  it('takes flags from the environment, and the command line wins', async () => {
    const home = tempDir();
    const wrong = await tare(['images'], { home, env: { TARE_PROGRESS: 'loud' } });
    expect(wrong.code).toBe(2);
    const right = await tare(['images', '--progress', 'none'], {
      home,
      env: { TARE_PROGRESS: 'loud', TARE_JSON: '1' },
    });
    expect(right).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });

  it('does not make a home for a question', async () => {
    const home = join(tempDir(), 'not-yet');
    expect((await tare(['images', '--json'], { home })).stdout).toBe('[]\n');
    expect((await tare(['inspect', 'nothing'], { home })).code).toBe(2);
    expect(() => readFileSync(home)).toThrow('ENOENT');
  });
});
