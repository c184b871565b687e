import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tare, type Answer } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp.ts';

/** No image of that name is there: a complaint about anything else came before it was looked for. */
const IMAGE = 'none-such';

async function refused(args: readonly string[], cwd = tempDir()): Promise<Answer> {
  const answer = await tare([...args, '--json'], { home: tempDir(), cwd });
  expect(answer.stdout).toBe('');
  expect(answer.code).not.toBe(0);
  return answer;
}

describe('tare shrink --restrict', () => {
  it.each([
    ['--no-verify', ['--no-verify']],
    ['--profile', ['--profile', 'app.profile.json']],
    ['--profile and --static', ['--profile', 'app.profile.json', '--static']],
  ])('with %s restricts nothing, and is refused', async (_what, args) => {
    const cwd = tempDir();
    const paths = [['/bin/sh', 'exec', ['start'], []]];
    const profile = { tareProfile: 1, platforms: ['linux/amd64'], ports: [], syscalls: ['read'], paths };
    writeFileSync(join(cwd, 'app.profile.json'), JSON.stringify(profile));
    const answer = await refused(['shrink', IMAGE, '--restrict', ...args], cwd);
    expect(answer.stderr).toContain('E_USAGE');
    expect(answer.stderr).toContain('--restrict');
  });
});

describe('files that are written at the end', () => {
  const flags = [
    ['shrink', '--profile-out'],
    ['shrink', '--seccomp-out'],
    ['observe', '--output'],
  ] as const;

  it.each(flags)('tare %s %s: a folder that is not there is noticed first', async (command, flag) => {
    const answer = await refused([command, IMAGE, flag, 'no/such/folder/x.json']);
    expect(answer.stderr).toContain('E_PATH_NOT_FOUND');
    expect(answer.stderr).toContain('no/such/folder');
  });

  it.each(flags)('tare %s %s: what is no file is not replaced', async (command, flag) => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'x.json'));
    const answer = await refused([command, IMAGE, flag, 'x.json'], cwd);
    expect(answer.stderr).toContain('E_EXISTS');
  });

  it.each(flags)('tare %s %s: a folder that is a file is noticed first', async (command, flag) => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'file'), '');
    const answer = await refused([command, IMAGE, flag, 'file/x.json'], cwd);
    expect(answer.stderr).toContain('E_NOT_DIRECTORY');
  });

  it.each(flags)('tare %s %s: nothing is made when all is well', async (command, flag) => {
    const cwd = tempDir();
    const answer = await refused([command, IMAGE, flag, 'x.json'], cwd);
    expect(answer.stderr).toContain(IMAGE);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
