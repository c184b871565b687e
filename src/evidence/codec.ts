import { TareError } from '../base/error.ts';
import { bytesOfText, compareBytes, textOfBytes, type TreePath } from '../base/path.ts';
import { createGraph } from './graph.ts';
import { CERTAINTIES, KINDS } from './kinds.ts';
import { invalid, reader, type Reader } from './record.ts';
import { packNames, readNames } from './names.ts';
import type { Edge, EvidenceGraph, EvidenceNode } from './types.ts';

export const EVIDENCE_MEDIA_TYPE = 'application/vnd.tare.evidence.v1+json';

/** A path that was offered and not taken. Size in bytes. */
interface DroppedPath {
  readonly path: TreePath;
  readonly size: number;
  readonly package?: string;
}

/** What is known of an image beside its graph. */
export interface EvidenceFacts {
  /** The edges that explain the entries which were made, not taken. */
  readonly added: readonly Edge[];
  readonly dropped: readonly DroppedPath[];
  /** `linux/amd64`. */
  readonly platform: string;
  readonly tightness: string;
}

export interface Evidence extends EvidenceFacts {
  readonly graph: EvidenceGraph;
}

/** Largest record that is written or read. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024; // 64 MiB
const MAX_ROWS = 4_000_000;
/** `[from, to, kind, because, certainty]`, and the line where there is one. */
const EDGE_COLUMNS = 5;
/** Length of the prefix shared with the path before, the rest of the path, size, package (0: none, else its place plus one). */
const DROPPED_COLUMNS = 4;

/**
 * The record of reasons, as canonical JSON: the same evidence gives the same bytes. Strings are in tables (`nodes`, `reasons`, `packages`) and rows hold
 * their places; paths are byte strings as text (raw bytes as U+DC80–U+DCFF), in byte order, each as the length of the prefix that it shares with the one before,
 * and the rest.
 * @throws TareError E_LIMIT beyond 64 MiB
 */
export function encodeEvidence(graph: EvidenceGraph, facts: EvidenceFacts): Uint8Array {
  const added = createGraph(facts.added).edges;
  const all = [...graph.edges, ...added];
  const names = new Set<EvidenceNode>();
  for (const edge of all) names.add(edge.from).add(edge.to);
  const nodes = [...names].sort();
  const reasons = [...new Set(all.map((edge) => edge.because))].sort();
  const nodeAt = new Map(nodes.map((node, at) => [node, at]));
  const reasonAt = new Map(reasons.map((reason, at) => [reason, at]));
  const rowOf = (edge: Edge): (number | undefined)[] => [
    nodeAt.get(edge.from),
    nodeAt.get(edge.to),
    KINDS.indexOf(edge.kind),
    reasonAt.get(edge.because),
    CERTAINTIES.indexOf(edge.certainty),
    ...(edge.at === undefined ? [] : [edge.at.line]),
  ];
  const dropped = [...facts.dropped].sort((a, b) => compareBytes(a.path, b.path));
  const packages = [...new Set(dropped.flatMap((item) => item.package ?? []))].sort();
  const packageAt = new Map(packages.map((name, at) => [name, at + 1]));
  const bytes = Buffer.from(
    JSON.stringify({
      platform: facts.platform,
      tightness: facts.tightness,
      kinds: KINDS,
      certainties: CERTAINTIES,
      nodes: packNames(nodes.map(textOfBytes)).flat(),
      reasons,
      edges: graph.edges.map(rowOf),
      added: added.map(rowOf),
      packages,
      dropped: packNames(dropped.map((item) => textOfBytes(item.path))).flatMap((name, at) => [
        ...name,
        dropped[at]?.size ?? 0,
        packageAt.get(dropped[at]?.package ?? '') ?? 0,
      ]),
    }),
    'utf8',
  );
  if (bytes.length > MAX_RECORD_BYTES)
    throw new TareError('E_LIMIT', `the record of reasons has ${bytes.length} bytes, more than ${MAX_RECORD_BYTES}`);
  return bytes;
}

/** @throws TareError E_JSON when it is not JSON, E_MANIFEST when it is not such a record, E_LIMIT beyond 64 MiB or when it unfolds to more than any real one */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  const record = reader(bytes, MAX_RECORD_BYTES);
  const kinds = record.texts('kinds').map((text) => oneOf(KINDS, text));
  const certainties = record.texts('certainties').map((text) => oneOf(CERTAINTIES, text));
  const nodes = readNames(record.list('nodes'), 2).map((name) => bytesOfText(name.text));
  const tables = { kinds, certainties, nodes, reasons: record.texts('reasons') };
  const packages = record.texts('packages');
  return {
    graph: createGraph(readEdges(record, 'edges', tables)),
    added: readEdges(record, 'added', tables),
    dropped: readNames(record.list('dropped'), DROPPED_COLUMNS).map(({ rest: [size, owner], text }) => {
      const path = bytesOfText(text);
      if (!isPath(path)) throw invalid('a dropped path is not absolute');
      const name = owner === 0 ? undefined : entryAt(packages, countOf(owner) - 1);
      return { path, size: countOf(size), ...(name !== undefined && { package: name }) };
    }),
    platform: record.text('platform'),
    tightness: record.text('tightness'),
  };
}

interface Tables {
  readonly kinds: readonly Edge['kind'][];
  readonly certainties: readonly Edge['certainty'][];
  readonly nodes: readonly string[];
  readonly reasons: readonly string[];
}

function readEdges(record: Reader, key: string, tables: Tables): Edge[] {
  const rows = record.list(key);
  if (rows.length > MAX_ROWS)
    throw new TareError('E_LIMIT', `the record of reasons has ${rows.length} ${key}, more than ${MAX_ROWS}`);
  return rows.map((row): Edge => {
    if (!Array.isArray(row) || row.length < EDGE_COLUMNS || row.length > EDGE_COLUMNS + 1)
      throw invalid(`a row of "${key}" does not have ${EDGE_COLUMNS} or ${EDGE_COLUMNS + 1} columns`);
    const [from, to, kind, because, certainty, line] = row as readonly unknown[];
    const target = entryAt(tables.nodes, to);
    if (!isPath(target)) throw invalid(`a row of "${key}" leads to something that is no path`);
    return {
      from: entryAt(tables.nodes, from),
      to: target,
      kind: entryAt(tables.kinds, kind),
      because: entryAt(tables.reasons, because),
      certainty: entryAt(tables.certainties, certainty),
      ...(line !== undefined && { at: { line: countOf(line) } }),
    };
  });
}

function entryAt<T>(table: readonly T[], at: unknown): T {
  const entry = table[countOf(at)];
  if (entry === undefined) throw invalid(`place ${String(at)} is beyond a table of ${table.length}`);
  return entry;
}

function countOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid('a count is not a whole number');
}

function isPath(text: string): text is TreePath {
  return text.startsWith('/') && !text.includes('\0');
}

function oneOf<T extends string>(values: readonly T[], text: string): T {
  const value = values.find((item) => item === text);
  if (value === undefined) throw invalid(`${JSON.stringify(text)} is not known: a newer tare may have written it`);
  return value;
}
