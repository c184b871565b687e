import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RECIPES = readdirSync(join(ROOT, 'script/originals.d')).map((file) => file.replace(/\.Dockerfile$/, ''));

describe('script/originals', () => {
  it('reads every recipe', () => {
    const listed = execFileSync(join(ROOT, 'script/originals'), ['--list'], { encoding: 'utf8' });
    const rows = listed.trimEnd().split('\n');
    expect(rows.map((row) => row.split('\t')[0])).toEqual(RECIPES.toSorted());
    expect(rows.filter((row) => !/^[a-z0-9-]+\t.+$/.test(row))).toEqual([]);
  });

  it.each(RECIPES)('%s is an example with probes', (name) => {
    for (const file of ['README.md', 'tare.yaml'])
      expect(existsSync(join(ROOT, 'examples', name, file)), file).toBe(true);
  });
});
