import { skipSpace } from './lines.ts';
import { createSource, dockerfileError, type PhysicalLine, type Source } from './source.ts';
import type { Directive } from './types.ts';

const NAMES = ['syntax', 'escape', 'check'] as const;
const BYTE_ORDER_MARK = '\ufeff';
/** How BuildKit reads a directive, behind the comment sign and white space (directives.go). */
const DIRECTIVE = /^([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

export interface DirectiveBlock {
  readonly directives: readonly Directive[];
  readonly escape: '\\' | '`';
  /** Index of the first line that is not a directive. */
  readonly next: number;
}

export function contentStart(text: string): number {
  return text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
}

/**
 * The directives on top of the file; the first line that is none ends them. After a `#!` line, `syntax` and `check` still count and
 * `escape` does not: BuildKit asks for the first two apart from its parser, which takes the line for a comment.
 * @throws TareError E_DOCKERFILE: one given twice, an escape that is neither backslash nor backtick
 */
export function readDirectives(source: Source): DirectiveBlock {
  const directives: Directive[] = [];
  const shebang = source.text.startsWith('#!', contentStart(source.text));
  let next = shebang ? 1 : 0;
  let escape: '\\' | '`' = '\\';
  for (; next < source.lines.length; next++) {
    const line = source.lines[next] as PhysicalLine;
    const directive = directiveAt(source, line, '#');
    if (directive === undefined) break;
    if (shebang && directive.name === 'escape') continue;
    if (directives.some((other) => other.name === directive.name))
      throw dockerfileError(source, directive.range, `the directive ${directive.name} is given twice`, {
        hint: 'keep one of the two',
      });
    if (directive.name === 'escape') {
      if (directive.value !== '\\' && directive.value !== '`')
        throw dockerfileError(source, directive.range, 'the escape is neither \\ nor `', {
          hint: 'write `# escape=\\` or `# escape=` and a backtick',
        });
      escape = directive.value;
    }
    directives.push(directive);
  }
  return { directives, escape, next: shebang && directives.length === 0 ? 0 : next };
}

function directiveAt(source: Source, line: PhysicalLine, sign: '#' | '//'): Directive | undefined {
  const from = skipSpace(source.text, line.start === 0 ? contentStart(source.text) : line.start, line.end);
  if (!source.text.startsWith(sign, from)) return undefined;
  const match = DIRECTIVE.exec(source.text.slice(skipSpace(source.text, from + sign.length, line.end), line.end));
  const name = NAMES.find((known) => known === match?.[1]?.toLowerCase());
  return name === undefined ? undefined : { name, value: match?.[2] ?? '', range: source.range(from, line.end) };
}

/**
 * Which frontend a file asks for: `# syntax=`, `// syntax=` or a JSON object with `syntax`, behind a byte order mark and a `#!` line
 * (BuildKit directives.go, DetectSyntax). Only the first sort is a Dockerfile. `reference` is the first word of `value`.
 * @throws TareError E_LIMIT
 */
export function detectSyntax(
  text: string,
  options: { readonly file: string },
): { readonly sign: '#' | '//' | '{'; readonly value: string; readonly reference: string } | undefined {
  const source = createSource(options.file, text);
  const first = source.text.startsWith('#!', contentStart(text)) ? 1 : 0;
  for (const sign of ['#', '//'] as const) {
    for (const line of source.lines.slice(first)) {
      const directive = directiveAt(source, line, sign);
      if (directive === undefined) break;
      if (directive.name === 'syntax') return { sign, value: directive.value, reference: firstWord(directive.value) };
    }
  }
  const start = source.lines[first]?.start ?? 0;
  const value = jsonSyntax(text.slice(first === 0 ? contentStart(text) : start));
  return value === undefined ? undefined : { sign: '{', value, reference: value };
}

const firstWord = (value: string): string => value.split(' ', 1)[0] ?? '';

function jsonSyntax(text: string): string | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'syntax')) return undefined;
  const { syntax } = value as { readonly syntax?: unknown };
  return typeof syntax === 'string' ? syntax : undefined;
}
