import { isTareError } from '../base/error.ts';
import { applyEdits, compatible } from './edit.ts';
import { lintDockerfile, type Linted, type LintOptions } from './lint.ts';
import { RULES } from './rules/index.ts';
import type { Finding } from './types.ts';

/** What is mended can show something else to mend; no file that anybody wrote needs more than five rounds. */
const MAX_ROUNDS = 50;
/** Fixes of one round: each is compared with the others. */
const MAX_FIXES = 1000;

export interface Fixed {
  readonly text: string;
  /** With their places in the text as it was when each was mended. */
  readonly fixed: readonly Finding[];
  /** What is left, in the new text. */
  readonly left: Linted;
}

/**
 * Mends what can be mended without doubt, until there is nothing more: of a text that was fixed, the fix is the text itself. A fix after which the file
 * could not be read any more is not done.
 * @throws as `lintDockerfile`
 */
export function fixDockerfile(text: string, options: LintOptions = {}): Fixed {
  const { layers: _measured, ...rest } = options;
  const fixed: Finding[] = [];
  const refused = new Set<string>();
  let current = text;
  for (let round = 0; ; round++) {
    const linted = lintDockerfile(current, rest);
    const step = round === MAX_ROUNDS ? undefined : mended(current, linted, refused, rest);
    if (step === undefined) return { text: current, fixed, left: marked(linted, refused) };
    current = step.text;
    fixed.push(...step.fixed);
  }
}

interface Step {
  readonly text: string;
  readonly fixed: readonly Finding[];
}

function mended(text: string, { findings }: Linted, refused: Set<string>, options: LintOptions): Step | undefined {
  const order = new Map(RULES.map(({ id }, index) => [id, index]));
  const candidates = findings
    .filter((finding) => (finding.fix ?? []).length > 0 && !refused.has(keyOf(finding)))
    .sort((a, b) => (order.get(a.rule) ?? 0) - (order.get(b.rule) ?? 0))
    .slice(0, MAX_FIXES);
  if (candidates.length === 0) return undefined;
  const groups = candidates.map((finding) => ({ of: finding, edits: finding.fix ?? [] }));
  const { edits, taken } = compatible(groups);
  const together = applyEdits(text, edits);
  if (isReadable(together, options)) return { text: together, fixed: taken };
  for (const { edits, of } of groups) {
    const alone = applyEdits(text, edits);
    if (isReadable(alone, options)) return { text: alone, fixed: [of] };
    refused.add(keyOf(of));
  }
  return undefined;
}

const keyOf = ({ message, range, rule }: Finding): string => `${rule} ${range.start.offset} ${message}`;

function isReadable(text: string, options: LintOptions): boolean {
  try {
    lintDockerfile(text, options);
    return true;
  } catch (error) {
    if (isTareError(error)) return false;
    throw error;
  }
}

function marked(linted: Linted, refused: ReadonlySet<string>): Linted {
  if (refused.size === 0) return linted;
  const findings = linted.findings.map((finding) => {
    if (!refused.has(keyOf(finding))) return finding;
    const { fix: _fix, ...rest } = finding;
    return { ...rest, notFixed: 'the file could not be read afterwards' };
  });
  return { ...linted, findings };
}
