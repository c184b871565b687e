import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../src/explain/check/types.ts';
import { openStore } from '../../src/store/index.ts';
import { tare, tareJson, type CliOptions } from '../helpers/cli.ts';
import { makeImage } from '../helpers/images.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

/** A folder with files, and a store with app:1 (1000 bytes, root) and app:2 (3000 bytes, user 1000). */
async function surroundings(
  files: Readonly<Record<string, string>> = {},
): Promise<CliOptions & { readonly cwd: string }> {
  const dir = tempDir();
  const options = { home: join(dir, 'home'), cwd: join(dir, 'work') };
  mkdirSync(options.cwd);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(options.cwd, name), text);
  const store = await openStore({ home: options.home });
  const base = [{ path: 'a', content: 'a'.repeat(1000) }];
  const history = [{ created_by: 'base' }];
  await makeImage({ store, name: 'app:1', layers: [base], config: { history } });
  await makeImage({
    store,
    name: 'app:2',
    layers: [base, [{ path: 'opt/b', content: 'b'.repeat(2000) }]],
    config: { history: [...history, { created_by: 'COPY b /opt # buildkit' }], config: { User: '1000' } },
  });
  return options;
}

const rulesOf = (report: CheckReport): readonly string[] =>
  report.results.map(({ ok, rule }) => `${ok ? '' : '!'}${rule}`);

