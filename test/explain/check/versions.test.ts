import { describe, expect, it } from 'vitest';
import { compareDottedVersions } from '../../../src/explain/check/versions.ts';

/** Each list in ascending order. */
const ORDERS: readonly (readonly string[])[] = [
  // semver.org, 11.4.4
  [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
  ],
  ['1.9.0', '1.10.0', '1.11.0', '2.0.0'],
  // PEP 440
  ['1.0a1', '1.0b2', '1.0rc1', '1.0', '1.0.post1', '1.1', '1!0.5'],
];

describe('versions of languages', () => {
  it.each(ORDERS.map((order) => [order]))('%j', (order) => {
    const pairs = order.flatMap((a, at) => order.map((b, to) => [a, b, Math.sign(at - to)] as const));
    for (const [a, b, sign] of pairs) expect(Math.sign(compareDottedVersions(a, b)), `${a} and ${b}`).toBe(sign);
  });

  it.each([
    ['1.0', '1.0.0'],
    ['v1.2', '1.2'],
    ['1.0+cpu', '1.0'],
  ])('%s is %s', (a, b) => {
    expect(compareDottedVersions(a, b)).toBe(0);
  });
});
