import { textOfBytes } from '../../base/path.ts';
import type { NeedGraph } from '../needs.ts';
import type { NumberedTree } from './file-table.ts';
import type { NeedTable } from './types.ts';

/** The graph of needs, by columns. */
export function needTable({ dominators, edges, needs, of }: NeedGraph, { entries }: NumberedTree): NeedTable {
  return {
    name: needs.map(({ name }) => name),
    manager: needs.map((need) => need.package?.manager ?? null),
    version: needs.map((need) => need.package?.version ?? null),
    size: needs.map(({ size }) => size),
    files: needs.map(({ files }) => files),
    keeps: needs.map(({ keeps }) => keeps),
    dominator: [...dominators],
    of: entries.map((entry) => (entry === undefined || entry.type === 'directory' ? -1 : (of(entry.path)?.id ?? -1))),
    edges: edges.map(({ edge, from, to }) => [
      from,
      to,
      edge.kind,
      edge.at === undefined ? edge.because : `${edge.because}, line ${edge.at.line}`,
      edge.certainty,
      textOfBytes(edge.from),
      textOfBytes(edge.to),
    ]),
  };
}
