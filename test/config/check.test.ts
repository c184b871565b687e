import { describe, expect, it } from 'vitest';
import { parseAmount, parseDays, parsePackagePattern, parseShare } from '../../src/config/check.ts';
import { parseConfig } from '../../src/config/config.ts';

const checkOf = async (yaml: string): Promise<unknown> => (await parseConfig(`check: ${yaml}`, 'tare.yaml')).check;

describe('check in tare.yaml', () => {
  it('is read whole', async () => {
    const yaml = `{base: app:1, disk: 1MB, wire: 500, layers: 3, files: 9, efficiency: 0.5, wasted: 3%, growth: +5MB, user: 0,
      no-setuid: true, no-secrets: {allow: [/a/**]}, no-shell: {}, max-age: 12w, packages: {forbid: ["deb:curl"], require: []}, labels: {require: [a]}, tests: [t]}`;
    expect(await checkOf(yaml)).toEqual({
      base: 'app:1',
      disk: 1_000_000,
      wire: 500,
      layers: 3,
      files: 9,
      efficiency: 0.5,
      wasted: { share: 0.03 },
      growth: { disk: { bytes: 5_000_000 }, wire: { bytes: 5_000_000 } },
      user: '0',
      noSetuid: { allow: [] },
      noSecrets: { allow: ['/a/**'] },
      noShell: { allow: [] },
      maxAgeDays: 84,
      packages: { forbid: [{ text: 'deb:curl', manager: 'dpkg', name: 'curl' }], require: [] },
      labels: { require: ['a'] },
      tests: ['t'],
    });
    expect(await checkOf('{no-setuid: false}')).toEqual({});
    expect(await checkOf('{growth: {wire: 3%}}')).toEqual({ growth: { wire: { share: 0.03 } } });
  });

  it.each([
    ['[1]', 'tare.yaml:1:8: check: expected a map of rules, got a list'],
    ['{dsk: 1}', 'unknown key "dsk"'],
    ['{no-shell: {alow: []}}', 'unknown key "alow"'],
    ['{disk: a lot}', 'check.disk: "a lot" is not a size'],
    ['{disk: -1}', 'check.disk: expected a size such as 110MB, got -1'],
    ['{layers: 1.5}', 'expected a whole number, got 1.5'],
    ['{efficiency: 1.5}', 'check.efficiency: 1.5 is not a share'],
    ['{wasted: some}', 'is neither a size nor a percentage'],
    ['{growth: {disk: soon}}', 'check.growth.disk: "soon" is neither'],
    ['{growth: [1]}', 'expected a size such as +5MB'],
    ['{max-age: old}', 'check.max-age: "old" is not an age'],
    ['{packages: {forbid: ["a b c"]}}', 'check.packages.forbid[0]: "a b c" does not name packages'],
    ['{packages: {forbid: ["cargo:x"]}}', 'does not name packages'],
    ['{packages: [curl]}', 'expected a map of forbid and require'],
    ['{user: {a: 1}}', 'expected non-root, a name or a number'],
  ])('%s is refused', async (yaml, part) => {
    await expect(checkOf(yaml)).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining(part) as string,
    });
  });

  it.each([
    ['5MB', { bytes: 5_000_000 }],
    ['+ 5 MiB', { bytes: 5 * 1024 * 1024 }],
    ['+3%', { share: 0.03 }],
    [0, { bytes: 0 }],
  ])('the amount %s', (text, amount) => {
    expect(parseAmount(text, 'x')).toEqual(amount);
  });

  it('shares and ages', () => {
    expect(['0.95', '95%', '0', '1'].map((text) => parseShare(text, 'x'))).toEqual([0.95, 0.95, 0, 1]);
    expect(['90d', '2w', '6m', '1y', 30].map((text) => parseDays(text, 'x'))).toEqual([90, 14, 180, 365, 30]);
  });

  it.each([
    ['openssl', { name: 'openssl' }],
    ['lib*-dev', { name: 'lib*-dev' }],
    ['g++', { name: 'g++' }],
    ['npm:@types/node', { manager: 'npm', name: '@types/node' }],
    ['pypi:flask>=2.0', { manager: 'python', name: 'flask', version: { relation: '>=', than: '2.0' } }],
    ['libc6 < 2:1.0~rc1-2', { name: 'libc6', version: { relation: '<', than: '2:1.0~rc1-2' } }],
    ['a == 1', { name: 'a', version: { relation: '=', than: '1' } }],
  ])('the pattern %s', (text, pattern) => {
    expect(parsePackagePattern(text, 'x')).toEqual({ text, ...pattern });
  });
});