describe('tare check', () => {
  it('passes, and fails with who is to blame', async () => {
    const options = await surroundings();
    const good = await tare(['check', 'app:2', '--disk', '3kB', '--user', 'non-root'], options);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toContain('app:2: 2 rules passed');
    const bad = await tare(['check', 'app:2', '--against', 'app:1', '--growth', '1kB', '--no-shell'], options);
    expect(bad).toMatchObject({ code: 1, stderr: '' });
    expect(bad.stdout).toMatch(/\+2\.0 kB +\/opt +1 +COPY b \/opt/);
  });

  it('answers in JSON of its schema', async () => {
    const options = await surroundings();
    const report = await tareJson<CheckReport>(['check', 'app:2', '--disk', '1'], {
      ...options,
      code: 1,
    });
    expectShape('check', report);
    expect(rulesOf(report)).toEqual(['!disk']);
  });

  it('takes rules from ./tare.yaml and ./.dive-ci; a flag wins, lists are joined', async () => {
    const options = await surroundings({
      'tare.yaml':
        'check:\n  disk: 1\n  base: app:1\n  growth: 0\n  packages: {forbid: [curl]}\n  tests: [tests.yaml]\n',
      'tests.yaml': 'schemaVersion: 2.0.0\nfileExistenceTests: [{name: a, path: /a}]\n',
      '.dive-ci': 'rules: {lowestEfficiency: 0.1}\n',
    });
    const rules = ['!disk', '!growth.disk', '!growth.wire', 'packages.forbid'];
    const rest = ['dive.lowestEfficiency', 'dive.highestUserWastedPercent', 'structure.file-existence'];
    const plain = await tareJson<CheckReport>(['check', 'app:2'], { ...options, code: 1 });
    expect(rulesOf(plain)).toEqual([...rules, ...rest]);
    expect(plain.results[0]?.source).toEqual({ file: 'tare.yaml', line: 2 });
    const flags = ['--disk', '1MB', '--growth', '100MB', '--forbid', 'wget'];
    const passing = await tareJson<CheckReport>(['check', 'app:2', ...flags], options);
    expect(rulesOf(passing)).toEqual([
      'disk',
      'growth.disk',
      'growth.wire',
      'packages.forbid',
      'packages.forbid',
      ...rest,
    ]);
    const named = await tareJson<CheckReport>(['check', 'app:2', '--config', 'tests.yaml'], options);
    expect(rulesOf(named)).toEqual(['structure.file-existence']);
    const env = { TARE_CHECK_DISK: '2kB', TARE_CHECK_SHELL: 'no', TARE_CHECK_CONFIG: 'tests.yaml,.dive-ci' };
    const variables = await tareJson<CheckReport>(['check', 'app:2'], { ...options, env, code: 1 });
    expect(rulesOf(variables)).toEqual(['!disk', 'no-shell', ...rest]);
  });

  it.each([
    ['junit', '<testsuites name="tare check" tests="1" failures="1"'],
    ['sarif', '"version": "2.1.0"'],
    ['github', '::error title=tare check%3A disk::app:2: 3.0 kB on disk'],
    ['markdown', '### ❌ tare check: app:2'],
    ['json', '"ok": false'],
  ])('--format %s, and --output to a file', async (format, part) => {
    const options = await surroundings();
    const args = ['check', 'app:2', '--disk', '1'];
    const answer = await tare([...args, '--format', format], options);
    expect(answer).toMatchObject({ code: 1, stderr: '' });
    expect(answer.stdout).toContain(part);
    const both = await tare([...args, '--output', `${format}=out/a.txt`, '--output', 'json=b.json'], options);
    expect(both).toMatchObject({ code: 2, stdout: '' });
    expect(both.stderr).toContain('E_PATH_NOT_FOUND');
    mkdirSync(join(options.cwd, 'out'));
    expect(
      (await tare([...args, '--output', `${format}=out/a.txt`, '--output', 'json=b.json'], options)).stdout,
    ).toContain('1 of 1 rule failed');
    expect(readFileSync(join(options.cwd, 'out/a.txt'), 'utf8')).toBe(answer.stdout);
    expect(JSON.parse(readFileSync(join(options.cwd, 'b.json'), 'utf8'))).toMatchObject({ ok: false });
  });

  it('adds a job summary for GitHub, and only for it', async () => {
    const options = await surroundings({ 'summary.md': 'before\n' });
    const env = { GITHUB_STEP_SUMMARY: 'summary.md' };
    await tare(['check', 'app:2', '--disk', '1'], { ...options, env });
    expect(readFileSync(join(options.cwd, 'summary.md'), 'utf8')).toBe('before\n');
    await tare(['check', 'app:2', '--disk', '1', '--format', 'github'], { ...options, env });
    expect(readFileSync(join(options.cwd, 'summary.md'), 'utf8')).toMatch(/^before\n### ❌ tare check: app:2\n/);
    const nowhere = await tare(['check', 'app:2', '--disk', '1', '--format', 'github'], {
      ...options,
      env: { GITHUB_STEP_SUMMARY: '/nowhere/x' },
    });
    expect(nowhere).toMatchObject({ code: 2, stdout: '' });
  });

  it('--now stands in for the clock', async () => {
    const options = await surroundings();
    const store = await openStore({ home: options.home });
    const config = { created: '2026-01-01T00:00:00Z' };
    await makeImage({ store, name: 'old:1', layers: [[{ path: 'a', content: 'a' }]], config });
    const at = (now: string): Promise<{ code: number }> =>
      tare(['check', 'old:1', '--max-age', '30d', '--now', now], options);
    expect((await at('2026-01-31')).code).toBe(0);
    expect((await at('2026-02-01T00:00:00Z')).code).toBe(1);
    expect((await at(String(Date.UTC(2026, 0, 2) / 1000))).code).toBe(0);
  });

  it('says the cure when there is no rule', async () => {
    const answer = await tare(['check', 'app:2'], await surroundings());
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain('tare check app:2 --disk 3.3kB --wire');
    expect(answer.stderr).toContain('\ncheck:\n  disk: 3.3kB\n');
  });

  it('says which file of rules is not there, and what would be one', async () => {
    const { code, stderr } = await tare(['check', 'app:2', '--config', 'nowhere.yaml'], await surroundings());
    expect(code).toBe(2);
    expect(stderr).toMatch(/no file of rules .*nowhere\.yaml[^]*cure: name a tare\.yaml/);
  });

  it.each([
    ['E_USAGE', ['--disk', 'much']],
    ['E_USAGE', ['--layers', '1.5']],
    ['E_USAGE', ['--max-age', 'old']],
    ['E_USAGE', ['--forbid', 'a b']],
    ['E_USAGE', ['--now', 'yesterday', '--max-age', '1d']],
    ['E_USAGE', ['--growth', '3%']],
    ['E_USAGE', ['--against', 'app:1', '--disk', '1']],
    ['E_USAGE', ['--output', 'junit', '--disk', '1']],
    ['E_USAGE', ['--output', 'text=x', '--disk', '1']],
    ['E_USAGE', ['--format', 'xml']],
    ['E_PATH_NOT_FOUND', ['--config', 'nowhere.yaml']],
    ['E_CONFIG', ['--config', 'bad.yaml']],
    ['E_CHECK', ['--config', 'tests.yaml']],
    ['E_CHECK', ['--config', 'not.yaml']],
    ['E_NOT_FILE', ['--config', '.']],
    ['E_IMAGE_NOT_FOUND', ['--growth', '1', '--against', 'app:9']],
  ])('%s: %j', async (code, args) => {
    const options = await surroundings({
      'bad.yaml': 'check: {dsk: 1}\n',
      'tests.yaml': 'schemaVersion: 3\n',
      'not.yaml': 'a: [1',
    });
    const answer = await tare(['check', 'app:2', ...args], options);
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain(code);
    expect(existsSync(join(options.cwd, 'x'))).toBe(false);
  });
});
