import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareApkVersions } from '../../../src/formats/versions/index.ts';

describe('compareApkVersions', () => {
  it.each<[string, '<' | '=', string]>([
    ['1.2.3', '=', '1.2.3'],
    ['1.2', '<', '1.2.0'],
    ['1.9', '<', '1.10'],
    ['9', '<', '10'],
    // Numbers after the first are like decimal places when one has a leading zero.
    ['1.02', '<', '1.1'],
    ['1.02', '<', '1.03'],
    ['1.0', '<', '1.00'],
    ['1.001', '<', '1.01'],
    ['1.09', '<', '1.1'],
    ['1.09', '<', '1.10'],
    // The first has no such rule.
    ['06', '<', '10'],
    ['006', '=', '6'],
    ['1.2', '<', '1.2a'],
    ['1.2a', '<', '1.2b'],
    ['1.2z', '<', '1.2.1'],
    ['1.2_alpha', '<', '1.2_beta'],
    ['1.2_beta', '<', '1.2_pre'],
    ['1.2_pre', '<', '1.2_rc'],
    ['1.2_rc', '<', '1.2'],
    ['1.2_rc9-r5', '<', '1.2-r0'],
    ['1.2', '<', '1.2_cvs'],
    ['1.2_cvs', '<', '1.2_svn'],
    ['1.2_svn', '<', '1.2_git'],
    ['1.2_git', '<', '1.2_hg'],
    ['1.2_hg', '<', '1.2_p'],
    ['1.2_alpha', '<', '1.2_alpha1'],
    ['1.2_alpha2', '<', '1.2_alpha10'],
    ['1.2_alpha_pre1', '<', '1.2_alpha'],
    ['1.2_alpha', '<', '1.2_alpha_p1'],
    ['1.2a_rc1', '<', '1.2a'],
    ['1.2', '<', '1.2-r0'],
    ['1.2-r9', '<', '1.2-r10'],
    ['1.2-r3', '<', '1.2_p1'],
    ['1.2-r3', '<', '1.2.1-r0'],
    ['1.2_p20240101', '<', '1.2_p20240102-r0'],
    ['1.2', '<', '1.2~abc123'],
    ['1.2~abc', '<', '1.2~abd'],
    ['1.2-r1', '<', '1.2~abc-r0'],
    ['3.0_pre20191002222144', '<', '3.0_pre20210530193627'],
    ['20231231', '<', '20240101'],
  ])('%s %s %s', (a, sign, b) => {
    expect(Math.sign(compareApkVersions(a, b))).toBe(sign === '<' ? -1 : 0);
    expect(Math.sign(compareApkVersions(b, a))).toBe(sign === '<' ? 1 : 0);
  });

  it.each([
    '',
    'a',
    '1.',
    '.1',
    '1..2',
    '1.2ab',
    '1.2a3',
    '1.2_foo',
    '1.2_',
    '1.2-1',
    '1.2-r',
    '1.2-r1-r2',
    '1.2-r1_p1',
    '1.2~',
    '1.2~xyz',
    '1:2',
    '1.2 ',
    '1.2A',
    '1.2_alpha\n',
    '1'.repeat(2000),
  ])('refuses %j', (version) => {
    expect(() => compareApkVersions(version, '1')).toThrow(expect.objectContaining({ code: 'E_VERSION' }));
    expect(() => compareApkVersions('1', version)).toThrow(expect.objectContaining({ code: 'E_VERSION' }));
  });
});

const number = fc.constantFrom('0', '1', '9', '01', '10', '007');
const version = fc
  .tuple(
    number,
    fc.array(
      number.map((text) => `.${text}`),
      { maxLength: 2 },
    ),
    fc.constantFrom('', 'a', 'b'),
    fc.array(fc.constantFrom('_alpha', '_rc1', '_rc2', '_git1', '_p', '_p1'), { maxLength: 2 }),
    fc.constantFrom('', '~a1', '~b2'),
    fc.constantFrom('', '-r0', '-r10'),
  )
  .map(
    ([first, numbers, letter, suffixes, hash, revision]) =>
      first + numbers.join('') + letter + suffixes.join('') + hash + revision,
  );

it('the order is antisymmetric and transitive', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareApkVersions(a, b))).toBe(0 - Math.sign(compareApkVersions(b, a)));
      const [x, y, z] = [a, b, c].sort(compareApkVersions) as [string, string, string];
      expect(compareApkVersions(x, y)).toBeLessThanOrEqual(0);
      expect(compareApkVersions(y, z)).toBeLessThanOrEqual(0);
      expect(compareApkVersions(x, z)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 1000 },
  );
});
