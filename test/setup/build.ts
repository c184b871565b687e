import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Compiles `src/` once before any test, and makes the script of the page: worker threads and the command line run from `dist/`, because the oldest Node that
 * tare supports cannot load TypeScript. `TARE_TEST_NO_BUILD=1` skips it when `dist/` is known to be fresh.
 */
export default function setup(): void {
  if (process.env['TARE_TEST_NO_BUILD'] === '1') return;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const run = (...args: readonly string[]): void => {
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  };
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  run('script/build-page.mjs');
}
