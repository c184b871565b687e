import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { readForeignRules, readRuleFile } from '../../../src/explain/check/rule-files.ts';
import { openImage, writeImage } from '../../../src/transports/index.ts';
import type { LayerContent } from '../../helpers/images.ts';
import { tempDir } from '../../helpers/temp.ts';
import { ask, newStore } from './ask.ts';

const DIVE = process.env['TARE_DIVE'] ?? fileURLToPath(new URL('../../../.tools/dive', import.meta.url));
const file = (path: string, bytes: number): { path: string; content: string } => ({ path, content: 'x'.repeat(bytes) });

const TWICE: readonly LayerContent[] = [
  [file('a', 1000), file('b', 500)],
  [file('a', 2000), file('c', 1000)],
];
const ONCE: readonly LayerContent[] = [[file('a', 1000)], [file('b', 1000)]];
const DELETED: readonly LayerContent[] = [
  [file('d/a', 1000), file('b', 90_000)],
  [{ path: 'd/.wh.a' }],
  [file('e', 300)],
];
const ONE: readonly LayerContent[] = [[file('a', 1000)]];
const IMAGES = { TWICE, ONCE, DELETED, ONE };

/** Names of an image, and a `.dive-ci`. */
const CASES: readonly (readonly [image: keyof typeof IMAGES, yaml: string])[] = [
  ['TWICE', '{}'],
  ['TWICE', 'rules: {lowestEfficiency: 0.5, highestUserWastedPercent: 1}'],
  ['TWICE', 'rules: {lowestEfficiency: 0.56, highestUserWastedPercent: 1}'],
  ['TWICE', 'rules: {lowestEfficiency: disabled, highestUserWastedPercent: disabled, highestWastedBytes: 3000}'],
  ['TWICE', 'rules: {lowestEfficiency: disabled, highestUserWastedPercent: disabled, highestWastedBytes: 2999B}'],
  ['TWICE', 'rules: {lowestEfficiency: disabled, highestUserWastedPercent: disabled, highestWastedBytes: 3KB}'],
  ['TWICE', 'rules: {lowestEfficiency: disabled, highestUserWastedPercent: disabled, highestWastedBytes: 2.92 KiB}'],
  ['TWICE', 'rules: {lowestefficiency: 0.1, HIGHESTUSERWASTEDPERCENT: 0.99}'],
  ['TWICE', 'rules: {highestUserWastedPercent: 1.0, lowestEfficiency: 0}'],
  ['ONCE', 'rules: {lowestEfficiency: 1, highestWastedBytes: 0}'],
  ['DELETED', 'rules: {highestUserWastedPercent: 0.5}'],
  ['DELETED', 'other: [1]'],
  ['ONE', 'rules: {highestUserWastedPercent: 0}'],
];

async function rulesOf(yaml: string): Promise<Awaited<ReturnType<typeof readForeignRules>>> {
  const path = join(tempDir(), '.dive-ci');
  writeFileSync(path, yaml);
  return readForeignRules(path);
}

describe('.dive-ci', () => {
  it.skipIf(!existsSync(DIVE)).each(CASES)('of %s, %s: the same as dive', async (name, yaml) => {
    const dir = tempDir();
    const store = await newStore();
    const layers = IMAGES[name];
    const config = { history: layers.map(() => ({ created_by: 'x' })) };
    const isOurs = yaml.startsWith('rules');
    const rules = await rulesOf(isOurs ? yaml : `rules: {}\n${yaml === '{}' ? '' : yaml}`);
    const report = await ask({}, { layers, config }, { files: [rules], store });
    const tools = { store, ctx: createContext({}) };
    await writeImage(await openImage('app:1', tools), `docker-archive:${join(dir, 'x.tar')}`, tools);
    writeFileSync(join(dir, '.dive-ci'), yaml);
    const dive = spawnSync(
      DIVE,
      ['--ci', '--ci-config', join(dir, '.dive-ci'), '--source', 'docker-archive', join(dir, 'x.tar')],
      {
        encoding: 'utf8',
      },
    );
    // oxlint-disable-next-line no-control-regex -- dive colours what it says
    const said = dive.stdout.replace(/\x1b\[[0-9;]*m/g, '');
    const verdicts = [...said.matchAll(/^ {2}(PASS|FAIL): (\w+)/gm)].map(([, verdict, rule]) => [
      `dive.${rule}`,
      verdict === 'PASS',
    ]);
    expect(verdicts.length, said).toBeGreaterThan(0);
    const ours = report.results.map(({ ok, rule }) => [rule, ok]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(verdicts));
    expect(report.ok ? 0 : 1).toBe(dive.status);
  });

  it.skipIf(!existsSync(DIVE))('is compared with the version whose rules are written down', () => {
    expect(execFileSync(DIVE, ['--version'], { encoding: 'utf8' })).toContain('0.13.1');
  });

  it.each([
    ['rules: {lowestEfficiency: 2}', 'lowestEfficiency'],
    ['rules: {lowestEfficiency: off}', 'lowestEfficiency'],
    ['rules: {lowestEfficiency: ""}', 'lowestEfficiency'],
    ['rules: {highestWastedBytes: 20 parsecs}', 'highestWastedBytes'],
    ['rules: {highestWastedBytes: [1]}', 'highestWastedBytes'],
    ['rules: {highestUserWastedPercent: -0.1}', 'highestUserWastedPercent'],
    ['rules: [1]', 'rules'],
    ['rules: *a', ''],
    ['rules: {a: &a [1], b: *a', ''],
  ])('%s is refused', async (yaml, key) => {
    await expect(rulesOf(yaml)).rejects.toMatchObject({
      code: 'E_CHECK',
      message: expect.stringContaining(key) as string,
    });
  });

  it('tells where the rules stand, and who is to blame', async () => {
    const report = await ask(
      {},
      { layers: TWICE },
      { files: [await rulesOf('# mine\nrules:\n  lowestEfficiency: 0.9\n')] },
    );
    expect(report.results[0]).toMatchObject({
      rule: 'dive.lowestEfficiency',
      ok: false,
      path: '/a',
      source: { line: 3 },
    });
  });

  it('what is neither is a tare.yaml', async () => {
    const path = join(tempDir(), 'tare.yaml');
    writeFileSync(path, 'name: x\nbudget: {disk: 1kB, wire: 2kB}\ncheck:\n  wire: 3kB\n  tests: [a.yaml]\n');
    const read = await readRuleFile(path);
    if (read.kind !== 'tare') throw new Error(read.kind);
    expect(read.rules.config).toEqual({ disk: 1000, wire: 3000, tests: [join(path, '../a.yaml')] });
    expect(read.rules.sourceOf?.(['disk'])).toEqual({ file: path, line: 2 });
    expect(read.rules.sourceOf?.(['wire'])).toEqual({ file: path, line: 4 });
    await expect(readForeignRules(path)).rejects.toMatchObject({ code: 'E_CHECK' });
  });
});
