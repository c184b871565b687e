import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeProfile } from '../../src/evidence/observed/index.ts';
import { tare, tareJson, type CliOptions } from '../helpers/cli.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

const START = `{"tareProfile":1,"platforms":["linux/amd64"],"ports":[8080],"paths":[
["/app/main.py","open",["start"],["/usr/bin/python3.11"]],
["/usr/bin/python3.11","exec",["start"],[]]
]}`;
const MIGRATE = `{"tareProfile":1,"platforms":["linux/arm64"],"ports":[],"paths":[["/app/migrate.py","open",["command python3"],[]]]}`;

function folder(): CliOptions & { readonly cwd: string } {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'start.json'), START);
  writeFileSync(join(cwd, 'migrate.json'), MIGRATE);
  return { home: join(cwd, 'home'), cwd };
}

describe('tare profile', () => {
  it('shows one', async () => {
    const options = folder();
    const summary = await tareJson<{ paths: number }>(['profile', 'show', 'start.json'], options);
    expectShape('profile-show', summary);
    expect(summary.paths).toBe(2);
    expect((await tare(['profile', 'show', 'start.json'], options)).stdout).toContain('2 paths on linux/amd64');
  });

  it('merges several, to stdout or into a file, with the same bytes', async () => {
    const options = folder();
    const printed = await tare(['profile', 'merge', 'start.json', 'migrate.json'], options);
    expect([printed.code, printed.stderr]).toEqual([0, '']);
    const answer = await tareJson(['profile', 'merge', 'migrate.json', 'start.json', '-o', 'app.json'], options);
    expectShape('profile-merge', answer);
    expect(answer).toEqual({
      file: 'app.json',
      profiles: 2,
      platforms: ['linux/amd64', 'linux/arm64'],
      paths: 3,
      ports: [8080],
      syscalls: null,
    });
    const bytes = readFileSync(join(options.cwd, 'app.json'));
    expect(bytes.toString('utf8')).toBe(printed.stdout);
    expect(decodeProfile(bytes).paths.map((row) => row.path)).toEqual([
      '/app/main.py',
      '/app/migrate.py',
      '/usr/bin/python3.11',
    ]);
    // Into one of them: it is read before it is replaced.
    const into = await tare(['profile', 'merge', 'start.json', 'migrate.json', '-o', 'start.json'], options);
    expect(into.stdout).toBe('start.json: 3 paths of 2 profiles\n');
    expect(readFileSync(join(options.cwd, 'start.json'))).toEqual(bytes);
    expect(existsSync(options.home)).toBe(false);
  });

  it.each<[args: readonly string[], code: string]>([
    [['shwo', 'start.json'], 'E_USAGE'],
    [['show'], 'E_USAGE'],
    [['show', 'start.json', 'migrate.json'], 'E_USAGE'],
    [['show', 'none.json'], 'E_PATH_NOT_FOUND'],
    [['merge', 'start.json', 'none.json', '-o', 'out.json'], 'E_PATH_NOT_FOUND'],
    [['merge', 'start.json', '-o', 'none/out.json'], 'E_PATH_NOT_FOUND'],
    [['merge', 'start.json', '-o', '.'], 'E_EXISTS'],
    [['merge', 'start.json', 'bad.json', '-o', 'out.json'], 'E_PROFILE'],
  ])('refuses %j', async (args, code) => {
    const options = folder();
    writeFileSync(join(options.cwd, 'bad.json'), '{"tareProfile":9}');
    const answer = await tare(['profile', ...args, '--json'], options);
    expect([answer.code, answer.stdout]).toEqual([2, '']);
    const error = JSON.parse(answer.stderr) as { error: { code: string; hint: string } };
    expectShape('error', error);
    expect(error.error.code).toBe(code);
    expect(error.error.hint).not.toBe('');
    expect(readdirSync(options.cwd).sort()).toEqual(['bad.json', 'migrate.json', 'start.json']);
  });
});
