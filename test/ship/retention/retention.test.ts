import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/base/digest.ts';
import { decideRetention, parseAge, type RetainedTag } from '../../../src/ship/retention/policy.ts';
import {
  blobsOf,
  moneyOf,
  parsePrice,
  reachedFrom,
  totalOf,
  without,
  type ManifestNode,
} from '../../../src/ship/retention/storage.ts';

const DAY = 86_400;
const NOW = 1_000_000_000;
const digest = (number: number): Digest => `sha256:${number.toString(16).padStart(64, '0')}` as Digest;
const tag = (name: string, image: number, days?: number, repository = 'app'): RetainedTag => ({
  repository,
  tag: name,
  digest: digest(image),
  ...(days === undefined ? {} : { time: NOW - days * DAY }),
});
const kept = (tags: readonly RetainedTag[], policy: Parameters<typeof decideRetention>[1]): string[] =>
  decideRetention(tags, policy, NOW)
    .filter((item) => item.keep)
    .map((item) => `${item.repository}:${item.tag}`);

describe('what stays', () => {
  const tags = [
    tag('1.8', 8, 40),
    tag('1.9', 9, 20),
    tag('1.10', 10, 10),
    tag('latest', 10, 10),
    tag('nightly', 3, 90),
  ];

  it.each([
    ['the newest, whatever its names', { newest: 1, tags: [] }, ['app:1.10', 'app:latest']],
    ['the newest two', { newest: 2, tags: [] }, ['app:1.10', 'app:1.9', 'app:latest']],
    ['more than there are', { newest: 99, tags: [] }, ['app:1.10', 'app:1.8', 'app:1.9', 'app:latest', 'app:nightly']],
    ['the last month', { youngerThan: 30 * DAY, tags: [] }, ['app:1.10', 'app:1.9', 'app:latest']],
    [
      'the newest and the last month, at least',
      { newest: 1, youngerThan: 30 * DAY, tags: [] },
      ['app:1.10', 'app:1.9', 'app:latest'],
    ],
    ['what matches', { tags: ['1.*'] }, ['app:1.10', 'app:1.8', 'app:1.9']],
    ['none of the newest', { newest: 0, tags: ['nightly'] }, ['app:nightly']],
  ])('%s', (_what, policy, expected) => {
    expect(kept(tags, policy)).toEqual(expected);
  });

  it('is counted for each repository', () => {
    expect(kept([tag('1', 1, 9, 'a'), tag('2', 2, 8, 'a'), tag('1', 3, 7, 'b')], { newest: 1, tags: [] })).toEqual([
      'a:2',
      'b:1',
    ]);
  });

  it('is the higher version where no time is known, and what has a time comes before', () => {
    const timeless = [tag('1.9', 1), tag('1.10', 2), tag('1.10-rc1', 3), tag('old', 4, 900)];
    expect(kept(timeless, { newest: 1, tags: [] })).toEqual(['app:old']);
    expect(kept(timeless, { newest: 2, tags: [] })).toEqual(['app:1.10-rc1', 'app:old']);
    expect(kept(timeless, { youngerThan: 1000 * DAY, newest: 0, tags: [] })).toEqual(['app:old']);
    expect(decideRetention(timeless, { youngerThan: DAY, newest: 0, tags: [] }, NOW)[0]?.because).toBe(
      'no rule keeps it; its age is unknown',
    );
    // In doubt, where only ages are asked for.
    expect(kept(timeless, { youngerThan: DAY, tags: [] })).toEqual(['app:1.10', 'app:1.10-rc1', 'app:1.9']);
  });

  it('is never everything that no rule names', () => {
    expect(() => decideRetention(tags, { tags: [] }, NOW)).toThrow(/would delete everything/);
  });

  it('says why', () => {
    const said = decideRetention(
      [...tags, tag('fresh', 11, 0.5)],
      { newest: 1, youngerThan: 15 * DAY, tags: ['night*'] },
      NOW,
    );
    expect(Object.fromEntries(said.map((item) => [item.tag, item.because]))).toEqual({
      '1.10': 'it is 10 days old',
      '1.8': 'no rule keeps it; it is 40 days old',
      '1.9': 'no rule keeps it; it is 20 days old',
      fresh: 'it is the newest',
      latest: 'it is 10 days old',
      nightly: 'its tag matches night*',
    });
  });
});

