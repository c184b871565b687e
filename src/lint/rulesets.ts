import { TareError } from '../base/error.ts';
import { RULES } from './rules/index.ts';
import type { Rule } from './types.ts';

/** The versions of the set of rules, oldest first. A version never grows: new rules come with a new one, so that an update finds nothing new by itself. */
export const RULESETS = ['2026.1'] as const;
export const LATEST_RULESET = RULESETS[RULESETS.length - 1] as string;

/** @throws TareError E_USAGE */
export function rulesOf(version: string): readonly Rule[] {
  const at = RULESETS.findIndex((known) => known === version);
  if (at === -1)
    throw new TareError('E_USAGE', `there is no rule set ${JSON.stringify(version)}`, {
      hint: `rule sets are ${RULESETS.join(', ')}`,
    });
  const versions: readonly string[] = RULESETS.slice(0, at + 1);
  return RULES.filter(({ since }) => versions.includes(since));
}
