import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { tempDir } from './temp.ts';

/** A TARE_HOME of the test's own that holds node-status:latest and its packed layers, so that building it again is quick. */
export function seededHome(): string {
  const home = join(tempDir(), 'home');
  cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
  return home;
}