describe('ages and prices', () => {
  it.each([
    ['12h', 43_200],
    ['30d', 30 * DAY],
    ['2w', 14 * DAY],
    ['1m', 30 * DAY],
    ['1y', 365 * DAY],
  ])('%s', (text, seconds) => {
    expect(parseAge(text, '--keep-younger')).toBe(seconds);
  });

  it.each(['', '5', '-1d', '1.5d', 'd', '10s'])('%j is no age', (text) => {
    expect(() => parseAge(text, '--keep-younger')).toThrow(/is not an age/);
  });

  it.each([
    ['0.10/GB-month', 0.1, ''],
    ['$0.10', 0.1, '$'],
    ['€100/TB-month', 0.1, '€'],
    ['1/GiB', 1 / 1.073741824, ''],
  ])('%s', (text, perGbMonth, currency) => {
    const price = parsePrice(text, '--price');
    expect(price.currency).toBe(currency);
    expect(price.perGbMonth).toBeCloseTo(perGbMonth, 9);
    expect(moneyOf(2e9, price)).toBeCloseTo(2 * perGbMonth, 9);
  });

  it.each(['', 'cheap', '-1', '1/KB', '1e9'])('%j is no price', (text) => {
    expect(() => parsePrice(text, '--price')).toThrow(/is no price/);
  });
});

describe('what manifests lead to', () => {
  const nodes: ManifestNode[] = [
    { digest: digest(1), size: 10, blobs: [], manifests: [digest(2), digest(3)] },
    {
      digest: digest(2),
      size: 20,
      blobs: [
        { digest: digest(100), size: 1000 },
        { digest: digest(101), size: 500 },
      ],
      manifests: [],
    },
    { digest: digest(3), size: 30, blobs: [{ digest: digest(100), size: 1000 }], manifests: [] },
    { digest: digest(4), size: 40, blobs: [{ digest: digest(102), size: 7 }], manifests: [], subject: digest(3) },
    { digest: digest(5), size: 50, blobs: [{ digest: digest(101), size: 500 }], manifests: [] },
  ];
  const graph = new Map(nodes.map((node) => [node.digest, node]));

  it('are those in indexes, and what refers to them', () => {
    expect([...reachedFrom(graph, [digest(1)])].toSorted()).toEqual([1, 2, 3, 4].map(digest));
    expect([...reachedFrom(graph, [digest(5)])]).toEqual([digest(5)]);
  });

  it('is counted once', () => {
    const blobs = blobsOf(graph, reachedFrom(graph, [digest(1)]));
    expect(totalOf(blobs)).toBe(10 + 20 + 30 + 40 + 1000 + 500 + 7);
    expect(totalOf(without(blobs, blobsOf(graph, reachedFrom(graph, [digest(5)]))))).toBe(10 + 20 + 30 + 40 + 1000 + 7);
  });

  it('ends, whatever refers to what', () => {
    const arbitrary = fc.array(
      fc.record({ children: fc.array(fc.nat(9), { maxLength: 4 }), subject: fc.option(fc.nat(9), { nil: undefined }) }),
      { minLength: 10, maxLength: 10 },
    );
    fc.assert(
      fc.property(arbitrary, fc.nat(9), (items, root) => {
        const some = new Map(
          items.map(({ children, subject }, at): [Digest, ManifestNode] => [
            digest(at),
            {
              digest: digest(at),
              size: 1,
              blobs: [],
              manifests: children.map(digest),
              ...(subject === undefined ? {} : { subject: digest(subject) }),
            },
          ]),
        );
        const reached = reachedFrom(some, [digest(root)]);
        for (const item of reached) {
          for (const child of some.get(item)?.manifests ?? []) expect(reached.has(child)).toBe(true);
          for (const other of some.values()) if (other.subject === item) expect(reached.has(other.digest)).toBe(true);
        }
      }),
    );
  });
});
