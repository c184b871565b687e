import { formatSize } from '../../../base/format-size.ts';
import type { Amount } from '../../../config/check.ts';
import type { ImageDiff } from '../../diff/types.ts';
import { grownLayers, grownParts } from '../attribution.ts';
import type { Facts, Outcome, RuleSpec } from '../types.ts';
import { gathered, rule } from './rule.ts';
import { bytesOf } from './waste.ts';

/** What an image may have grown by. */
export const GROWTH: readonly RuleSpec[] = [
  rule({
    id: 'growth.disk',
    title: 'growth on disk against the base',
    key: ['growth'],
    needs: ['growth'],
    setting: ({ growth }) => growth?.disk,
    check: (facts, limit) => grown(facts, 'disk', limit),
  }),
  rule({
    id: 'growth.wire',
    title: 'growth on the wire against the base',
    key: ['growth'],
    needs: ['growth'],
    setting: ({ growth }) => growth?.wire,
    check: (facts, limit) => grown(facts, 'wire', limit),
  }),
];

function grown(facts: Facts, kind: 'disk' | 'wire', allowed: Amount): Outcome {
  const diff = gathered(facts.growth);
  const other = otherPlatform(diff);
  if (other !== undefined)
    return { ok: false, message: `${diff.before.reference} is for ${other}: growth against it says nothing` };
  const before = diff.before.size[kind] ?? 0;
  const after = diff.after.size[kind] ?? 0;
  const actual = after - before;
  const limit = bytesOf(allowed, before);
  const ok = actual <= limit;
  const where = kind === 'disk' ? 'on disk' : 'on the wire';
  const share = before === 0 ? '' : ` (${signed(Number(((actual / before) * 100).toFixed(1)))}%)`;
  const change =
    actual === 0
      ? `the same size ${where} as`
      : `${formatSize(Math.abs(actual))} ${actual > 0 ? 'larger' : 'smaller'} ${where}${share} than`;
  return {
    ok,
    message: `${change} ${diff.before.reference}, ${ok ? 'of' : 'more than the'} +${formatSize(limit)} allowed`,
    unit: 'bytes',
    actual,
    limit,
    evidence: ok ? [] : kind === 'disk' ? grownParts(facts, diff) : grownLayers(diff),
  };
}

/** The platform of the base, when programs of one cannot be those of the other; variants are near enough. */
function otherPlatform({ config }: ImageDiff): string | undefined {
  const found = config.find(({ member }) => member === 'platform');
  if (found === undefined) return undefined;
  const [before, after] = [found.before, found.after].map((value) => String(value).split('/', 2).join('/'));
  return before === after ? undefined : before;
}

const signed = (value: number): string => (value > 0 ? `+${value}` : String(value));
