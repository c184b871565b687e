import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from '../helpers/needs.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/tare-python', import.meta.url));
const PACKAGES = ['flask==3.1.3', 'gunicorn==23.0.0'];
const MINUTES = 60_000; // ms

/** The folder of an environment with Flask and gunicorn, made once for all checkouts of this folder; undefined where there is no Python, or no package index. */
export function flaskVenv(): string | undefined {
  if (process.platform !== 'linux' || !needs('python3')) return undefined;
  const version = execFileSync('python3', ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], {
    encoding: 'utf8',
  }).trim();
  const made = join(CACHE, `flask-${version}`);
  if (existsSync(made)) return made;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'new-'));
  const options = { timeout: 5 * MINUTES, stdio: 'ignore' } as const;
  try {
    execFileSync('python3', ['-m', 'venv', join(work, 'venv')], options);
    execFileSync(join(work, 'venv/bin/python'), ['-m', 'pip', 'install', '-q', ...PACKAGES], options);
    renameSync(join(work, 'venv'), made);
    return made;
  } catch (error) {
    if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A copy with its times: compiled modules are valid for those of their sources. */
export function copyVenv(venv: string, to: string): void {
  cpSync(venv, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}
