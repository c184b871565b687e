import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { recordsOf } from './records.ts';

const manifest = (name: string, version: string): string => JSON.stringify({ name, version });
const FILES = {
  '/app/package.json': manifest('app', '1.0.0'),
  '/app/server.js': '',
  '/app/node_modules/.package-lock.json': '{}',
  '/app/node_modules/.bin/a': { link: '../a/cli.js' },
  '/app/node_modules/a/package.json': manifest('a', '1.2.3'),
  '/app/node_modules/a/cli.js': '',
  '/app/node_modules/a/lib/deep/x.js': '',
  '/app/node_modules/a/node_modules/b/package.json': manifest('b', '2.0.0'),
  '/app/node_modules/a/node_modules/b/index.js': '',
  '/app/node_modules/@s/c/package.json': manifest('@s/c', '3.0.0'),
  '/app/node_modules/@s/c/index.js': '',
  '/app/node_modules/alias/package.json': manifest('real', '4.0.0'),
  '/app/node_modules/p': { link: '.pnpm/p@5.0.0/node_modules/p' },
  '/app/node_modules/.pnpm/p@5.0.0/node_modules/p/package.json': manifest('p', '5.0.0'),
  '/app/node_modules/.pnpm/p@5.0.0/node_modules/p/index.js': '',
  '/srv/deep/er/node_modules/q/package.json': manifest('q', '6.0.0'),
} as const;

describe('npm', () => {
  it.each<[string, string | undefined]>([
    ['/app/node_modules/a/lib/deep/x.js', 'npm a 1.2.3'],
    ['/app/node_modules/a', 'npm a 1.2.3'],
    ['/app/node_modules/a/node_modules/b/index.js', 'npm b 2.0.0'],
    ['/app/node_modules/a/node_modules', 'npm a 1.2.3'],
    ['/app/node_modules/@s/c/index.js', 'npm @s/c 3.0.0'],
    ['/app/node_modules/@s', undefined],
    ['/app/node_modules/alias/package.json', 'npm real 4.0.0'],
    ['/app/node_modules/.pnpm/p@5.0.0/node_modules/p/index.js', 'npm p 5.0.0'],
    ['/app/node_modules/.bin/a', undefined],
    ['/app/node_modules/.package-lock.json', undefined],
    ['/app/node_modules', undefined],
    ['/app/server.js', undefined],
    ['/srv/deep/er/node_modules/q/package.json', 'npm q 6.0.0'],
  ])('owner of %s', async (path, expected) => {
    expect((await recordsOf(FILES)).owner(path)).toBe(expected);
  });

  it('gives the files of a package without those of the packages inside', async () => {
    expect((await recordsOf(FILES)).filesOf('a')).toEqual([
      '/app/node_modules/a/cli.js',
      '/app/node_modules/a/lib/deep/x.js',
      '/app/node_modules/a/package.json',
    ]);
  });

  it('searches the given folders alone, else the usual ones', async () => {
    const names = async (under?: string[]): Promise<string[]> => {
      const { dbs } = await recordsOf(FILES, under === undefined ? {} : { under: under.map(pathOfText) });
      return dbs.flatMap((db) => db.packages.map((pkg) => pkg.name));
    };
    expect(await names(['/srv'])).toEqual(['q']);
    expect(await names(['/none'])).toEqual([]);
    expect(await names()).not.toContain('q');
    expect(await names()).toContain('@s/c');
  });

  it('names a package by its folder when its manifest is damaged or says nothing', async () => {
    const found = await recordsOf({
      '/node_modules/@s/broken/package.json': '{',
      '/node_modules/list/package.json': '[]',
      '/node_modules/odd/package.json': '{"name":7,"version":{}}',
      '/node_modules/bom/package.json': '\ufeff{"name":"bom","version":"1"}',
      '/node_modules/dir/package.json': { directory: true },
    });
    expect(found.owner('/node_modules/@s/broken/x')).toBe('npm @s/broken ');
    expect(found.owner('/node_modules/list/x')).toBe('npm list ');
    expect(found.owner('/node_modules/odd/x')).toBe('npm odd ');
    expect(found.owner('/node_modules/bom/x')).toBe('npm bom 1');
    expect(found.owner('/node_modules/dir/x')).toBeUndefined();
    expect([...found.warnings].sort()).toEqual([
      '/node_modules/@s/broken/package.json is not JSON',
      '/node_modules/list/package.json is not a JSON object',
    ]);
  });

  it('is asked before the package manager of the system', async () => {
    const found = await recordsOf({
      '/var/lib/dpkg/status': 'Package: npm\nVersion: 9\n',
      '/var/lib/dpkg/info/npm.list': '/usr/lib/node_modules\n/usr/lib/node_modules/npm/index.js\n',
      '/usr/lib/node_modules/npm/index.js': '',
      '/usr/lib/node_modules/npm/package.json': manifest('npm', '10.0.0'),
    });
    expect(found.owner('/usr/lib/node_modules/npm/index.js')).toBe('npm npm 10.0.0');
    expect(found.owner('/usr/lib/node_modules')).toBe('dpkg npm 9');
  });
});
