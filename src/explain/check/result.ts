import { MAX_EVIDENCE, type CheckResult, type Outcome, type RuleSource } from './types.ts';

/** The first piece of evidence stands for all in the members of its names. */
export function resultOf(rule: string, outcome: Outcome, source: RuleSource | undefined): CheckResult {
  const { evidence = [], message, name, ok, ...rest } = outcome;
  const [first] = evidence;
  const { instruction, layer, package: owner, path } = first ?? {};
  return {
    rule,
    ...(name === undefined ? {} : { name }),
    ok,
    ...rest,
    message,
    ...(path === undefined ? {} : { path }),
    ...(owner === undefined ? {} : { package: owner }),
    ...(layer === undefined ? {} : { layer }),
    ...(instruction === undefined ? {} : { instruction }),
    evidence: evidence.slice(0, MAX_EVIDENCE),
    ...(source === undefined ? {} : { source }),
  };
}
