import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TareError } from '../base/error.ts';
import type { ErrorCode } from '../base/error-codes.ts';

const NAMES = ['Dockerfile', 'Containerfile'];
/** What a folder without a recognisable application says; its Dockerfile knows better. */
const CURED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_NO_ENTRY',
  'E_AMBIGUOUS_ENTRY',
  'E_NO_RUNTIME',
  'E_NOT_INSTALLED',
]);

/** Path of the folder's Dockerfile, as it would be typed; undefined when it has none. */
export async function dockerfileIn(dir: string): Promise<string | undefined> {
  for (const name of NAMES) {
    const path = join(dir, name);
    const isFile = await stat(path).then(
      (stats) => stats.isFile(),
      () => false,
    );
    if (isFile) return path;
  }
  return undefined;
}

/** `tare build -f app/Dockerfile app`, to be copied into a shell. */
export const buildCommand = (file: string, dir: string, more = ''): string =>
  `\`tare build -f ${shellWord(file)} ${shellWord(dir)}${more}\``;

/** A word that a POSIX shell takes as it stands. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The error of a folder that starts nothing also names its Dockerfile, when it has one. Anything else is returned as it is. */
export async function withDockerfileHint(error: unknown, dir: string): Promise<unknown> {
  if (!(error instanceof TareError) || !CURED.has(error.code)) return error;
  const file = await dockerfileIn(dir);
  if (file === undefined) return withComposeHint(error, dir);
  return new TareError(error.code, `${error.message}; it has a Dockerfile`, {
    cause: error,
    hint: `build its Dockerfile: ${buildCommand(file, dir)}; or ${error.hint}`,
  });
}

/** The same of its Compose file. */
async function withComposeHint(error: TareError, dir: string): Promise<TareError> {
  const { composeFileIn } = await import('../systems/find-files.ts');
  const file = await composeFileIn(dir);
  if (file === undefined) return error;
  return new TareError(error.code, `${error.message}; it has a Compose file`, {
    cause: error,
    hint: `build its services: \`tare build -f ${shellWord(file)}\`; or ${error.hint}`,
  });
}
