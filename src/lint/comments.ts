import type { Comment, Dockerfile, Instruction, Range } from '../formats/dockerfile/types.ts';
import { dockerfileError } from '../formats/dockerfile/source.ts';

/** `# tare ignore=A,B reason`. */
const IGNORE = /^tare\s+ignore\s*=\s*(\S*)\s*(.*)$/;
/** Somebody meant one. */
const ALMOST = /^tare\b/;
const CHECK = /^check\s*=\s*(.+)$/i;

/** Rules that are silenced for one instruction; `all` stands for every one. */
export interface IgnoreComment {
  readonly rules: readonly string[];
  readonly reason: string;
  /** Undefined: it stands below the last instruction. */
  readonly instruction: Instruction | undefined;
  readonly range: Range;
  /** What is wrong with it, so that it silences nothing. */
  readonly problem?: string;
}

export function ignoreComments(
  { comments, instructions }: Dockerfile,
  known?: ReadonlySet<string>,
): readonly IgnoreComment[] {
  return comments.flatMap(({ range, text }) => {
    if (!ALMOST.test(text)) return [];
    const [, list = '', reason = ''] = IGNORE.exec(text) ?? [];
    const rules = list.split(',').filter((name) => name !== '');
    const instruction = instructionAt(instructions, range.start.offset);
    const problem = problemOf(rules, reason, instruction, known);
    return [{ rules, reason, instruction, range, ...(problem === undefined ? {} : { problem }) }];
  });
}

function problemOf(
  rules: readonly string[],
  reason: string,
  instruction: Instruction | undefined,
  known: ReadonlySet<string> | undefined,
): string | undefined {
  if (rules.length === 0) return 'this comment names no rule: it is `# tare ignore=RULE reason`';
  const unknown = rules.find((name) => name !== 'all' && known?.has(name) === false);
  if (unknown !== undefined) return `there is no rule ${unknown.slice(0, 60)}: nothing is ignored`;
  if (reason === '') return 'this comment gives no reason, so it silences nothing';
  return instruction === undefined ? 'no instruction follows this comment' : undefined;
}

/** The instruction that holds the place, else the next one. `instructions` are in order. */
export function instructionAt(instructions: readonly Instruction[], offset: number): Instruction | undefined {
  let low = 0;
  let high = instructions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instructions[middle]?.range.end.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return instructions[low];
}

/** What `# check=` says: BuildKit's own way to silence its checks. */
export interface CheckOptions {
  readonly skip: readonly string[];
  readonly experimental: readonly string[];
  /** Every finding fails the build there. */
  readonly error: boolean;
}

const NO_OPTIONS: CheckOptions = { skip: [], experimental: [], error: false };
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** Of the whole file. @throws TareError E_DOCKERFILE when BuildKit would refuse it */
export function checkDirective(file: Dockerfile): CheckOptions {
  const directive = file.directives.find(({ name }) => name === 'check');
  if (directive === undefined) return NO_OPTIONS;
  const options = parseCheck(directive.value);
  if (options !== undefined) return options;
  throw dockerfileError(file, directive.range, 'the check directive cannot be read', {
    hint: 'write `# check=skip=RULE,RULE;error=true`',
  });
}

/** Of one instruction: the first comment above it that is one (BuildKit linter.go, WithMergedConfigFromComments). */
export function checkComments(comments: readonly Comment[]): CheckOptions {
  for (const { text } of comments) {
    const value = CHECK.exec(text)?.[1];
    if (value !== undefined) return parseCheck(value.trim().split(' ', 1)[0] ?? '') ?? NO_OPTIONS;
  }
  return NO_OPTIONS;
}

/** `skip=A,B;experimental=all;error=true` (BuildKit linter.go, ParseLintOptions). */
function parseCheck(text: string): CheckOptions | undefined {
  let options: CheckOptions = NO_OPTIONS;
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    const key = part.slice(0, Math.max(0, equals)).trim();
    const value = part.slice(equals + 1).trim();
    const names = value.split(',').map((name) => name.trim());
    if (key === 'skip') options = { ...options, skip: names };
    else if (key === 'experimental') options = { ...options, experimental: names };
    else if (key === 'error' && TRUE.includes(value)) options = { ...options, error: true };
    else if (key !== 'error' || !FALSE.includes(value)) return undefined;
  }
  return options;
}
