import { parse, type AnyNode, type Options, type Program } from 'acorn';

export type { AnyNode, Program };

const OPTIONS: Options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowReturnOutsideFunction: true,
  allowImportExportEverywhere: true,
  allowSuperOutsideMethod: true,
  allowHashBang: true,
  checkPrivateFields: false,
};

/** Tried in order: a script with imports allowed takes nearly everything; the others take top-level `await`, and `await` as a name. */
const ATTEMPTS: readonly Options[] = [
  OPTIONS,
  { ...OPTIONS, sourceType: 'module' },
  { ...OPTIONS, allowAwaitOutsideFunction: true },
];

/** JavaScript of either kind, or, when it is none, where and why (1-based line). */
export function parseSource(text: string): Program | { readonly line: number; readonly problem: string } {
  let first: SyntaxError | undefined;
  for (const options of ATTEMPTS) {
    try {
      return parse(text, options);
    } catch (error) {
      // acorn descends into nesting by recursion: a file made to exhaust the stack is a file that cannot be read.
      if (error instanceof RangeError) return { line: 1, problem: 'it is nested too deeply' };
      if (!(error instanceof SyntaxError)) throw error;
      first ??= error;
    }
  }
  const line = (first as { loc?: { line: number } } | undefined)?.loc?.line ?? 1;
  return { line, problem: (first?.message ?? '').replace(/ \(\d+:\d+\)$/, '') };
}

function isNode(value: unknown): value is AnyNode {
  return value !== null && typeof value === 'object' && typeof (value as { type?: unknown }).type === 'string';
}

/** Calls `visit` with every child, in source order. */
export function eachChild(node: AnyNode, visit: (child: AnyNode, key: string) => void): void {
  for (const key in node) {
    const value = (node as unknown as Record<string, unknown>)[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) visit(item, key);
    } else if (isNode(value)) visit(value, key);
  }
}

/** Line numbers (1-based) from offsets, without acorn's costly `locations`. */
export function lineCounter(text: string): (offset: number) => number {
  let starts: number[] | undefined;
  return (offset) => {
    if (starts === undefined) {
      starts = [0];
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    }
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
