import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseVersion, reconcile } from '../../../src/evidence/dotnet/roll-forward.ts';
import type { FrameworkReference, RollForward } from '../../../src/evidence/dotnet/runtime-config.ts';
import { compareQuads, compareVersions, parseVersion, type Version } from '../../../src/evidence/dotnet/versions.ts';

const versions = (text: string): Version[] => text.split(' ').map((item) => parseVersion(item) as Version);
const reference = (version: string, rollForward: RollForward, applyPatches = true): FrameworkReference => ({
  name: 'Fx',
  version,
  rollForward,
  applyPatches,
});

describe('chooseVersion', () => {
  // The examples of docs/design/features/framework-version-resolution.md, and the definitions of the settings there.
  it.each<[asked: string, rule: RollForward, installed: string, chosen: string | undefined]>([
    ['3.1.0', 'Minor', '3.1.2', '3.1.2'],
    ['3.1.0', 'Minor', '3.1.0 3.1.32 3.2.0', '3.1.32'],
    ['3.0.0', 'Minor', '3.1.1 3.1.4 3.2.0 5.0.0', '3.1.4'],
    ['3.0.0', 'Minor', '5.0.0', undefined],
    ['3.0.0', 'Minor', '2.1.0', undefined],
    ['3.0.0', 'Major', '5.0.1 5.0.7 6.0.0', '5.0.7'],
    ['3.0.0', 'LatestMinor', '3.0.0 3.1.0 3.9.2 5.0.0', '3.9.2'],
    ['3.0.0', 'LatestMajor', '3.0.0 3.1.0 6.0.1', '6.0.1'],
    ['3.1.0', 'LatestPatch', '3.1.5 3.2.0', '3.1.5'],
    ['3.1.0', 'LatestPatch', '3.2.0', undefined],
    ['3.1.0', 'Disable', '3.1.0 3.1.5', '3.1.0'],
    ['3.1.0', 'Disable', '3.1.5', undefined],
    ['3.0.0', 'Minor', '3.0.0 3.0.1-preview', '3.0.0'],
    ['3.0.0', 'Minor', '3.0.1-preview 3.1.0', '3.1.0'],
    ['2.0.0', 'LatestMajor', '3.0.0 3.0.1-preview', '3.0.0'],
    ['3.0.0', 'Minor', '3.0.1-preview', '3.0.1-preview'],
    ['3.0.0', 'Minor', '3.0.0-preview4-27415-15', undefined],
    ['3.0.0-preview1', 'Minor', '3.0.0-preview2 3.0.0', '3.0.0'],
    ['nonsense', 'Minor', '3.0.0', undefined],
  ])('%s %s among %s: %s', (asked, rule, installed, chosen) => {
    const found = chooseVersion(versions(installed), reference(asked, rule), { toPrerelease: false, highest: false });
    expect(found?.text).toBe(chosen);
  });

  it('takes pre-releases for releases when told to', () => {
    const installed = versions('3.0.0 3.0.1-preview 3.1.0');
    const found = chooseVersion(installed, reference('3.0.0', 'Minor'), { toPrerelease: true, highest: false });
    expect(found?.text).toBe('3.0.1-preview');
  });

  it('leaves patches alone when told to', () => {
    const installed = versions('3.1.0 3.1.5');
    const options = { toPrerelease: false, highest: false };
    expect(chooseVersion(installed, reference('3.1.0', 'Minor', false), options)?.text).toBe('3.1.0');
    expect(chooseVersion(installed, reference('3.1.1', 'LatestPatch', false), options)).toBeUndefined();
  });
});

describe('reconcile', () => {
  it.each([
    ['3.0.0', 'Minor', '3.1.0', 'Major', '3.1.0 Minor'],
    ['3.1.0', 'Major', '3.0.0', 'LatestMinor', '3.1.0 LatestMinor'],
    ['3.0.0', 'Minor', '5.0.0', 'Minor', undefined],
    ['3.0.0', 'LatestPatch', '3.1.0', 'Minor', undefined],
    ['3.1.0', 'LatestPatch', '3.1.4', 'Minor', '3.1.4 LatestPatch'],
    ['3.1.0', 'Disable', '3.1.4', 'Minor', undefined],
    ['3.1.0', 'Disable', '3.1.0', 'Minor', '3.1.0 Disable'],
  ] as const)('%s %s with %s %s: %s', (a, ruleA, b, ruleB, merged) => {
    const found = reconcile(reference(a, ruleA), reference(b, ruleB));
    expect(found === undefined ? undefined : `${found.version} ${found.rollForward}`).toBe(merged);
  });
});

describe('versions', () => {
  it('order as in SemVer 2', () => {
    const sorted = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0',
      '1.0.10',
      '1.2.0',
    ];
    const parsed = sorted.map((text) => parseVersion(text) as Version);
    fc.assert(
      fc.property(fc.shuffledSubarray(parsed), (some) => {
        expect([...some].sort(compareVersions)).toEqual(parsed.filter((item) => some.includes(item)));
      }),
    );
  });

  it.each(['3.1', '03.1.0', '3.1.0 ', 'latest', '', '3.1.0-', '../3.1.0'])('refuses %j', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  it('of files go by number', () => {
    expect(['10.0.0.0', '9.0.0', '9.0.0.1', ''].sort(compareQuads)).toEqual(['', '9.0.0', '9.0.0.1', '10.0.0.0']);
  });
});
