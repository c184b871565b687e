import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const json = (name: string) =>
  JSON.parse(read(name)) as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

const manifest = json('package.json');
const site = Object.entries(json('site/package.json')['devDependencies'] ?? {});
const declared = [
  ...['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}).map(([name, version]) => ({ kind, name, version })),
  ),
  ...site.map(([name, version]) => ({ kind: 'site', name, version })),
];

/** The packages of the site need not be installed: their lock file knows the licence too. */
const lock = json('site/package-lock.json') as unknown as { packages: Record<string, { license: string }> };
const licenceOf = (kind: string, name: string): unknown =>
  kind === 'site'
    ? lock.packages[`node_modules/${name}`]?.license
    : json(`node_modules/${name}/package.json`)['license'];

/** Rows of the tables under their headings. */
const rows = read('docs/dependencies.md')
  .split(/^## /m)
  .flatMap((section) => {
    const heading = section.split('\n', 1)[0] ?? '';
    return [...section.matchAll(/^\| (\S+) \| (\d\S*) \| (\S+) \| ([\d.]+) \| (\d+) \| (.+?) \|/gm)].map(
      ([, name = '', version = '', licence = '', , , why = '']) => ({ heading, name, version, licence, why }),
    );
  });

const HEADINGS: Readonly<Record<string, string>> = {
  dependencies: 'At run time',
  optionalDependencies: 'Optional',
  devDependencies: 'For development only',
  site: 'For the site alone',
};

describe('docs/dependencies.md', () => {
  it.each(declared)('has a row for $name $version', ({ kind, name, version }) => {
    const row = rows.find((item) => item.name === name);
    expect(row).toMatchObject({ version, heading: HEADINGS[kind] });
    expect(row?.licence).toBe(licenceOf(kind, name));
    expect(row?.why.length).toBeGreaterThan(10);
  });

  it('has no row for what is no longer a dependency', () => {
    const names = new Set(declared.map(({ name }) => name));
    expect(rows.map((row) => row.name).filter((name) => !names.has(name))).toEqual([]);
    expect(rows.length).toBe(declared.length);
  });

  it('stands beside exact versions', () => {
    expect(declared.filter(({ version }) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
