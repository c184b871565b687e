import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { needs } from '../helpers/needs.ts';
import { madeOnce, PIP_OPTIONS } from '../helpers/python-packages.ts';

const PACKAGES = ['flask==3.1.3', 'gunicorn==23.0.0'];

/** The folder of an environment with Flask and gunicorn, made once for all checkouts of this folder; undefined where there is no Python, or no package index. */
export function flaskVenv(): string | undefined {
  if (process.platform !== 'linux' || !needs('python3')) return undefined;
  const version = execFileSync('python3', ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], {
    encoding: 'utf8',
  }).trim();
  return madeOnce(`flask-${version}`, (folder) => {
    execFileSync('python3', ['-m', 'venv', folder], PIP_OPTIONS);
    execFileSync(join(folder, 'bin/python'), ['-m', 'pip', 'install', '-q', ...PACKAGES], PIP_OPTIONS);
  });
}

/** A copy with its times: compiled modules are valid for those of their sources. Node's own would round them, some to the next second. */
export function copyWithTimes(venv: string, to: string): void {
  execFileSync('cp', ['--archive', '--no-target-directory', venv, to]);
}
