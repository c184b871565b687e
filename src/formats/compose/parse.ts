import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, YAMLParseError } from 'yaml';
import type { Alias, Document, Node as YamlNode, Pair, YAMLMap } from 'yaml';
import { TareError } from '../../base/error.ts';
import type { Step } from '../../base/place.ts';
import { opensTooMuch } from '../../base/yaml.ts';
import {
  composeError,
  type Entry,
  type MapNode,
  type Node,
  type Scalar,
  type Source,
  type Spot,
  type Tag,
} from './node.ts';

/** What is written by people is not nested deeper; what walks the value need not fear for its stack. */
const MAX_DEPTH = 100;
/** Of one file, with what its aliases repeat: against documents that grow when they are read. */
const MAX_NODES = 200_000;

interface Reading {
  readonly source: Source;
  readonly document: Document;
  readonly lines: LineCounter;
  nodes: number;
}

/**
 * The root map of a Compose file: YAML 1.2 with merge keys (`<<`), `!reset` and `!override`. The caller caps the size of the text.
 * @throws TareError E_COMPOSE with the place
 */
export function parseComposeFile(text: string, source: Source): MapNode {
  const lines = new LineCounter();
  const start: Spot = { source, line: 1, column: 1, path: [] };
  const document = documentOf(text, lines, start);
  if (document.contents === null) throw composeError(start, 'the file is empty');
  const reading: Reading = { source, document, lines, nodes: 0 };
  const node = nodeOf(document.contents, reading, []);
  if (node.kind !== 'map') throw composeError(node.spot, 'expected a map with `services:`');
  return node;
}

function documentOf(text: string, lines: LineCounter, start: Spot): Document {
  if (opensTooMuch(text)) throw composeError(start, `nested deeper than ${MAX_DEPTH}`);
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: true, logLevel: 'silent' });
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    return document;
  } catch (error) {
    if (error instanceof YAMLParseError) {
      const [first = ''] = error.message.split('\n');
      const { line = 1, col = 1 } = error.linePos?.[0] ?? {};
      const why = first.includes('call stack')
        ? `nested deeper than ${MAX_DEPTH}`
        : first.replace(/ at line \d+, column \d+:?$/, '');
      throw composeError({ ...start, line, column: col }, why);
    }
    if (error instanceof RangeError) throw composeError(start, `nested deeper than ${MAX_DEPTH}`);
    throw error;
  }
}

function nodeOf(node: unknown, reading: Reading, path: readonly Step[]): Node {
  const spot = spotOf(node, reading, path);
  reading.nodes += 1;
  if (reading.nodes > MAX_NODES)
    throw new TareError(
      'E_LIMIT',
      `${reading.source.name}: more than ${MAX_NODES} values, with those that aliases repeat`,
    );
  if (path.length > MAX_DEPTH) throw composeError(spot, `nested deeper than ${MAX_DEPTH}`);
  if (isAlias(node)) return nodeOf(targetOf(node, reading, spot), reading, path);
  const tag = tagOf(node, spot);
  const tagged = tag === undefined ? {} : { tag };
  if (isMap(node)) return { ...mapOf(node, reading, path, spot), ...tagged };
  if (isSeq(node)) {
    const items = node.items.map((item, index) => nodeOf(item, reading, [...path, index]));
    return { kind: 'list', items, spot, ...tagged };
  }
  return { ...scalarOf(node, spot), ...tagged };
}

/** What an alias stands for; an anchor around itself would never end. */
function targetOf(alias: Alias, reading: Reading, spot: Spot): YamlNode {
  const target = alias.resolve(reading.document);
  const end = alias.range?.[0] ?? 0;
  if (target === undefined) throw composeError(spot, `no anchor &${alias.source} stands before it`);
  if (!isScalar(target) && (target.range?.[2] ?? 0) > end)
    throw composeError(spot, `the alias *${alias.source} stands inside of its own anchor`);
  return target;
}

