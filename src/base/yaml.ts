import { parseDocument, YAMLParseError } from 'yaml';

/** Against documents that grow when they are read: aliases of aliases (YAML 1.2, section 3.2.2.2). */
const MAX_ALIASES = 100;

/** What is written by people is not nested deeper; what walks the value need not fear for its stack. */
const MAX_DEPTH = 200;

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
