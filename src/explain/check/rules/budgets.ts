import { formatSize } from '../../../base/format-size.ts';
import { largestHoldings, largestLayers } from '../attribution.ts';
import type { RuleSpec } from '../types.ts';
import { rule } from './rule.ts';

/** What an image may cost. */
export const BUDGETS: readonly RuleSpec[] = [
  rule({
    id: 'disk',
    title: 'bytes of files, once unpacked',
    setting: ({ disk }) => disk,
    check: (facts, limit) => {
      const actual = facts.dissection.size.disk;
      return {
        ...sized('on disk', actual, limit),
        evidence: actual <= limit ? [] : largestHoldings(facts),
      };
    },
  }),
  rule({
    id: 'wire',
    title: 'bytes of the compressed layers',
    setting: ({ wire }) => wire,
    check: (facts, limit) => {
      const actual = facts.dissection.size.wire;
      return {
        ...sized('on the wire', actual, limit),
        evidence: actual <= limit ? [] : largestLayers(facts, ({ wire }) => wire),
      };
    },
  }),
  rule({
    id: 'layers',
    title: 'number of layers',
    setting: ({ layers }) => layers,
    check: (facts, limit) => {
      const actual = facts.dissection.layers.length;
      return {
        ...counted('layers', actual, limit),
        evidence: actual <= limit ? [] : largestLayers(facts, ({ disk }) => disk, 'smallest'),
      };
    },
  }),
  rule({
    id: 'files',
    title: 'number of files',
    setting: ({ files }) => files,
    check: (facts, limit) => {
      const actual = facts.dissection.files;
      const most = [...facts.dissection.packages].sort((a, b) => b.files - a.files);
      return {
        ...counted('files', actual, limit),
        evidence:
          actual <= limit
            ? []
            : most.map(({ bytes, files, manager, name, version }) => ({
                package: `${manager} ${name} ${version}`.trimEnd(),
                bytes,
                note: `${files} ${files === 1 ? 'file' : 'files'}`,
              })),
      };
    },
  }),
];

function sized(where: string, actual: number, limit: number): { ok: boolean; message: string } & Measured {
  const over = actual - limit;
  const message =
    over <= 0
      ? `${formatSize(actual)} ${where}, of ${formatSize(limit)} allowed`
      : `${formatSize(actual)} ${where}, ${formatSize(over)} more than the ${formatSize(limit)} allowed`;
  return { ok: over <= 0, message, unit: 'bytes', actual, limit };
}

interface Measured {
  readonly unit: 'bytes' | 'count';
  readonly actual: number;
  readonly limit: number;
}

function counted(what: string, actual: number, limit: number): { ok: boolean; message: string } & Measured {
  const message = actual <= limit ? `${actual} ${what}, of ${limit} allowed` : `${actual} ${what}, ${limit} allowed`;
  return { ok: actual <= limit, message, unit: 'count', actual, limit };
}
