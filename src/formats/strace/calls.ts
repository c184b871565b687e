import type { ByteString } from '../../base/path.ts';

/** One finished system call, as `strace -f -ttt` writes it. Texts are bytes as latin1. */
export interface StraceCall {
  /** Thread id, as strace itself sees it. */
  readonly tid: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly name: string;
  /** As written, without the commas between them. */
  readonly args: readonly ByteString[];
  /** What stands after `=`: `3</etc/passwd>`, `-1 ENOENT (No such file or directory)`, `?`. */
  readonly result: ByteString;
}

/** A thread has ended. */
export interface StraceExit {
  readonly tid: number;
  readonly exit: ByteString;
}

/** Longest line that is believed, in bytes: two paths of PATH_MAX where each byte is written as four, and some room. */
const MAX_LINE_BYTES = 64 * 1024;
/** Calls that wait for their second half; beyond it the oldest are forgotten. */
const MAX_UNFINISHED = 50_000;
const UNFINISHED = ' <unfinished ...>';

/**
 * Reads the output of `strace -f -ttt -o FILE` line by line (strace(1)). A call that another thread interrupts stands on two lines, which are joined.
 * Signals, and lines that are none of strace's, are skipped. Never throws.
 */
export function straceReader(): (line: ByteString) => StraceCall | StraceExit | undefined {
  const unfinished = new Map<number, string>();
  return (line) => {
    if (line.length > MAX_LINE_BYTES) return undefined;
    const head = /^(\d+) +(\d+\.\d+) /.exec(line);
    if (head === null) return undefined;
    const tid = Number(head[1]);
    const time = Number(head[2]);
    let rest = line.slice(head[0].length);
    const exit = /^\+\+\+ (.*) \+\+\+$/.exec(rest)?.[1];
    if (exit !== undefined) {
      unfinished.delete(tid);
      return { tid, exit };
    }
    if (rest.endsWith(UNFINISHED)) {
      if (unfinished.size >= MAX_UNFINISHED) unfinished.delete(unfinished.keys().next().value ?? 0);
      unfinished.set(tid, rest.slice(0, -UNFINISHED.length));
      return undefined;
    }
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(rest);
    if (resumed !== null) {
      const start = unfinished.get(tid);
      unfinished.delete(tid);
      if (start === undefined || !start.startsWith(`${resumed[1]}(`)) return undefined;
      rest = start + rest.slice(resumed[0].length);
    }
    return parseCall(tid, time, rest);
  };
}

function parseCall(tid: number, time: number, text: string): StraceCall | undefined {
  const name = /^(\w+)\(/.exec(text)?.[1];
  if (name === undefined) return undefined;
  const args: string[] = [];
  let from = name.length + 1;
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === '<') at = endOfAnnotation(text, at);
    else if (char === '(' || char === '[' || char === '{') depth += 1;
    else if (depth === 0 && (char === ',' || char === ')')) {
      const arg = text.slice(from, at).trim();
      if (arg !== '' || char === ',') args.push(arg);
      from = at + 1;
      if (char === ')') {
        const result = /^\s*= (.*)$/.exec(text.slice(from))?.[1];
        return result === undefined ? undefined : { tid, time, name, args, result };
      }
    } else if (char === ')' || char === ']' || char === '}') depth -= 1;
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** `<` opens what a descriptor is; inside, `<` and `>` are escaped. A shift (`1<<3`) is no annotation. */
function endOfAnnotation(text: string, start: number): number {
  if (text[start + 1] === '<') return start + 1;
  const end = text.indexOf('>', start);
  return end === -1 ? text.length : end;
}
