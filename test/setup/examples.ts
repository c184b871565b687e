import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../examples', import.meta.url));

/** What an example is made into, and what it is made from. */
const PRODUCTS: readonly (readonly [name: string, product: string, source: string])[] = [
  ['node-express', 'node_modules/.package-lock.json', 'package-lock.json'],
  ['node-sharp', 'node_modules/.package-lock.json', 'package-lock.json'],
  ['go-status', 'go-status', 'main.go'],
  ['c-dlopen', 'c-dlopen', 'main.c'],
];

const timeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Makes the examples that are not made yet, once for all tests. One whose tool is missing is left; its tests skip themselves. */
export default function setup(): void {
  for (const [name, product, source] of PRODUCTS) {
    if (timeOf(join(ROOT, name, product)) > timeOf(join(ROOT, name, source))) continue;
    try {
      execFileSync(join(ROOT, 'build'), [name], { stdio: ['ignore', 'ignore', 'inherit'] });
    } catch (error) {
      if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    }
  }
}
