import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { readSmallFile } from '../base/small-file.ts';

/** Of one Compose file, `.env` or `env_file`. */
const MAX_FILE_BYTES = 1024 * 1024;

export interface Naming {
  /** As messages call it. */
  readonly name: string;
  /** Opens the message about a file that cannot be read: who asked for it. */
  readonly place?: string;
}

/** A text of UTF-8 up to 1 MiB; undefined when it is not there. @throws TareError */
export async function readTextIfThere(file: string, naming: Naming): Promise<string | undefined> {
  if (file.includes('\0')) throw new TareError('E_PATH', `${prefix(naming)}the name of a file contains a NUL byte`);
  let bytes: Buffer;
  try {
    bytes = await readSmallFile(file, MAX_FILE_BYTES);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw fromErrno(error, `${prefix(naming)}cannot read ${JSON.stringify(naming.name)}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TareError('E_COMPOSE', `${prefix(naming)}${JSON.stringify(naming.name)} is not UTF-8`);
  }
}

/** The same where it must be there. @throws TareError E_COMPOSE */
export async function readText(file: string, naming: Naming): Promise<string> {
  const text = await readTextIfThere(file, naming);
  if (text !== undefined) return text;
  throw new TareError('E_COMPOSE', `${prefix(naming)}there is no file ${JSON.stringify(naming.name)}`, {
    hint:
      naming.place === undefined
        ? 'see how its name is written; it begins at the current folder'
        : 'see how its name is written; relative names begin at the folder of the file that says them',
  });
}

const prefix = ({ place }: Naming): string => (place === undefined ? '' : `${place}: `);