function tagOf(node: unknown, spot: Spot): Tag | undefined {
  const tag = isMap(node) || isSeq(node) || isScalar(node) ? node.tag : undefined;
  if (tag === '!reset') return 'reset';
  if (tag === '!override') return 'override';
  if (tag === undefined || /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(tag)) return undefined;
  throw composeError(spot, `the tag ${JSON.stringify(tag)} is not known`, {
    hint: 'the tags of Compose are !reset and !override',
  });
}

function scalarOf(node: unknown, spot: Spot): Node {
  const value: unknown = isScalar(node) ? node.value : null;
  if (typeof value === 'string' && value.includes('\0')) throw composeError(spot, 'it contains a NUL byte');
  if (value === undefined || value === null) return { kind: 'scalar', value: null, text: '', spot };
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw composeError(spot, 'it is neither a text nor a number');
  const source = isScalar(node) ? node.source : undefined;
  return { kind: 'scalar', ...numbered(value, source), spot };
}

/** Compose reads `0440` as Go does, in octal; digits beyond what a JavaScript number holds stay as they are written. */
function numbered(
  value: Exclude<Scalar, null>,
  source: string | undefined,
): { readonly value: Scalar; readonly text: string } {
  if (typeof value !== 'number' || source === undefined) return { value, text: String(value) };
  if (/^[+-]?0[0-7]+$/.test(source)) {
    const octal = Number.parseInt(source, 8);
    return { value: octal, text: String(octal) };
  }
  return { value, text: /^-?(?:0|[1-9]\d*)$/.test(source) ? source : String(value) };
}

function mapOf(node: YAMLMap, reading: Reading, path: readonly Step[], spot: Spot): MapNode {
  const own = new Map<string, Entry>();
  const merged: MapNode[] = [];
  for (const pair of node.items) {
    const key = keyOf(pair, reading, path);
    if (key.text === '<<') merged.push(...mergedBy(pair, reading, path));
    else own.set(key.text, { key: key.spot, value: nodeOf(pair.value, reading, [...path, key.text]) });
  }
  if (merged.length === 0) return { kind: 'map', entries: own, spot };
  // What stands in the map itself counts before what it merges, and the first of several before the others.
  const entries = new Map<string, Entry>();
  for (const { entries: from } of merged)
    for (const [key, entry] of from) if (!entries.has(key)) entries.set(key, entry);
  for (const [key, entry] of own) entries.set(key, entry);
  return { kind: 'map', entries, spot };
}

function keyOf(pair: Pair, reading: Reading, path: readonly Step[]): { readonly text: string; readonly spot: Spot } {
  const key = isAlias(pair.key) ? pair.key.resolve(reading.document) : pair.key;
  const spot = spotOf(pair.key, reading, path);
  const value: unknown = isScalar(key) ? key.value : undefined;
  const source = isScalar(key) ? key.source : undefined;
  const text = typeof value === 'string' ? value : source;
  if (text === undefined || value === null) throw composeError(spot, 'a key must be a text');
  if (text.includes('\0')) throw composeError(spot, 'a key contains a NUL byte');
  return { text, spot: { ...spot, path: [...path, text] } };
}

/** https://yaml.org/type/merge.html: a map, or a list of maps. */
function mergedBy(pair: Pair, reading: Reading, path: readonly Step[]): readonly MapNode[] {
  const value = nodeOf(pair.value, reading, path);
  const parts = value.kind === 'list' ? value.items : [value];
  return parts.map((part) => {
    if (part.kind === 'map') return part;
    throw composeError(part.spot, '`<<` merges a map, or a list of maps');
  });
}

function spotOf(node: unknown, reading: Reading, path: readonly Step[]): Spot {
  const { source } = reading;
  const range = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range : undefined;
  if (range === undefined || range === null) return { source, line: 1, column: 1, path };
  const { line, col } = reading.lines.linePos(range[0]);
  return { source, line: Math.max(line, 1), column: Math.max(col, 1), path };
}
