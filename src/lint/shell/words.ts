import type { Command, Word, WordPart } from 'unbash';
import type { ShellWord } from './types.ts';

/** What a word is, when that does not depend on variables or on what other commands print. Patterns of files are kept as written. */
export function wordOf(word: Word): ShellWord {
  const text = word.parts === undefined ? word.value : joined(word.parts);
  const constant = text !== undefined && !(word.parts === undefined && word.text.startsWith('~'));
  return { text: text ?? word.text, constant, start: word.pos, end: word.end };
}

function joined(parts: readonly WordPart[]): string | undefined {
  let text = '';
  for (const part of parts) {
    const piece = pieceOf(part);
    if (piece === undefined) return undefined;
    text += piece;
  }
  return text;
}

function pieceOf(part: WordPart): string | undefined {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return part.value;
    case 'DoubleQuoted':
      return joined(part.parts);
    case 'Glob':
    case 'BraceExpansion':
    case 'ExtendedGlob':
      return part.text;
    default:
      return undefined;
  }
}

/** Whether the shell would do something to the word beside taking its quotes away. */
export function isPlain(word: Word): boolean {
  if (word.parts === undefined) return !word.text.startsWith('~');
  return word.parts.every(
    ({ type, ...part }) =>
      type === 'Literal' ||
      type === 'SingleQuoted' ||
      (type === 'DoubleQuoted' && 'parts' in part && (part.parts ?? []).every((inner) => inner.type === 'Literal')),
  );
}

export function wordsOf(command: Command): Word[] {
  const args = command.args.filter((word): word is Word => word.type === 'Word');
  return command.name === undefined ? [] : [command.name, ...args];
}

/** Programs that run the rest of their arguments, and their flags that take a value. */
const WRAPPERS: Readonly<Record<string, readonly string[]>> = {
  chronic: [],
  command: [],
  eatmydata: [],
  env: ['-u', '-C', '-S'],
  exec: ['-a'],
  ionice: ['-c', '-n'],
  nice: ['-n'],
  nohup: [],
  sudo: ['-u', '-g', '-h', '-p', '-C'],
  time: ['-f', '-o'],
  timeout: ['-k', '-s'],
};

/** `sudo -E apt-get install x` → `apt-get install x`. */
export function unwrapped(words: readonly ShellWord[]): readonly ShellWord[] {
  let rest = words;
  for (;;) {
    const [first] = rest;
    const name = first === undefined ? '' : baseName(first.text);
    const valued = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
    if (valued === undefined || rest.length < 2) return rest;
    let at = 1;
    while (at < rest.length) {
      const text = rest[at]?.text ?? '';
      if (valued.includes(text)) at += 2;
      else if (text.startsWith('-') || (name === 'env' && /^\w+=/.test(text))) at += 1;
      else break;
    }
    // `timeout 10 curl`: the time.
    rest = rest.slice(name === 'timeout' ? at + 1 : at);
  }
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
