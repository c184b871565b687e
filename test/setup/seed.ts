import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { cleanEnvironment } from '../helpers/cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A TARE_HOME with the image of examples/node-status in it, made once: packing the interpreter takes seconds, and most tests are about
 * something else. Tests get copies.
 */
export default function setup(project: TestProject): () => void {
  const home = mkdtempSync(join(tmpdir(), 'tare-seed-'));
  execFileSync(process.execPath, ['dist/cli/main.js', 'build', 'examples/node-status', '--no-verify', '-q'], {
    cwd: ROOT,
    env: { ...cleanEnvironment(), TARE_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  rmSync(join(home, 'tare', 'builds'), { recursive: true, force: true });
  project.provide('seed', home);
  return () => {
    rmSync(home, { recursive: true, force: true });
  };
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly seed: string;
  }
}
