import type { parser } from '@lezer/python';

export type Tree = ReturnType<typeof parser.parse>;
export type SyntaxNode = Tree['topNode'];

/** More children than anybody evaluates. */
const MAX_CHILDREN = 4096;

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null && out.length < MAX_CHILDREN; child = child.nextSibling)
    out.push(child);
  return out;
}

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', "'": "'", '"': '"', '\n': '' };

/** The text of a string literal; undefined when it is not closed. Bytes count as text. */
export function textOfString(raw: string): string | undefined {
  const match = /^([a-zA-Z]*)('''|"""|'|")/.exec(raw);
  if (match === null) return undefined;
  const [opening, prefix = '', quote = ''] = match;
  if (raw.length < opening.length + quote.length || !raw.endsWith(quote)) return undefined;
  const body = raw.slice(opening.length, raw.length - quote.length);
  if (!body.includes('\\') || /r/i.test(prefix)) return body;
  return body.replaceAll(/\\([ntr\\'"\n])/g, (whole, char: string) => SIMPLE[char] ?? whole);
}
