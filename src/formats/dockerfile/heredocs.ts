import type { LexWord } from './collector.ts';
import { emptyVariables, lex } from './lexer.ts';
import { MAX_PATTERN_STEPS } from './limits.ts';
import type { LineReader, LogicalLine } from './lines.ts';
import { LexError } from './pattern.ts';
import { dockerfileError } from './source.ts';
import type { Heredoc } from './types.ts';

/** `<<NAME` as a word: a file descriptor may stand before it, blanks behind `<<`. */
const HEREDOC = /^\d*<<(-?)[\t\n\f\r ]*([^<]*)$/;

export interface HeredocMark {
  readonly name: string;
  readonly expand: boolean;
  readonly chomp: boolean;
}

/** What a word says, when it is `<<NAME`; undefined when it is not, or its quotes do not close. */
export function heredocMark(word: string): HeredocMark | undefined {
  const match = HEREDOC.exec(word);
  const rest = match?.[2] ?? '';
  if (rest === '') return undefined;
  const bare = words(rest, false);
  const quoted = words(rest, true);
  const [name, raw] = [bare?.[0]?.text, quoted?.[0]?.text];
  if (name === undefined || raw === undefined || bare?.length !== 1) return undefined;
  return { name, expand: quotes(name) === quotes(raw), chomp: match?.[1] === '-' };
}

const quotes = (text: string): number => text.replace(/[^'"]/g, '').length;

/** Words of the shell with its own escape, whatever the file's is; undefined when a quote or brace does not close. */
function words(text: string, raw: boolean, rawEscapes = false): readonly LexWord[] | undefined {
  try {
    const options = { rawQuotes: raw, rawEscapes, skipUnset: true };
    return lex(text, emptyVariables, options, { left: MAX_PATTERN_STEPS }).words;
  } catch (error) {
    if (error instanceof LexError) return undefined;
    throw error;
  }
}

/**
 * The heredocs which the line names, with their lines taken from the reader, in order (BuildKit parser.go, heredocsFromLine).
 * @throws TareError E_DOCKERFILE when one has no end
 */
export function readHeredocs(reader: LineReader, line: LogicalLine): Heredoc[] {
  if (!line.text.includes('<<')) return [];
  const heredocs: Heredoc[] = [];
  for (const word of words(line.text, true, true) ?? []) {
    const mark = heredocMark(word.text);
    if (mark !== undefined) heredocs.push(readBody(reader, line, mark, word));
  }
  return heredocs;
}

function readBody(reader: LineReader, line: LogicalLine, mark: HeredocMark, word: LexWord): Heredoc {
  const { source } = reader;
  const range = line.range(word.from, word.to);
  const start = source.lines[reader.next]?.start ?? source.text.length;
  while (reader.next < source.lines.length) {
    const candidate = source.lines[reader.next++];
    if (candidate === undefined) break;
    const text = source.text.slice(candidate.start, candidate.end);
    if ((mark.chomp ? text.replace(/^\t+/, '') : text) !== mark.name) continue;
    return {
      ...mark,
      content: source.text.slice(start, candidate.start),
      range,
      body: source.range(start, candidate.start),
      terminator: source.range(candidate.start, candidate.end),
    };
  }
  throw dockerfileError(source, range, `the heredoc ${mark.name} has no end`, {
    hint: `put a line with ${mark.name} alone behind its text`,
  });
}
