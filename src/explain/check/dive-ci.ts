import { formatSize } from '../../base/format-size.ts';
import { TareError } from '../../base/error.ts';
import { kindOf, type Place } from '../../base/place.ts';
import { wastedPaths } from './rules/waste.ts';
import type { AskedRule, Facts, Outcome } from './types.ts';

/** What dive takes for a size (github.com/dustin/go-humanize, bytes.go): `M` is `MB`. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  ki: 1024,
  kib: 1024,
  mi: 1024 ** 2,
  mib: 1024 ** 2,
  gi: 1024 ** 3,
  gib: 1024 ** 3,
  ti: 1024 ** 4,
  tib: 1024 ** 4,
};

interface DiveRule {
  /** What holds when the file does not name the rule. */
  readonly standard: string;
  readonly limitOf: (text: string) => number | undefined;
  readonly check: (facts: Facts, limit: number) => Outcome;
}

/** The rules of dive v0.13.1 (cmd/ci.go, runtime/ci/evaluator.go), with the values that it has without a file. */
const DIVE_RULES: Readonly<Record<string, DiveRule>> = {
  lowestEfficiency: {
    standard: '0.9',
    limitOf: shareOf,
    check: (facts, limit) => {
      const actual = facts.dissection.efficiency;
      const ok = actual >= limit;
      return measured(facts, ok, `efficiency ${actual.toFixed(4)}, at least ${limit} wanted`, 'share', actual, limit);
    },
  },
  highestWastedBytes: {
    standard: 'disabled',
    limitOf: bytesOf,
    check: (facts, limit) => {
      const actual = facts.dissection.diveWastedBytes;
      const message = `${formatSize(actual)} wasted as dive counts it, ${formatSize(limit)} allowed`;
      return measured(facts, actual <= limit, message, 'bytes', actual, limit);
    },
  },
  highestUserWastedPercent: {
    standard: '0.1',
    limitOf: shareOf,
    check: (facts, limit) => {
      const { diveWastedBytes, layers } = facts.dissection;
      const user = layers.slice(1).reduce((sum, { disk }) => sum + disk, 0);
      // Of an image with one layer dive says that nothing is wasted: 0/0 is not more than anything.
      const actual = user === 0 ? 0 : diveWastedBytes / user;
      const ok = user === 0 ? diveWastedBytes === 0 : actual <= limit;
      const message = `${(actual * 100).toFixed(2)}% of what stands above the base layer is wasted as dive counts it, ${limit * 100}% allowed`;
      return measured(facts, ok, message, 'share', actual, limit);
    },
  },
};

function measured(
  facts: Facts,
  ok: boolean,
  message: string,
  unit: 'share' | 'bytes',
  actual: number,
  limit: number,
): Outcome {
  return { ok, message, unit, actual, limit, evidence: ok ? [] : wastedPaths(facts) };
}

/**
 * The rules of a `.dive-ci`. As in dive, keys are read without regard to case, others are ignored, and a rule that is not named has its standard value.
 * @throws TareError E_CHECK
 */
export function diveRulesOf(value: unknown, place: Place): readonly AskedRule[] {
  const rules = member(value, 'rules') ?? {};
  if (typeof rules !== 'object' || Array.isArray(rules))
    throw new TareError('E_CHECK', `${place.at('rules').text()}: expected a map of rules, got ${kindOf(rules)}`);
  return Object.entries(DIVE_RULES).flatMap(([name, { check, limitOf, standard }]): readonly AskedRule[] => {
    const told = member(rules, name);
    const isPlain = typeof told === 'string' || typeof told === 'number' || typeof told === 'boolean';
    const text = isPlain ? String(told).trim() : told === undefined || told === null ? standard : '';
    if (text === 'disabled') return [];
    const limit = limitOf(text);
    if (limit === undefined) {
      throw new TareError(
        'E_CHECK',
        `${place.at('rules', name).text()}: ${JSON.stringify(told)} is neither ${limitOf === bytesOf ? 'a size such as 20MB' : 'a number from 0 to 1'} nor "disabled"`,
      );
    }
    return [{ id: `dive.${name}`, needs: [], check: (facts) => check(facts, limit) }];
  });
}

export function isDiveFile(value: unknown): boolean {
  return member(value, 'rules') !== undefined;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] as unknown;
}

function shareOf(text: string): number | undefined {
  const share = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return share >= 0 && share <= 1 ? share : undefined;
}

function bytesOf(text: string): number | undefined {
  const [, number = '', unit = '?'] = /^([\d.,]+)\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  const count = Number(number.replaceAll(',', ''));
  return factor === undefined || number === '' || !Number.isFinite(count) ? undefined : Math.trunc(count * factor);
}
