import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Whether all tools are on PATH: `it.skipIf(!needs('umoci'))(…)`.
 * With TARE_TEST_STRICT=1 a missing tool throws, so that nothing is skipped in silence.
 */
export function needs(...tools: readonly string[]): boolean {
  const missing = tools.filter((tool) => !onPath(tool));
  if (missing.length > 0 && process.env.TARE_TEST_STRICT === '1')
    throw new Error(`TARE_TEST_STRICT=1, and these tools are missing: ${missing.join(', ')}`);
  return missing.length === 0;
}

function onPath(tool: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether tests may run parts of this project as an unprivileged user: with root's rights, and in a folder that others may enter. */
export function needsOtherUser(...tools: readonly string[]): boolean {
  if (process.getuid?.() !== 0 || !needs('setpriv', ...tools)) return false;
  let closed: string | undefined;
  for (let at = fileURLToPath(new URL('../..', import.meta.url)); at !== dirname(at); at = dirname(at))
    if ((statSync(at).mode & 0o001) === 0) closed = at;
  if (closed !== undefined && process.env.TARE_TEST_STRICT === '1')
    throw new Error(`TARE_TEST_STRICT=1, and other users may not enter ${closed}`);
  return closed === undefined;
}
