import { readFileSync } from 'node:fs';
import { errnoOf, TareError } from '../base/error.ts';
import type { Bundle } from './bundle.ts';
import { MOUNT_FAILED } from './launch.ts';
import { blamesProgram, execFailure, lastError } from './log.ts';

export interface EndedStart {
  readonly bundle: Bundle;
  readonly code: number;
  /** What was printed until then. */
  readonly stderr: string;
  /** argv[0]. */
  readonly program: string;
}

/** Why a container that has ended never came to run its program; undefined when it did run. */
export function startFailure(ended: EndedStart): TareError | undefined {
  const fault = textOf(ended.bundle.path('fault')).trim();
  if (fault !== '' && ended.code === MOUNT_FAILED)
    return new TareError('E_SANDBOX', `the root file system cannot be mounted: ${oneLine(fault)}`);
  const trouble = lastError(ended.bundle.path('log'));
  if (trouble !== undefined) {
    const message = oneLine(trouble);
    return blamesProgram(trouble)
      ? new TareError('E_ENTRYPOINT', `${JSON.stringify(ended.program)} cannot be started: ${message}`)
      : new TareError('E_SANDBOX', `the container cannot be started: ${message}`);
  }
  const refused = execFailure(ended.stderr, ended.program);
  if (refused !== undefined)
    return new TareError('E_ENTRYPOINT', `${JSON.stringify(ended.program)} cannot be started: ${oneLine(refused)}`, {
      hint: 'it is no program of this machine’s processor, a script without a #! line, or its interpreter (of the #! line, or the ELF loader) is not in the image',
    });
  // Neither the runtime nor the script came to speak: unshare itself has failed.
  const began = textOf(ended.bundle.path('pid')) !== '';
  return began ? undefined : new TareError('E_SANDBOX', `the container cannot be started: ${oneLine(ended.stderr)}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

const oneLine = (text: string): string => text.trim().split('\n').slice(-1).join('').slice(0, 500);
