import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const json = (name: string) =>
  JSON.parse(read(name)) as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

const manifest = json('package.json');
const declared = ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) =>
  Object.entries(manifest[kind] ?? {}).map(([name, version]) => ({ kind, name, version })),
);

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
};

describe('docs/dependencies.md', () => {
  it.each(declared)('has a row for $name $version', ({ kind, name, version }) => {
    const row = rows.find((item) => item.name === name);
    expect(row).toMatchObject({ version, heading: HEADINGS[kind] });
    expect(row?.licence).toBe(json(`node_modules/${name}/package.json`)['license']);
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
