import { codesOf, SLASH, type Token } from './tokens.ts';

/** A compiled pattern. Paths are text, relative, without a slash at either end. */
export interface Automaton {
  matches(path: string): boolean;
  /** Whether there can be a path below the folder that matches. */
  mayMatchBelow(folder: string): boolean;
}

/**
 * All ways through the pattern are followed at once (Thompson's construction), so that the time is at most the length of the pattern times that of the
 * path, whatever stands in either.
 */
export function automatonOf(tokens: readonly Token[]): Automaton {
  const head = plainLetters(tokens).join('');
  const isLiteral = tokens.every((token) => token.kind === 'char');
  const tail = plainLetters([...tokens].reverse())
    .reverse()
    .join('');
  if (isLiteral) {
    return { matches: (path) => path === head, mayMatchBelow: (folder) => head.startsWith(`${folder}/`) };
  }
  return {
    // Most patterns fail here, for most paths.
    matches: (path) => path.startsWith(head) && path.endsWith(tail) && stateAfter(tokens, path)[tokens.length] === 1,
    mayMatchBelow: (folder) => stateAfter(tokens, `${folder}/`).includes(1),
  };
}

/** That it begins with. */
function plainLetters(tokens: readonly Token[]): string[] {
  const letters: string[] = [];
  for (const token of tokens) {
    if (token.kind !== 'char') break;
    letters.push(String.fromCodePoint(token.code));
  }
  return letters;
}

/** For each token, and for the end behind the last one: 1 when `text` may be what stands before it. */
function stateAfter(tokens: readonly Token[], text: string): Uint8Array {
  let state = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  state[0] = 1;
  skipEmpty(tokens, state);
  for (const code of codesOf(text)) {
    next.fill(0);
    for (let at = 0; at < tokens.length; at++) if (state[at] === 1) step(tokens[at] as Token, at, code, next);
    skipEmpty(tokens, next);
    [state, next] = [next, state];
  }
  return state;
}

function step(token: Token, at: number, code: number, next: Uint8Array): void {
  switch (token.kind) {
    case 'char':
      if (token.code === code) next[at + 1] = 1;
      break;
    case 'any':
      if (code !== SLASH) next[at + 1] = 1;
      break;
    case 'class':
      if (token.ranges.some(([low, high]) => low <= code && code <= high) !== token.negated) next[at + 1] = 1;
      break;
    case 'star':
      if (code !== SLASH) next[at] = 1;
      break;
    case 'rest':
      next[at] = 1;
      break;
    case 'run':
      next[at] = 1;
      if (code === SLASH) next[at + 1] = 1;
      break;
    case 'open':
      break;
  }
}

/** What may stand for nothing is passed by, forwards only. */
function skipEmpty(tokens: readonly Token[], state: Uint8Array): void {
  for (let at = 0; at < tokens.length; at++) {
    if (state[at] !== 1) continue;
    const { kind } = tokens[at] as Token;
    if (kind === 'star' || kind === 'rest' || kind === 'open') state[at + 1] = 1;
    if (kind === 'open') state[at + 2] = 1;
  }
}
