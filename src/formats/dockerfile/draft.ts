import type { CheckedFlags } from './flags.ts';
import { warn, type LineReader, type LogicalLine } from './lines.ts';
import { dockerfileError, isBlank } from './source.ts';
import type { CommandLine, Comment, Flag, Heredoc, InstructionKind, Range, Word } from './types.ts';
import { blankWords, wordOf, type JsonArray, type Span } from './words.ts';

/** One instruction, split up; each builder makes a node of its kind from it. */
export interface Draft {
  readonly reader: LineReader;
  readonly line: LogicalLine;
  readonly keyword: Word;
  readonly flags: readonly Flag[];
  readonly args: Span;
  /** The arguments as a JSON array, for the kinds that have an exec form. */
  readonly json: JsonArray;
  readonly heredocs: readonly Heredoc[];
  readonly text: string;
  readonly comments: readonly Comment[];
  readonly range: Range;
  /** @throws TareError E_DOCKERFILE */
  checked(): CheckedFlags;
}

/** The fields that all kinds have. */
export function common<Kind extends InstructionKind>(draft: Draft, kind: Kind) {
  const { keyword, flags, text, comments, range } = draft;
  return { kind, keyword, flags, text, comments, range };
}

export function fail(draft: Draft, problem: string, hint: string, range: Range = draft.keyword.range): Error {
  return dockerfileError(draft.line.source, range, problem, { hint });
}

/** All arguments as one word. @throws TareError E_DOCKERFILE when there are none */
export function onlyWord(draft: Draft, kind: InstructionKind, example: string): Word {
  if (isEmpty(draft.args)) throw missing(draft, kind, example);
  return wordOf(draft.line, draft.args);
}

export function missing(draft: Draft, kind: InstructionKind, example: string): Error {
  return fail(draft, `${kind} lacks its argument`, `write ${kind} ${example}`);
}

export const isEmpty = (span: Span): boolean => span.from >= span.to;

/** The command of an instruction that has a shell and an exec form. What begins like an array and is none goes to the shell. */
export function commandLine(draft: Draft, args: Span = draft.args, json: JsonArray = draft.json): CommandLine {
  const command = wordOf(draft.line, args);
  if (typeof json === 'object') return { form: 'exec', command, words: json.words };
  warnBroken(draft, json, command, 'the shell gets it as it stands');
  return { form: 'shell', command, words: [] };
}

/** The arguments of COPY, ADD and VOLUME: a JSON array, or words between blanks. */
export function listed(draft: Draft): { readonly form: 'shell' | 'exec'; readonly words: readonly Word[] } {
  if (typeof draft.json === 'object') return { form: 'exec', words: draft.json.words };
  warnBroken(draft, draft.json, wordOf(draft.line, draft.args), 'it is split at its blanks');
  return { form: 'shell', words: blankWords(draft.line, draft.args) };
}

function warnBroken(draft: Draft, json: JsonArray, word: Word, consequence: string): void {
  if (json !== 'broken' || !looksLikeArray(word.value)) return;
  warn(draft.reader, {
    rule: 'BrokenExecForm',
    message: `it begins with [ and is no JSON array of strings, so ${consequence}`,
    range: word.range,
  });
}

/** `[ -f x ]` is a command of the shell: behind its bracket stands a blank, and no comma behind a quote. */
function looksLikeArray(text: string): boolean {
  return !isBlank(text[1]) || text.includes('",') || text.includes("',");
}
