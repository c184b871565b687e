import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDebVersions } from '../../../src/formats/versions/index.ts';
import { needs } from '../../helpers/needs.ts';

describe('compareDebVersions', () => {
  it.each<[string, '<' | '=', string]>([
    ['1.0', '=', '1.0'],
    ['1.0', '=', '1.0-0'],
    ['1.0', '=', '0:1.0'],
    ['1.0', '=', '1.00'],
    ['1.0', '<', '1.0-1'],
    ['1.9', '<', '1.10'],
    ['9', '<', '1:0'],
    ['1:9', '<', '2:1'],
    ['1.0~rc1', '<', '1.0'],
    ['1.0~~', '<', '1.0~'],
    ['1.0~~a', '<', '1.0~'],
    ['1.0~rc1-1', '<', '1.0-1'],
    ['1.0', '<', '1.0+b1'],
    ['1.0a', '<', '1.0+'],
    ['1.0a', '<', '1.0b'],
    ['1.0Z', '<', '1.0a'],
    ['1.0-1', '<', '1.0-1+b1'],
    ['1.0-1~bpo12+1', '<', '1.0-1'],
    ['2.36-9+deb12u9', '<', '2.36-9+deb12u13'],
    ['1.2-3', '<', '1.2-3-1'],
    ['1:2:3', '<', '1:2:4'],
    ['1.0000000000000000000001', '<', '1.0000000000000000000002'],
    ['1.99999999999999999999', '<', '1.100000000000000000000'],
  ])('%s %s %s', (a, sign, b) => {
    expect(Math.sign(compareDebVersions(a, b))).toBe(sign === '<' ? -1 : 0);
    expect(Math.sign(compareDebVersions(b, a))).toBe(sign === '<' ? 1 : 0);
  });

  it.each([
    '',
    ':',
    '1:',
    'x:1',
    '-1:1',
    '2147483648:1',
    '1-',
    'abc',
    '1.0!',
    '1 0',
    ' 1',
    '1.0-a_b',
    '-1',
    '1\n',
    'é',
    `1${'0'.repeat(2000)}`,
  ])('refuses %j', (version) => {
    expect(() => compareDebVersions(version, '1')).toThrow(expect.objectContaining({ code: 'E_VERSION' }));
    expect(() => compareDebVersions('1', version)).toThrow(expect.objectContaining({ code: 'E_VERSION' }));
  });
});

const part = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'B', '.', '+', '~'), maxLength: 8 });
const version = fc
  .tuple(
    fc.constantFrom('', '0:', '2:'),
    part,
    fc.oneof(
      fc.constant(''),
      part.map((text) => `-${text}0`),
    ),
  )
  .map(([epoch, upstream, revision]) => `${epoch}1${upstream}${revision}`);

describe('the order', () => {
  it('is antisymmetric and transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareDebVersions(a, b))).toBe(0 - Math.sign(compareDebVersions(b, a)));
        const [x, y, z] = [a, b, c].sort(compareDebVersions) as [string, string, string];
        expect(compareDebVersions(x, y)).toBeLessThanOrEqual(0);
        expect(compareDebVersions(y, z)).toBeLessThanOrEqual(0);
        expect(compareDebVersions(x, z)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });

  it.skipIf(!needs('dpkg'))("is dpkg's", () => {
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: 150, seed: 822 });
    for (const [a, b] of pairs) {
      const sign = Math.sign(compareDebVersions(a, b));
      const relation = sign < 0 ? 'lt' : sign > 0 ? 'gt' : 'eq';
      expect([a, b, relation, spawnSync('dpkg', ['--compare-versions', a, relation, b]).status]).toEqual([
        a,
        b,
        relation,
        0,
      ]);
    }
  });
});
