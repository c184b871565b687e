import type { CheckConfig } from '../../config/check.ts';
import { readForeignRules, readRuleFile, type RuleFile } from './rule-files.ts';
import type { RuleSet } from './types.ts';

/** Keys of which a nearer setting adds to a farther one; of all others it takes its place. */
const JOINED: readonly string[] = ['packages', 'labels', 'tests'];

export interface ReadRules {
  readonly rules: readonly RuleSet[];
  readonly files: readonly RuleFile[];
  /** Whether a rule is about growth: only then is there anything to measure against. */
  readonly asksGrowth: boolean;
  /** The image to measure growth against, when a setting names one. */
  readonly base: string | undefined;
}

/**
 * The rules of files (each a tare.yaml, structure tests or a `.dive-ci`), and of `own` settings, which win.
 * @throws TareError E_CONFIG, E_CHECK naming file and line; E_PATH_NOT_FOUND for a file that is not there
 */
export async function readRules(paths: readonly string[], own: CheckConfig): Promise<ReadRules> {
  const files: RuleFile[] = [];
  const sets: RuleSet[] = [];
  for (const path of paths) {
    const read = await readRuleFile(path);
    if (read.kind !== 'tare') {
      files.push(read);
      continue;
    }
    sets.push({ ...read.rules, config: without(read.rules.config, own) });
    for (const test of read.rules.config.tests ?? []) files.push(await readForeignRules(test));
  }
  for (const test of own.tests ?? []) files.push(await readForeignRules(test));
  const base = own.base ?? sets.find(({ config }) => config.base !== undefined)?.config.base;
  const rules = [...sets, { config: own }];
  return { rules, files, base, asksGrowth: rules.some(({ config }) => config.growth !== undefined) };
}

function without(config: CheckConfig, own: CheckConfig): CheckConfig {
  return Object.fromEntries(Object.entries(config).filter(([key]) => JOINED.includes(key) || !(key in own)));
}
