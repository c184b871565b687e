import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mergeEnvironment } from '../../src/cli/options.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { parseConfig } from '../../src/config/config.ts';
import { readRuleFile } from '../../src/explain/check/rule-files.ts';
import { openStore } from '../../src/store/index.ts';
import { execute, MAIN, cleanEnvironment } from '../helpers/cli.ts';
import { makeImage } from '../helpers/images.ts';
import { tempDir } from '../helpers/temp.ts';
import { complaints, pipelineComplaints, validators, type Validators } from '../report/check/validators.ts';

const TEXT = readFileSync(new URL('../../docs/ci.md', import.meta.url), 'utf8');
const snippets = (language: string): readonly string[] =>
  [...TEXT.matchAll(new RegExp(`\n\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text);
const YAML = snippets('yaml');
const withKey = (key: string): string => YAML.find((text) => Object.hasOwn(parse(text) as object, key)) ?? '';

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}

const WORKFLOWS = YAML.filter((text) => Object.hasOwn(parse(text) as object, 'jobs'));
const GITLAB = withKey('stages');

/** The scripts of a workflow, or of GitLab's jobs. */
function scriptsOf(text: string): readonly string[] {
  const value = parse(text) as Workflow & Readonly<Record<string, { readonly script?: readonly string[] }>>;
  const jobs = 'jobs' in value ? Object.values(value.jobs) : [];
  const steps = jobs.flatMap((job) => job.steps.flatMap(({ run }) => (run === undefined ? [] : [run])));
  return [...steps, ...Object.values(value).flatMap((job) => job?.script ?? [])];
}

/** Lines that call tare, continued ones joined. */
const commandsOf = (script: string): readonly string[] =>
  script
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.startsWith('tare '));

/** An image that keeps to what the document asks, and its files; `old`: the one in use. */
async function workplace(disk: number): Promise<{ readonly cwd: string; readonly env: Record<string, string> }> {
  const dir = tempDir();
  const cwd = join(dir, 'work');
  mkdirSync(cwd);
  const store = await openStore({ home: join(dir, 'home') });
  const files = (bytes: number): { path: string; content: string }[] => [
    { path: 'etc/passwd', content: 'app:x:65532:65532::/:/nothing\n' },
    { path: 'app/server', content: 'x'.repeat(bytes) },
  ];
  const config = {
    created: '2026-11-01T00:00:00Z',
    config: { User: '65532' },
    history: [{ created_by: 'COPY . /app' }],
  };
  await makeImage({ store, name: 'shop:main', layers: [files(100_000)], config });
  await makeImage({ store, name: 'shop:ci', layers: [files(disk)], config });
  // What a pipeline has built, and the base in its registry, stand in the store here.
  const check = withKey('check').replace('docker://registry.example/shop:main', 'shop:main');
  writeFileSync(join(cwd, 'tare.yaml'), check);
  const env = {
    ...cleanEnvironment(),
    TARE_HOME: join(dir, 'home'),
    TARE_CHECK_NOW: '2026-11-21',
    GITHUB_STEP_SUMMARY: join(cwd, 'summary.md'),
  };
  return { cwd, env };
}

const checksIn = (text: string): readonly string[] =>
  scriptsOf(text)
    .flatMap(commandsOf)
    .filter((line) => line.startsWith('tare check shop:ci'));

describe('docs/ci.md', () => {
  let found: Validators | undefined;
  beforeAll(() => {
    found = validators();
  }, 300_000);

  it('has pipelines of both kinds, and their files', () => {
    expect(WORKFLOWS).toHaveLength(2);
    expect(GITLAB).not.toBe('');
    expect([...WORKFLOWS, GITLAB].flatMap(checksIn)).toHaveLength(2);
  });

  it('has pipelines that are valid by the schemas of GitHub and GitLab', ({ skip }) => {
    skip(found === undefined, 'no schemas');
    const said = (schema: 'vendor.github-workflows' | 'vendor.gitlab-ci', text: string): string =>
      found === undefined ? '' : pipelineComplaints(found, schema, text);
    for (const workflow of WORKFLOWS) expect(said('vendor.github-workflows', workflow)).toBe('');
    expect(said('vendor.gitlab-ci', GITLAB)).toBe('');
    expect(said('vendor.github-workflows', 'jobs: 1\n')).not.toBe('');
  });

  it('has commands that tare understands', async () => {
    const shell = snippets('sh').flatMap(commandsOf);
    const commands = [...shell, ...[...WORKFLOWS, GITLAB].flatMap(scriptsOf).flatMap(commandsOf)];
    expect(commands.length).toBeGreaterThan(7);
    for (const command of commands) {
      const parsed = await parseCommandLine(command.split(/\s+/).slice(1), { columns: 80 });
      if (parsed.kind !== 'command') throw new Error(command);
      expect(mergeEnvironment(parsed.spec.options, parsed.given, {})).toBeDefined();
    }
  });

  it('has rules that are read: tare.yaml, structure tests, .dive-ci', async () => {
    expect(Object.keys((await parseConfig(withKey('check'), 'tare.yaml')).check ?? {})).toContain('growth');
    for (const [key, kind] of [
      ['schemaVersion', 'structure'],
      ['rules', 'dive'],
    ] as const) {
      const file = join(tempDir(), 'rules');
      writeFileSync(file, withKey(key));
      expect((await readRuleFile(file)).kind).toBe(kind);
    }
  });

  it.each([
    ['GitHub', 0, 100_500],
    ['GitHub', 1, 9_000_000],
    ['GitLab', 0, 100_500],
    ['GitLab', 1, 9_000_000],
  ])('the check of %s ends with %d for an image of %d bytes, and writes its reports', async (system, code, disk) => {
    const { cwd, env } = await workplace(disk);
    const [command = ''] = checksIn(system === 'GitHub' ? (WORKFLOWS[0] ?? '') : GITLAB);
    const args = command.split(/\s+/).slice(1);
    const answer = await execute(process.execPath, [MAIN, ...args], { cwd, env });
    expect(answer, answer.stdout).toMatchObject({ code, stderr: '' });
    const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');
    const said = (format: 'junit' | 'sarif', name: string): string =>
      found === undefined ? '' : complaints(found, format, read(name));
    expect(said('junit', 'tare-junit.xml')).toBe('');
    expect(read('tare-junit.xml').includes('<failure')).toBe(code === 1);
    if (system === 'GitLab') {
      expect(read('tare.md')).toContain('tare check: shop:ci');
      return;
    }
    expect(said('sarif', 'tare.sarif')).toBe('');
    expect(read('summary.md')).toContain('against shop:main');
    expect(answer.stdout).toMatch(
      code === 0 ? /^::notice / : /^::error file=tare\.yaml,line=5,title=tare check%3A growth\.disk::/m,
    );
  });
});
