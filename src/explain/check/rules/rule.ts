import type { CheckConfig } from '../../../config/check.ts';
import type { Facts, Need, Outcome, RuleSpec } from '../types.ts';

/** Ties a rule to its setting, so that the table need not know of what kind each is. */
export function rule<T>(spec: {
  readonly id: string;
  readonly title: string;
  readonly key?: readonly string[];
  readonly needs?: readonly Need[];
  readonly setting: (config: CheckConfig) => T | undefined;
  readonly check: (facts: Facts, setting: T) => Outcome | readonly Outcome[];
}): RuleSpec {
  const { check, id, key = [id], needs = [], setting, title } = spec;
  return {
    id,
    title,
    key,
    ask: (config) => {
      const value = setting(config);
      return value === undefined ? undefined : { id, needs, check: (facts) => check(facts, value) };
    },
  };
}

/** What was gathered because the rule said that it needs it. */
export function gathered<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a rule asks for facts that it does not say it needs');
  return value;
}
