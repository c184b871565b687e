import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from './needs.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/tare-python', import.meta.url));
const MINUTES = 60_000; // ms

export const PIP_OPTIONS = { timeout: 5 * MINUTES, stdio: 'ignore' } as const;

/**
 * What `make` puts into the folder that it is given, made once for all checkouts of this folder; undefined where there is no Python, or no package index
 * (with TARE_TEST_STRICT=1 that is an error).
 * @param name of the result, with what it depends on: another one is made anew
 */
export function madeOnce(name: string, make: (folder: string) => void): string | undefined {
  const made = join(CACHE, name);
  if (existsSync(made)) return made;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'new-'));
  try {
    make(join(work, 'made'));
    renameSync(join(work, 'made'), made);
    return made;
  } catch (error) {
    if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The folder of these packages, for PYTHONPATH. */
export function pythonPackages(name: string, packages: readonly string[]): string | undefined {
  if (!needs('python3')) return undefined;
  return madeOnce(name, (folder) => {
    execFileSync('python3', ['-m', 'pip', 'install', '-q', '--target', folder, ...packages], PIP_OPTIONS);
  });
}

/** What a Python program prints that has those packages. */
export function runPython(
  packages: string,
  program: string,
  { args = [], input }: { readonly args?: readonly string[]; readonly input?: string },
): string {
  return execFileSync('python3', ['-c', program, ...args], {
    ...(input === undefined ? {} : { input }),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', PYTHONPATH: packages },
    timeout: MINUTES,
  }).trim();
}
