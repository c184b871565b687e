import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from './needs.ts';
import { tempDir } from './temp.ts';

const ROOT = fileURLToPath(new URL('../../examples', import.meta.url));

export interface Example {
  readonly name: string;
  /** Tools without which it cannot be made. */
  readonly tools: readonly string[];
  /** What its server answers, or undefined for a program that ends. */
  readonly status?: { readonly port: number; readonly path: string };
}

export const EXAMPLES: readonly Example[] = [
  { name: 'node-status', tools: [], status: { port: 8080, path: '/status' } },
  { name: 'node-express', tools: ['npm'], status: { port: 8080, path: '/status' } },
  { name: 'node-sharp', tools: ['npm'], status: { port: 8080, path: '/status' } },
  { name: 'go-status', tools: ['go'], status: { port: 8080, path: '/status' } },
  { name: 'c-dlopen', tools: ['cc'] },
];

export const offered = (example: Example): boolean => needs(...example.tools);

/** The folder of an example, made ready before the tests began; shared, so it must not be written. */
export function exampleDir(name: string): string {
  return join(ROOT, name);
}

/** A private copy that a test may change. */
export function exampleCopy(name: string): string {
  const dir = join(tempDir(), name);
  cpSync(exampleDir(name), dir, { recursive: true, verbatimSymlinks: true });
  return dir;
}
