import { parseEscape } from './escapes.ts';
import { anyChar, charSet } from './sets.ts';
import { parseClass } from './class.ts';
import { atEnd, fail, peek, take, type Cursor } from './cursor.ts';
import type { Flags, Node } from './types.ts';

/** Of `{n,m}`, as Go has it. */
const MAX_REPEAT = 1000;
/** Of groups in groups. */
const MAX_DEPTH = 250;
const MAX_CHARS = 10_000;

const EMPTY: Node = { is: 'empty' };
const PLAIN: Flags = { fold: false, multiline: false, dotAll: false };

/** The syntax of Go's regexp (regexp/syntax/doc.go): Perl's, without what needs a look back or around. @throws GoRegexpProblem */
export function parseGoRegexp(text: string): Node {
  const chars = Array.from(text);
  const cursor: Cursor = { chars, at: 0, text };
  if (chars.length > MAX_CHARS) fail(cursor, `it is longer than ${MAX_CHARS} characters`);
  const node = alternatives(cursor, PLAIN, 0);
  if (!atEnd(cursor)) fail(cursor, 'unexpected )');
  return node;
}

function alternatives(cursor: Cursor, outer: Flags, depth: number): Node {
  if (depth > MAX_DEPTH) fail(cursor, `its groups are nested deeper than ${MAX_DEPTH}`);
  let flags = outer;
  const choices: Node[] = [];
  let sequence: Node[] = [];
  const close = (): void => {
    choices.push(sequence.length === 1 ? (sequence[0] as Node) : { is: 'all', nodes: sequence });
    sequence = [];
  };
  while (!atEnd(cursor) && peek(cursor) !== ')') {
    if (peek(cursor) === '|') {
      cursor.at += 1;
      close();
      continue;
    }
    const quoted = quotedChars(cursor);
    if (quoted !== undefined) {
      for (const char of quoted) sequence.push({ is: 'set', set: charSet(codeOf(char), flags.fold) });
      // Only the last of them is repeated.
      const last = sequence.pop();
      if (last !== undefined) sequence.push(repeated(cursor, last));
      continue;
    }
    const group = groupStart(cursor, flags);
    if (group !== undefined) {
      if (group.isOpen) {
        const inner = alternatives(cursor, group.flags, depth + 1);
        if (atEnd(cursor)) fail(cursor, 'missing )');
        cursor.at += 1;
        sequence.push(repeated(cursor, inner));
      } else flags = group.flags;
      continue;
    }
    sequence.push(repeated(cursor, atom(cursor, flags)));
  }
  close();
  return choices.length === 1 ? (choices[0] as Node) : { is: 'any', nodes: choices };
}

/** `\Q…\E`; undefined when there is none. */
function quotedChars(cursor: Cursor): readonly string[] | undefined {
  if (peek(cursor) !== '\\' || cursor.chars[cursor.at + 1] !== 'Q') return undefined;
  cursor.at += 2;
  const start = cursor.at;
  while (!atEnd(cursor) && !(peek(cursor) === '\\' && cursor.chars[cursor.at + 1] === 'E')) cursor.at += 1;
  const quoted = cursor.chars.slice(start, cursor.at);
  cursor.at = Math.min(cursor.chars.length, cursor.at + 2);
  return quoted;
}

/** `(`, `(?:`, `(?P<name>`, `(?i:` open a group; `(?i)` sets flags for what follows in the same one. */
function groupStart(cursor: Cursor, flags: Flags): { readonly isOpen: boolean; readonly flags: Flags } | undefined {
  if (peek(cursor) !== '(') return undefined;
  cursor.at += 1;
  if (peek(cursor) !== '?') return { isOpen: true, flags };
  cursor.at += 1;
  const rest = cursor.chars.slice(cursor.at, cursor.at + 200).join('');
  const name = /^P?<(\w+)>/.exec(rest);
  if (name !== null) {
    cursor.at += name[0].length;
    return { isOpen: true, flags };
  }
  if (/^(?:[=!]|<[=!])/.test(rest)) fail(cursor, 'there is no look-ahead and no look-behind');
  const set = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
  if (set === null || set[0] === ')') fail(cursor, 'invalid or unsupported group after (?');
  const [all = '', on = '', off = '', end] = set ?? [];
  cursor.at += all.length;
  const has = (letter: string, before: boolean): boolean =>
    off.includes(letter) ? false : on.includes(letter) || before;
  return {
    isOpen: end === ':',
    flags: {
      fold: has('i', flags.fold),
      multiline: has('m', flags.multiline),
      dotAll: has('s', flags.dotAll),
    },
  };
}

function atom(cursor: Cursor, flags: Flags): Node {
  const char = take(cursor);
  switch (char) {
    case '.':
      return { is: 'set', set: anyChar(flags.dotAll) };
    case '^':
      return { is: 'assert', assertion: flags.multiline ? 'line-start' : 'text-start' };
    case '$':
      return { is: 'assert', assertion: flags.multiline ? 'line-end' : 'text-end' };
    case '[':
      return { is: 'set', set: parseClass(cursor, flags) };
    case '*':
    case '+':
    case '?':
      return fail(cursor, `nothing to repeat before ${char}`);
    case '\\': {
      const found = parseEscape(cursor, flags);
      if ('assertion' in found) return { is: 'assert', assertion: found.assertion };
      return { is: 'set', set: 'set' in found ? found.set : charSet(found.code, flags.fold) };
    }
    default:
      return { is: 'set', set: charSet(codeOf(char), flags.fold) };
  }
}

function repeated(cursor: Cursor, node: Node): Node {
  const times = repetition(cursor);
  if (times === undefined) return node;
  if (peek(cursor) === '?') cursor.at += 1;
  const start = cursor.at;
  if (repetition(cursor) !== undefined) {
    cursor.at = start;
    fail(cursor, 'a repetition cannot be repeated: put it into a group');
  }
  const [min, max] = times;
  if (max === 0) return EMPTY;
  return { is: 'repeat', node, min, max };
}

function repetition(cursor: Cursor): readonly [min: number, max: number | undefined] | undefined {
  const simple = { '*': [0, undefined], '+': [1, undefined], '?': [0, 1] } as const;
  const char = peek(cursor) ?? '';
  if (char === '*' || char === '+' || char === '?') {
    cursor.at += 1;
    return simple[char];
  }
  if (char !== '{') return undefined;
  // What does not look like one is text.
  const found = /^\{(\d{1,9})(,(\d{1,9})?)?\}/.exec(cursor.chars.slice(cursor.at, cursor.at + 24).join(''));
  if (found === null) return undefined;
  const min = Number(found[1]);
  const max = found[2] === undefined ? min : found[3] === undefined ? undefined : Number(found[3]);
  if (min > MAX_REPEAT || (max ?? 0) > MAX_REPEAT || (max !== undefined && max < min))
    fail(cursor, `invalid repeat count ${found[0]}: ${MAX_REPEAT} at most, the smaller one first`);
  cursor.at += found[0].length;
  return [min, max];
}

const codeOf = (char: string): number => char.codePointAt(0) ?? 0;
