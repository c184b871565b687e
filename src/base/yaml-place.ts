import { isAlias, isMap, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { pathText, type Place, type Step } from './place.ts';

/** Larger texts are not parsed a second time for the sake of a message, in UTF-16 units. */
const MAX_LOCATED_CHARS = 1024 * 1024;

/** In a YAML or JSON text that has been parsed without an error. It is looked at only when a message needs it. */
export function placeInFile(file: string, text: string): Place {
  let located: Located | undefined;
  const find = (path: readonly Step[], key: string | undefined): string => {
    if (text.length > MAX_LOCATED_CHARS) return '';
    located ??= locate(text);
    const offset = offsetOf(located.document, path, key);
    if (offset === undefined) return '';
    const { col, line } = located.lines.linePos(offset);
    return `:${line}:${col}`;
  };
  const place = (path: readonly Step[], key?: string): Place => ({
    text: () => `${file}${find(path, key)}${path.length === 0 ? '' : pathText(path, ': ')}`,
    at: (...more) => place([...path, ...more]),
    ofKey: (name) => place(path, name),
  });
  return place([]);
}

/** Finds the line of the value at a path, from 1; undefined where that is not known. */
export function linesOf(text: string): (...path: readonly Step[]) => number | undefined {
  let located: Located | undefined;
  return (...path) => {
    if (text.length > MAX_LOCATED_CHARS) return undefined;
    located ??= locate(text);
    const offset = offsetOf(located.document, path, undefined);
    return offset === undefined ? undefined : located.lines.linePos(offset).line;
  };
}

interface Located {
  readonly document: Document;
  readonly lines: LineCounter;
}

function locate(text: string): Located {
  const lines = new LineCounter();
  return { document: parseDocument(text, { lineCounter: lines }), lines };
}

/** Of the value at the path as far as it goes, or of one of the keys there. */
function offsetOf(document: Document, path: readonly Step[], key: string | undefined): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const step of path) {
    const below = childOf(resolved(node, document), step);
    if (below === undefined) return offset;
    node = below.value;
    offset = startOf(below.value) ?? startOf(below.key) ?? offset;
  }
  if (key === undefined) return offset;
  return startOf(childOf(resolved(node, document), key)?.key) ?? offset;
}

const resolved = (node: unknown, document: Document): unknown => (isAlias(node) ? node.resolve(document) : node);

function childOf(node: unknown, step: Step): { readonly key?: unknown; readonly value: unknown } | undefined {
  if (isSeq(node))
    return typeof step === 'number' && step < node.items.length ? { value: node.items[step] } : undefined;
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => String(key) === String(step));
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const start: unknown = node.range[0];
  return typeof start === 'number' ? start : undefined;
}
