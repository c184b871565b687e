import { TareError } from '../../base/error.ts';
import { collector, type Collector, type Lexed } from './collector.ts';
import { MAX_EXPANDED_CHARS, MAX_EXPANSION_DEPTH } from './limits.ts';
import { LexError, replaceEach, replaceFirst, trimPrefix, trimSuffix, type StepBudget } from './pattern.ts';
import { shown } from './source.ts';

export interface LexOptions {
  /** The file's escape; '\' when omitted. */
  readonly escape?: '\\' | '`';
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escapes stay in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes are chars like others (the text of heredocs). */
  readonly skipQuotes?: boolean;
  /** `$V` stays as it is when V is not set. */
  readonly skipUnset?: boolean;
}

/** Values of variables by name; a Map is one. */
export interface Variables {
  get(name: string): string | undefined;
}

/**
 * Expands variables, quotes and escapes of one text as BuildKit's shell lexer does (moby/buildkit v0.34.2,
 * frontend/dockerfile/shell/lex.go). One thing differs on purpose: there, a word before `${V:-x}` is lost when it is split.
 * @throws LexError, TareError E_LIMIT
 */
export function lex(input: string, variables: Variables, options: LexOptions, budget: StepBudget): Lexed {
  const escape = options.escape ?? '\\';
  let at = input.startsWith('\ufeff') ? 1 : 0;
  let rawEscapes = options.rawEscapes ?? false;
  let depth = 0;
  let room = MAX_EXPANDED_CHARS;

  const take = (text: string): void => {
    room -= text.length;
    if (room < 0) throw new TareError('E_LIMIT', `${shown(input)} grows beyond ${MAX_EXPANDED_CHARS} characters`);
  };
  const peek = (): string => {
    const code = input.codePointAt(at);
    return code === undefined ? '' : String.fromCodePoint(code);
  };
  const next = (): string => {
    const char = peek();
    at += char.length;
    return char;
  };

  /** Up to `stop`, which is eaten; '' is the end of the input. `keepPattern` doubles escapes in quotes: the result is a pattern. */
  function until(stop: string, raw: boolean, keepPattern: boolean): Lexed {
    if (++depth > MAX_EXPANSION_DEPTH)
      throw new TareError('E_LIMIT', `${shown(input)} nests more than ${MAX_EXPANSION_DEPTH} expansions`);
    const before = rawEscapes;
    rawEscapes = raw;
    const out = collector(() => at, take);
    while (at < input.length && peek() !== stop) step(out, keepPattern);
    if (stop !== '' && next() === '') throw new LexError(`the ${stop === '}' ? 'closing }' : stop} is missing`);
    rawEscapes = before;
    depth -= 1;
    return out.done();
  }

  function step(out: Collector, keepPattern: boolean): void {
    const char = peek();
    if (char === '$') out.split(dollar());
    else if (char === '<') out.keep(heredocSign());
    else if (char === "'" && options.skipQuotes !== true) out.keep(singleQuoted(keepPattern));
    else if (char === '"' && options.skipQuotes !== true) out.keep(doubleQuoted(keepPattern));
    else if (char === escape) {
      next();
      const escaped = next();
      out.keep((rawEscapes ? escape : '') + escaped);
    } else {
      next();
      out.split(char);
    }
  }

  function singleQuoted(keepPattern: boolean): string {
    next();
    const end = input.indexOf("'", at);
    if (end === -1) throw new LexError("the closing ' is missing");
    const text = input.slice(at, end);
    at = end + 1;
    const inner = keepPattern ? text.replaceAll(escape, escape + escape) : text;
    return options.rawQuotes === true ? `'${inner}'` : inner;
  }

  function doubleQuoted(keepPattern: boolean): string {
    next();
    const parts: string[] = [];
    while (peek() !== '"') {
      if (at >= input.length) throw new LexError('the closing " is missing');
      if (peek() === '$') {
        const value = dollar();
        take(value);
        parts.push(value);
      } else if (peek() === escape) parts.push(escapedInQuotes(keepPattern));
      else parts.push(next());
    }
    next();
    const text = parts.join('');
    return options.rawQuotes === true ? `"${text}"` : text;
  }

  /** In double quotes an escape takes only `"`, `$` and itself; before others it stays. */
  function escapedInQuotes(keepPattern: boolean): string {
    next();
    const char = peek();
    if (char === '') return '';
    if (char === '"' || char === '$' || char === escape) return (rawEscapes ? escape : '') + next();
    return rawEscapes && (options.rawQuotes !== true || keepPattern) ? escape + escape : escape;
  }

  /** `<<` keeps the blanks behind it, so that `<< EOF` is one word. */
  function heredocSign(): string {
    next();
    if (peek() !== '<') return '<';
    const from = at + 1;
    at = from;
    while (at < input.length && /[\t\r ]/.test(input[at] as string)) at += 1;
    return `<<${input.slice(from, at)}`;
  }

  function name(): string {
    const [found = ''] = /^(?:\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(input.slice(at, nameEnd())) ?? [];
    at += found.length;
    return found;
  }

  /** A bound for the name, so that a long input is not copied for each variable. */
  function nameEnd(): number {
    let end = at + 1;
    while (end < input.length && !/[\s${}:/"'<\\`%+]/.test(input[end] as string)) end += 1;
    return end;
  }

  function dollar(): string {
    next();
    if (peek() !== '{') {
      const variable = name();
      if (variable === '') return '$';
      return variables.get(variable) ?? (options.skipUnset === true ? `$${variable}` : '');
    }
    next();
    if (peek() === '') throw new LexError('the closing } is missing');
    if (['{', '}', ':'].includes(peek())) throw new LexError('${ needs the name of a variable behind it');
    return braced(name());
  }

  function braced(variable: string): string {
    const first = next();
    if (first === '') throw new LexError('the closing } is missing');
    if (first === '}') return variables.get(variable) ?? (options.skipUnset === true ? `\${${variable}}` : '');
    if (first === '/') return replaced(variable);
    const operator = first === ':' ? next() : first;
    const modifier = first === ':' ? first + operator : first;
    if (operator === '') throw new LexError('the closing } is missing');
    if (!(first === ':' ? /^[-+?]$/ : /^[-+?#%]$/).test(operator))
      throw new LexError(`\${${variable}${shown(modifier)}…} is not known`);
    const pattern = operator === '#' || operator === '%';
    const { text } = until('}', pattern, pattern);
    const value = variables.get(variable);
    if (value === undefined && options.skipUnset === true) return `\${${variable}${modifier}${text}}`;
    const unset = value === undefined || (first === ':' && value === '');
    if (operator === '-') return unset ? text : value;
    if (operator === '+') return unset ? '' : text;
    if (operator === '?') {
      if (!unset) return value;
      throw new LexError(
        `${variable}: ${text === '' ? `must be ${value === undefined ? 'set' : 'more than empty'}` : text}`,
      );
    }
    const greedy = text.startsWith(operator);
    const trim = operator === '#' ? trimPrefix : trimSuffix;
    return trim(value ?? '', greedy ? text.slice(1) : text, greedy, budget);
  }

  /** `${V/pattern/replacement}`, `${V//pattern/replacement}`. */
  function replaced(variable: string): string {
    const each = peek() === '/';
    if (each) next();
    const pattern = until('/', true, true).text;
    const replacement = until('}', true, false).text;
    const value = variables.get(variable);
    if (value === undefined && options.skipUnset === true) return `\${${variable}/${pattern}/${replacement}}`;
    return (each ? replaceEach : replaceFirst)(value ?? '', pattern, replacement, budget);
  }

  return until('', rawEscapes, false);
}

export const emptyVariables: Variables = { get: () => undefined };
