import { parseDockerfile } from '../formats/dockerfile/index.ts';
import type { Dockerfile, Instruction } from '../formats/dockerfile/types.ts';
import { checkComments, checkDirective, ignoreComments, instructionAt, type CheckOptions } from './comments.ts';
import { factsOf, type Surroundings } from './facts/facts.ts';
import { RULE_IDS } from './rules/index.ts';
import { LATEST_RULESET, rulesOf } from './rulesets.ts';
import { SEVERITIES, type Finding, type Found, type Rule, type Setting, type Severity } from './types.ts';

/** In one file; a file that has more is not read line by line by anybody. */
const MAX_FINDINGS = 5000;

export interface LintOptions extends Omit<Surroundings, 'ruleIds'> {
  /** Names the file in messages. */
  readonly file?: string;
  /** The newest one when omitted. */
  readonly ruleset?: string | undefined;
  /** By rule; the rule set's own setting when omitted. */
  readonly rules?: Readonly<Record<string, Setting>> | undefined;
  /** BuildKit's checks alone, or those of size alone. */
  readonly only?: 'buildkit' | 'size' | undefined;
  /** Findings below it are left out. */
  readonly severity?: Severity | undefined;
}

export interface Linted {
  readonly dockerfile: Dockerfile;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  /** Findings that comments silence. */
  readonly silenced: number;
  /** Findings that were left out because there are too many. */
  readonly omitted: number;
}

/**
 * Asks every rule of the set about the text of a Dockerfile. Pure: what it cannot know from the text is in the options.
 * @throws TareError E_DOCKERFILE with file and line, E_LIMIT, E_USAGE for an unknown rule set
 */
export function lintDockerfile(text: string, options: LintOptions = {}): Linted {
  return lintParsed(parseDockerfile(text, { file: options.file ?? 'Dockerfile', duplicateStages: 'warn' }), options);
}

export function lintParsed(dockerfile: Dockerfile, options: LintOptions = {}): Linted {
  const facts = factsOf(dockerfile, { ...options, ruleIds: RULE_IDS });
  const silence = silenceOf(dockerfile);
  const findings: Finding[] = [];
  let silenced = 0;
  let omitted = 0;
  for (const rule of rulesOf(options.ruleset ?? LATEST_RULESET)) {
    if (options.only !== undefined && rule.origin !== options.only && rule.origin !== 'tare') continue;
    const severity = severityOf(rule, options, silence.file);
    if (severity === 'off' && rule.severity !== 'off') continue;
    for (const found of rule.check(dockerfile, facts)) {
      const verdict = silence.judge(rule, severity, found);
      if (verdict === 'silent') silenced += 1;
      if (verdict === 'silent' || verdict === 'off') continue;
      if (rank(verdict) < rank(options.severity ?? 'info')) continue;
      if (findings.length === MAX_FINDINGS) omitted += 1;
      else findings.push({ ...found, rule: rule.id, severity: verdict, cure: found.cure ?? rule.cure });
    }
  }
  // Stable: of findings in one place, the order of the rules.
  findings.sort((a, b) => a.range.start.offset - b.range.start.offset);
  return { dockerfile, findings, silenced, omitted };
}

export function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

function severityOf(rule: Rule, options: LintOptions, check: CheckOptions): Setting {
  const { rules = {} } = options;
  const set = Object.hasOwn(rules, rule.id) ? rules[rule.id] : undefined;
  const own = set ?? (names(check.experimental, rule) && rule.severity === 'off' ? 'warning' : rule.severity);
  return own !== 'off' && check.error && rule.origin === 'buildkit' ? 'error' : own;
}

/** `all` is BuildKit's word for its own checks. */
function names(list: readonly string[], { id, origin }: Rule): boolean {
  return list.includes(id) || (origin === 'buildkit' && list.includes('all'));
}

/** What comments take away. */
function silenceOf(dockerfile: Dockerfile) {
  const file = checkDirective(dockerfile);
  const { instructions } = dockerfile;
  const ignored = new Map<Instruction, Set<string>>();
  for (const { instruction, problem, rules } of ignoreComments(dockerfile, RULE_IDS)) {
    if (problem !== undefined || instruction === undefined) continue;
    const set = ignored.get(instruction) ?? new Set();
    for (const rule of rules) set.add(rule);
    ignored.set(instruction, set);
  }
  const judge = (rule: Rule, severity: Setting, { range }: Found): Severity | 'silent' | 'off' => {
    const instruction = instructionAt(instructions, range.start.offset);
    const check = checkComments(instruction?.comments ?? []);
    const asked = severity === 'off' && names(check.experimental, rule) ? 'warning' : severity;
    if (asked === 'off') return 'off';
    if (rule.id === 'IgnoreComment') return asked;
    const isIgnored =
      instruction !== undefined &&
      (ignored.get(instruction)?.has(rule.id) === true || ignored.get(instruction)?.has('all') === true);
    return isIgnored || names(file.skip, rule) || names(check.skip, rule) ? 'silent' : asked;
  };
  return { file, judge };
}
