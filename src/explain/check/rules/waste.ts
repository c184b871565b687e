import { formatSize } from '../../../base/format-size.ts';
import type { Amount } from '../../../config/check.ts';
import type { Evidence, Facts, RuleSpec } from '../types.ts';
import { instructionOfLayer } from '../attribution.ts';
import { rule } from './rule.ts';

/** What is shipped and not seen. */
export const WASTE: readonly RuleSpec[] = [
  rule({
    id: 'efficiency',
    title: "efficiency by dive's definition",
    setting: ({ efficiency }) => efficiency,
    check: (facts, limit) => {
      const actual = facts.dissection.efficiency;
      const isEnough = actual >= limit;
      return {
        ok: isEnough,
        message: `efficiency ${percent(actual)}, ${isEnough ? 'at least' : 'less than the'} ${percent(limit)}${isEnough ? ' wanted' : ' that is wanted'}`,
        unit: 'share',
        actual,
        limit,
        evidence: isEnough ? [] : wastedPaths(facts),
      };
    },
  }),
  rule({
    id: 'wasted',
    title: 'bytes that are shipped and that nobody sees',
    setting: ({ wasted }) => wasted,
    check: (facts, allowed) => {
      const { size, wastedBytes: actual } = facts.dissection;
      const limit = bytesOf(allowed, size.disk);
      const over = actual - limit;
      return {
        ok: over <= 0,
        message:
          over <= 0
            ? `${formatSize(actual)} wasted, of ${formatSize(limit)} allowed`
            : `${formatSize(actual)} are overwritten or deleted by later layers and shipped all the same, ${formatSize(over)} more than the ${formatSize(limit)} allowed`,
        unit: 'bytes',
        actual,
        limit,
        evidence: over <= 0 ? [] : wastedPaths(facts),
      };
    },
  }),
];

/** The paths of which copies are shipped that nobody sees, and the layer that ships the first of them. */
export function wastedPaths(facts: Facts): readonly Evidence[] {
  return facts.dissection.inefficiencies.map(({ bytes, count, layers, path, visible }) => ({
    path,
    bytes,
    ...(layers[0] === undefined ? {} : { layer: layers[0], ...instructionOfLayer(facts, layers[0]) }),
    note: visible === null ? 'deleted in the end' : `${count} copies, seen of layer ${visible}`,
  }));
}

/** Rounded down: a limit is kept or it is not. */
export function bytesOf(amount: Amount, whole: number): number {
  return 'bytes' in amount ? amount.bytes : Math.floor(amount.share * whole);
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))}%`;
