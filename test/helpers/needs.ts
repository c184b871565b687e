import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

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
