import { parseDocument, YAMLParseError } from 'yaml';

/** Against documents that grow when they are read: aliases of aliases (YAML 1.2, section 3.2.2.2). */
const MAX_ALIASES = 100;

/** What is written by people is not nested deeper; what walks the value need not fear for its stack. */
const MAX_DEPTH = 200;

/** The parser calls itself for each level: beyond this it may run out of stack, which ends the process where a regular expression is compiled. */
const MAX_OPEN = 500;

/** Whether a text opens more brackets than it closes, begins more lists in one line, or stands further to the right, than any parser should be asked to follow. */
export function opensTooMuch(text: string): boolean {
  let open = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open = bracket === '[' || bracket === '{' ? open + 1 : Math.max(open - 1, 0);
    if (open > MAX_OPEN) return true;
  }
  if (/(?:^|\n)[ \t]{500}/.test(text)) return true;
  let run = 0;
  let end = -1;
  for (const { index } of text.matchAll(/[-?:][ \t]/g)) {
    run = index === end ? run + 1 : 0;
    end = index + 2;
    if (run > MAX_OPEN) return true;
  }
  return false;
}

/** Why a text is no YAML, in one line; `at` is `:line:column`, counted from 1, or empty where that is not known. */
export interface YamlProblem {
  readonly problem: string;
  readonly at: string;
}

/** The value of a YAML or JSON text, or why it is none. The caller caps the size of the text. */
export function yamlValue(text: string): { readonly value: unknown } | YamlProblem {
  try {
    const value = parse(text);
    return isShallow(value) ? { value } : { problem: `nested deeper than ${MAX_DEPTH}`, at: '' };
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): YamlProblem {
  if (!(error instanceof Error)) return { problem: 'cannot be read', at: '' };
  const [first = ''] = error.message.split('\n');
  const start = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
  if (start === undefined) return { problem: first, at: '' };
  return { problem: first.replace(/ at line \d+, column \d+:?$/, ''), at: `:${start.line}:${start.col}` };
}

function parse(text: string): unknown {
  // JSON is YAML too, and read a hundred times as fast as such.
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error; // Flow style: YAML after all.
    }
  }
  if (opensTooMuch(text)) throw new RangeError(`nested deeper than ${MAX_DEPTH}`);
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw problem;
  return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
}

function isShallow(value: unknown): boolean {
  const seen = new Set<object>();
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return false;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null || seen.has(item)) continue;
      seen.add(item);
      for (const inner of Object.values(item)) next.push(inner);
    }
    level = next;
  }
  return true;
}
