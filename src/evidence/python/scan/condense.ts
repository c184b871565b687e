/** One logical line: a statement, or the header of a block. */
interface Line {
  readonly start: number;
  /** End of its code, comments left out. */
  readonly end: number;
  /** 1-based. */
  readonly line: number;
  readonly indent: number;
  /** The text of the indentation begins here. */
  readonly from: number;
}

/**
 * Statements that a scan has use for hold one of these; or a constant that may name a module or a file. Parsing is nearly all of the time that
 * a scan takes, and nine lines of ten hold nothing.
 */
const INTERESTING =
  /\bimport\b|__(?:file|path|package|spec|all|getattr|import)__|__name__[.+ ,)}]|\bpkgutil\b|\b(?:import|load|lazy|optional|symbol|resolve|run|maybe|try|safe)_\w+\s*\(|\bLazy\w*\s*\(|\bC?dll\b|\b(?:CDLL|PyDLL|LoadLibrary|find_library|dlopen)\b|entry_point|\bmetadata\b|\bget_distribution\b|\bdistribution\s*\(|\bversion\s*\(|\brequires?\s*\(|\bresource|\bfiles\s*\(|get_data|open_text|open_binary|read_text|read_binary|Loader\s*\(|Jinja2Templates|StaticFiles|Flask\s*\(|Blueprint\s*\(|Quart\s*\(|sys\.path|addsitedir|Celery\s*\(|autodiscover|config_from|environ|uvicorn|hypercorn|translation\s*\(|bindtextdomain|ZoneInfo|\battach\s*\(|\bdirname\b|\bjoinpath\b|\bpath\.join\b|\bPath\s*\(|['"]\/\w[\w.+@/-]*['"]|['"]\.{0,2}[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+['"]|['"][\w@+*./ -]{0,120}\.[A-Za-z][A-Za-z0-9]{0,9}['"]/g;
/** Module-level constants of texts: `NAME = …'x'`. Longer ones are tables of data. */
const CONSTANT = /^[A-Za-z_]\w*(?:\s*:[^=\n]{0,80})?\s*\+?=[^=]/;
const MAX_CONSTANT_LENGTH = 16 * 1024;
/** Names of places in one source, and how many of them lead from one to the next. */
const MAX_PLACES = 64;
const MAX_ROUNDS = 3;
/** Headers that continue the statement before them. */
const CLAUSE = /^(?:except|else|elif|finally|case)\b/;
const OPENER = /^(?:try|if|for|while|async|with|match)\b/;

/** The same program without the statements that say nothing about what it loads; each that is left stands on its own line number. Undefined when its lines cannot be told apart. */
export function condense(text: string): string | undefined {
  const lines = logicalLines(text);
  if (lines === undefined) return undefined;
  const kept = keptLines(text, lines);
  const parts: string[] = [];
  let at = 1;
  for (const [index, { end, from, line, start }] of lines.entries()) {
    if (kept[index] !== 1) continue;
    if (line > at) parts.push('\n'.repeat(line - at));
    const code = text.slice(start, end);
    parts.push(text.slice(from, start), code);
    at = line + newlines(code);
    const next = kept.indexOf(1, index + 1);
    const isEmpty = next === -1 || (lines[next] as Line).indent <= (lines[index] as Line).indent;
    if (code.endsWith(':') && isEmpty) parts.push(' pass');
  }
  return `${parts.join('')}\n`;
}

function keptLines(text: string, lines: readonly Line[]): Uint8Array {
  const kept = new Uint8Array(lines.length);
  const parents = parentsOf(lines);
  const keep = (index: number): void => {
    for (let at = index; at !== -1 && kept[at] !== 1; at = parents[at] as number) kept[at] = 1;
  };
  keepMatches(text, lines, INTERESTING, keep);
  const places = placeNames(text);
  if (places.length > 0) keepMatches(text, lines, new RegExp(`\\b(?:${places.join('|')})\\b`, 'g'), keep);
  for (const [index, line] of lines.entries()) {
    if (line.indent !== 0 || kept[index] === 1 || line.end - line.start > MAX_CONSTANT_LENGTH) continue;
    const code = text.slice(line.start, line.end);
    if (CONSTANT.test(code) && /['"]/.test(code)) kept[index] = 1;
  }
  keepClauses(text, lines, kept);
  return kept;
}

function keepMatches(text: string, lines: readonly Line[], pattern: RegExp, keep: (index: number) => void): void {
  pattern.lastIndex = 0;
  let at = 0;
  for (let hit = pattern.exec(text); hit !== null; hit = pattern.exec(text)) {
    while (at < lines.length && (lines[at] as Line).end <= hit.index) at += 1;
    const line = lines[at];
    if (line === undefined) break;
    if (line.start <= hit.index) {
      keep(at);
      pattern.lastIndex = Math.max(pattern.lastIndex, line.end);
    }
  }
}

/** Names that hold a path from the source's own place, directly or by way of another such name. */
function placeNames(text: string): string[] {
  const out = new Set<string>();
  let place = '__file__|__path__|\\bfiles\\s*\\(';
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = out.size;
    const assignment = new RegExp(
      `^[ \\t]*([A-Za-z_]\\w{0,60})[ \\t]*(?::[^=\\n]{0,80})?=(?!=)[^\\n]{0,400}?(?:${place})`,
      'gm',
    );
    for (const [, name = ''] of text.matchAll(assignment)) if (out.size < MAX_PLACES) out.add(name);
    if (out.size === before) break;
    place = `\\b(?:${[...out].join('|')})\\b`;
  }
  return [...out];
}

/** A `try` without `except`, or the other way round, is no statement. */
function keepClauses(text: string, lines: readonly Line[], kept: Uint8Array): void {
  /** By indentation: the headers of the compound statement that is open there. */
  const open = new Map<number, number[]>();
  const close = (indent: number): void => {
    for (const [level, headers] of open) {
      if (level < indent) continue;
      if (headers.some((index) => kept[index] === 1)) for (const index of headers) kept[index] = 1;
      open.delete(level);
    }
  };
  for (const [index, { indent, start }] of lines.entries()) {
    const word = text.slice(start, start + 8);
    if (CLAUSE.test(word) && open.has(indent)) {
      close(indent + 1);
      open.get(indent)?.push(index);
      continue;
    }
    close(indent);
    if (OPENER.test(word)) open.set(indent, [index]);
  }
  close(0);
}

function parentsOf(lines: readonly Line[]): Int32Array {
  const parents = new Int32Array(lines.length);
  const stack: number[] = [];
  for (const [index, { indent }] of lines.entries()) {
    while (stack.length > 0 && (lines[stack.at(-1) as number] as Line).indent >= indent) stack.pop();
    parents[index] = stack.at(-1) ?? -1;
    stack.push(index);
  }
  return parents;
}

/** Splits by the rules of Python's lexical analysis: strings, comments, brackets and backslashes join physical lines. */
function logicalLines(text: string): Line[] | undefined {
  const out: Line[] = [];
  let at = 0;
  let line = 1;
  let depth = 0;
  let current: { start: number; from: number; line: number; indent: number } | undefined;
  let end = 0;
  let lineStart = 0;
  const finish = (): void => {
    // Field by field: spreading is many times slower, and sources have millions of lines.
    if (current !== undefined) {
      const { from, indent, line: first, start } = current;
      out.push({ start, end, line: first, indent, from });
    }
    current = undefined;
  };
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 10) {
      line += 1;
      at += 1;
      lineStart = at;
      if (depth === 0) finish();
      continue;
    }
    if (code === 32 || code === 9 || code === 13 || code === 12) {
      at += 1;
      continue;
    }
    if (code === 35) {
      const next = text.indexOf('\n', at);
      at = next === -1 ? text.length : next;
      continue;
    }
    if (code === 92) {
      const next = text.charCodeAt(at + 1) === 13 ? at + 2 : at + 1;
      if (text.charCodeAt(next) !== 10) return undefined;
      line += 1;
      at = next + 1;
      lineStart = at;
      continue;
    }
    if (current === undefined) {
      depth = 0;
      current = { start: at, from: lineStart, line, indent: width(text, lineStart, at) };
    }
    if (code === 34 || code === 39) {
      const stop = stringEnd(text, at, 0);
      if (stop === undefined) return undefined;
      for (
        let newline = text.indexOf('\n', at);
        newline !== -1 && newline < stop;
        newline = text.indexOf('\n', newline + 1)
      ) {
        line += 1;
        lineStart = newline + 1;
      }
      at = stop;
    } else {
      if (code === 40 || code === 91 || code === 123) depth += 1;
      else if (code === 41 || code === 93 || code === 125) depth = Math.max(0, depth - 1);
      at += 1;
    }
    end = at;
  }
  finish();
  return out;
}

function width(text: string, from: number, to: number): number {
  let out = 0;
  for (let at = from; at < to; at += 1) out = text.charCodeAt(at) === 9 ? out + 8 - (out % 8) : out + 1;
  return out;
}

/** Strings in the replacement fields of format strings, in one another (PEP 701). */
const MAX_NESTING = 8;

/** Where the string ends that begins with the quote at `at`. */
function stringEnd(text: string, at: number, nesting: number): number | undefined {
  const quote = text[at] as string;
  const triple = text.startsWith(quote.repeat(3), at);
  const close = triple ? quote.repeat(3) : quote;
  const prefix = /[A-Za-z]{0,3}$/.exec(text.slice(Math.max(0, at - 3), at))?.[0] ?? '';
  const format = /^(?:[ft]r?|r[ft])$/i.test(prefix) && nesting < MAX_NESTING;
  if (!format) {
    // Nearly all strings hold nothing that needs to be looked at one by one.
    const end = text.indexOf(close, at + close.length);
    if (end === -1) return undefined;
    const inside = text.slice(at + close.length, end);
    if (!inside.includes('\\') && (triple || !inside.includes('\n'))) return end + close.length;
  }
  let fields = 0;
  for (let next = at + close.length; next < text.length; next += 1) {
    const char = text[next] as string;
    if (char === '\\') next += 1;
    else if (fields === 0 && text.startsWith(close, next)) return next + close.length;
    else if (char === '\n' && !triple && fields === 0) return undefined;
    else if (format && char === '{') {
      if (fields === 0 && text[next + 1] === '{') next += 1;
      else fields += 1;
    } else if (format && char === '}') fields = Math.max(0, fields - 1);
    else if (fields > 0 && (char === '"' || char === "'")) {
      const inner = stringEnd(text, next, nesting + 1);
      if (inner === undefined) return undefined;
      next = inner - 1;
    }
  }
  return undefined;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
