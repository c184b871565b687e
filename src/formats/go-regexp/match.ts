import { programOf, type Step } from './program.ts';
import type { Assertion, Node } from './types.ts';

/** Steps that are looked at for one text before it is given up: some seconds of work. */
const MAX_WORK = 30_000_000;
/** Of what is remembered; then all is forgotten. */
const MAX_STATES = 2000;
const MAX_REMEMBERED_STEPS = 1_000_000;
const ASCII = 128;
const END = -1;
const NEWLINE = 10;

type Before = 'start' | 'newline' | 'word' | 'other';

/** Where the machine may be between two chars: assertions wait for the one that follows. */
interface State {
  readonly at: Int32Array;
  readonly before: Before;
  readonly ascii: (State | typeof MATCH | undefined)[];
  readonly others: Map<number, State | typeof MATCH>;
}

const MATCH = Symbol('match');

/**
 * Whether a text holds a match, in time proportional to its length: all ways are followed at once, and sets of ways that were met before are remembered
 * (Russ Cox, "Regular Expression Matching Can Be Simple And Fast", 2007). Undefined: given up, because it took too long.
 */
export function matcherOf(root: Node): (text: string) => boolean | undefined {
  const { start, steps } = programOf(root);
  let states = new Map<string, State>();
  let remembered = 0;
  let work = 0;
  const marks = new Int32Array(steps.length);
  let mark = 0;

  const stateOf = (at: Int32Array, before: Before): State => {
    const key = `${before} ${at.join(' ')}`;
    const known = states.get(key);
    if (known !== undefined) return known;
    if (states.size >= MAX_STATES || remembered + at.length > MAX_REMEMBERED_STEPS) {
      states = new Map();
      remembered = 0;
    }
    const state: State = { at, before, ascii: [], others: new Map() };
    states.set(key, state);
    remembered += at.length + 1;
    return state;
  };

  /** From all places that the state stands for, and from the start, as a match may begin anywhere. */
  const advance = (state: State, code: number): State | typeof MATCH => {
    mark += 1;
    const open = [start, ...state.at];
    const next: number[] = [];
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      if (marks[number] === mark) continue;
      marks[number] = mark;
      work += 1;
      const step = steps[number] as Step;
      if (step.does === 'match') return MATCH;
      if (step.does === 'fork') open.push(step.other, step.next);
      else if (step.does === 'assert') {
        if (HOLDS[step.assertion](state.before, code)) open.push(step.next);
      } else if (code !== END && step.set(code)) next.push(step.next);
    }
    return stateOf(Int32Array.from(new Set(next)).sort(), beforeOf(code));
  };

  return (text) => {
    work = 0;
    let state: State = stateOf(new Int32Array(), 'start');
    for (let at = 0; at < text.length;) {
      const code = text.codePointAt(at) as number;
      at += code > 0xffff ? 2 : 1;
      let next = code < ASCII ? state.ascii[code] : state.others.get(code);
      if (next === undefined) {
        next = advance(state, code);
        if (work > MAX_WORK) return undefined;
        if (code < ASCII) state.ascii[code] = next;
        else state.others.set(code, next);
      }
      if (next === MATCH) return true;
      state = next;
    }
    return advance(state, END) === MATCH;
  };
}

function beforeOf(code: number): Before {
  return code === NEWLINE ? 'newline' : isWord(code) ? 'word' : 'other';
}

function isWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
}

const HOLDS: Readonly<Record<Assertion, (before: Before, code: number) => boolean>> = {
  'text-start': (before) => before === 'start',
  'text-end': (_, code) => code === END,
  'line-start': (before) => before === 'start' || before === 'newline',
  'line-end': (_, code) => code === END || code === NEWLINE,
  boundary: (before, code) => (before === 'word') !== isWord(code),
  'no-boundary': (before, code) => (before === 'word') === isWord(code),
};
