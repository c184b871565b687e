import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BuildOptions, DryRun } from '../../src/build/types.ts';
import { build, planBuild } from '../../src/library/calls.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

/** A folder with a program, and what `files` adds. */
function folder(files: Readonly<Record<string, string>> = {}): string {
  const dir = join(tempDir(), 'app');
  mkdirSync(dir);
  copyFileSync('/bin/true', join(dir, 'program'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

function node(files: Readonly<Record<string, string>> = {}): string {
  const dir = join(tempDir(), 'app');
  mkdirSync(dir);
  const all = { 'package.json': '{"main":"server.js"}', 'server.js': '', ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(dir, name), text);
  return dir;
}

const plan = (dir: string, more: Partial<BuildOptions> = {}): Promise<DryRun> =>
  planBuild({ dir, home: tempDir(), ...more });

const kept = (answer: DryRun): readonly string[] => [
  ...answer.plan.keep.map((item) => item.path),
  ...answer.plan.add.map((item) => item.entry.path),
];

describe('the settings of a build', () => {
  it('an entry that was told wins over the entrypoint of tare.yaml', async () => {
    const dir = node({ 'tare.yaml': 'entrypoint: [node, server.js]', 'other.js': '' });
    expect((await plan(dir, { entry: 'other.js' })).entrypoint.at(-1)).toBe('other.js');
  });

  it('an entry outside the application keeps its absolute path; one that starts with a dash is no flag', async () => {
    const outside = await plan(node(), { entry: '/etc/hostname' });
    expect(outside.entrypoint.at(-1)).toBe('/etc/hostname');
    const dash = await plan(node({ '-x.js': '', 'package.json': '{"main":"-x.js"}' }));
    expect(dash.entrypoint.at(-1)).toBe('./-x.js');
  });

  it('excluded paths are not even made by a rule', async () => {
    const answer = await plan(folder(), { exclude: ['/etc/passwd'] });
    expect(kept(answer)).not.toContain('/etc/passwd');
    expect(kept(answer)).toContain('/etc/group');
  });

  it('patterns see names with newlines, and the folder of the application is no pattern', async () => {
    const dir = folder({ 'a\nb.map': '', 'c.map': '', 'd.log': '', 'e.txt': '' });
    const more = { workdir: '/app[1]', exclude: ['**/*.map', './e.*'], include: ['./*.log'] };
    const paths = kept(await plan(dir, more)).filter((path) => path.startsWith('/app[1]/'));
    expect(paths).toEqual(['/app[1]/d.log', '/app[1]/program']);
  });

  it.each([
    [{ workdir: '../..' }, 'E_CONFIG'],
    [{ include: ['../../x'] }, 'E_CONFIG'],
    [{ entry: '../../../x' }, 'E_PATH_NOT_FOUND'],
    [{ epoch: 1.5 }, 'E_USAGE'],
    [{ environment: { SOURCE_DATE_EPOCH: '140737488355327' } }, 'E_USAGE'],
    [{ environment: { SOURCE_DATE_EPOCH: '0x10' } }, 'E_USAGE'],
  ])('%j is refused', async (more, code) => {
    await expect(plan(folder(), more)).rejects.toMatchObject({ code });
  });
});

it('a pipe where a workspace would be declared holds nothing up', async () => {
  const dir = folder();
  execFileSync('mkfifo', [join(dir, '..', 'package.json')]);
  expect((await plan(dir)).name).toBe('app:latest');
});

describe('the files of the host', () => {
  it('that others may not read stay there, whatever link leads to them, unless they are asked for', async () => {
    const outside = tempDir();
    const secret = join(outside, 'secret');
    const shared = join(outside, 'shared');
    for (const file of [secret, shared]) writeFileSync(file, 'text');
    chmodSync(secret, 0o600);
    chmodSync(shared, 0o644);
    const dir = folder();
    symlinkSync(secret, join(dir, 'to-secret'));
    symlinkSync(shared, join(dir, 'to-shared'));
    const answer = await plan(dir);
    expect(kept(answer)).toContain(shared);
    expect(kept(answer)).not.toContain(secret);
    expect(answer.plan.warnings.map((warning) => warning.code)).toEqual(['private-file']);
    expect(kept(await plan(dir, { include: [secret] }))).toContain(secret);
  });

  it('give the first node of PATH, also when /usr/local/bin has one', async () => {
    const bin = join(tempDir(), 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    const system = /^\/(?:usr|bin|opt)\//.test(process.execPath);
    const answer = await plan(node(), { environment: { PATH: [bin, '/usr/local/bin'].join(delimiter) } });
    expect(answer.entrypoint[0]).toBe(system ? join(bin, 'node') : '/usr/local/bin/node');
  });

  it.skipIf(!needs('strip'))('are stripped, also when several have the same content', async () => {
    const dir = folder();
    for (const name of ['two', 'three', 'four']) copyFileSync('/bin/true', join(dir, name));
    const result = await build({ dir, home: tempDir(), verify: false, entry: 'program', strip: true });
    expect(result.layers.at(-1)?.files).toBe(4);
  });
});
