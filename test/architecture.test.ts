import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Folder → floor, as in docs/ARCHITECTURE.md. A folder may import from lower floors and from itself. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  formats: 1,
  oci: 2,
  store: 3,
  tree: 4,
  transports: 4,
  packages: 5,
  pack: 5,
  sandbox: 6,
  evidence: 7,
  plan: 8,
  attest: 9,
  config: 9,
  solve: 9,
  verify: 9,
  build: 10,
  explain: 10,
  lint: 10,
  ship: 10,
  shrink: 10,
  systems: 11,
  page: 12,
  report: 12,
  library: 12,
  cli: 13,
};

/** Pure folders do no I/O: none of these modules. */
const PURE = new Set(['formats', 'oci', 'plan']);
const IO_MODULES =
  /^node:(fs|fs\/promises|net|http|https|child_process|worker_threads|dns|tls|os)$|^(undici|tinyexec)$/;

const src = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort();

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = [
    ...text.matchAll(
      /(?:^|[\s;])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|import\s*\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
    ),
  ];
  return found.map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

const folderOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');

describe('the floors', () => {
  it('reads every source file', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(files.length);
  });

  it('knows every folder', () => {
    const folders = new Set(files.map(folderOf).filter((folder) => folder !== ''));
    expect([...folders].filter((folder) => FLOORS[folder] === undefined)).toEqual([]);
    expect(Object.keys(FLOORS).filter((folder) => !folders.has(folder))).toEqual([]);
  });

  it('lets no folder look upwards or sideways', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const from = folderOf(file);
      if (from === '') continue;
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = relative(src, resolve(src, dirname(file), specifier));
        const to = folderOf(target);
        if (to === from) continue;
        if ((FLOORS[to] ?? 99) >= (FLOORS[from] ?? -1)) wrong.push(`${file} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("lets the browser's code take nothing but types from elsewhere", () => {
    const code = files
      .filter((file) => folderOf(file) === 'page')
      .flatMap((file) =>
        [...readFileSync(join(src, file), 'utf8').matchAll(/^(import|export) (type )?[^;]*?from '([^']+)';/gms)]
          .filter(([, , type, specifier = '']) => {
            const target = relative(src, resolve(src, dirname(file), specifier));
            return !specifier.startsWith('.') || (folderOf(target) !== 'page' && type === undefined);
          })
          .map(([text]) => `${file}: ${text}`),
      );
    expect(code).toEqual([]);
  });

  it('lets pure folders do no input or output', () => {
    const wrong = files
      .filter((file) => PURE.has(folderOf(file)))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => IO_MODULES.test(name))
          .map((name) => `${file} imports ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  it('prints only in report/ and cli/', () => {
    const printing = files
      .filter((file) => !['report', 'cli'].includes(folderOf(file)))
      .filter((file) => /\bconsole\.|process\.std(out|err)\.write/.test(readFileSync(join(src, file), 'utf8')));
    expect(printing).toEqual([]);
  });
});
