import { fromErrno } from '../base/error.ts';
import { readSmallFile } from '../base/small-file.ts';
import type { FileSource } from '../formats/compose/types.ts';

/** As much as a container can be told in memory, in bytes. */
const MAX_FILE_BYTES = 500 * 1024; // 500 KiB

/** The content of a config or a secret. @param what opens the message of an error @throws TareError E_PATH_NOT_FOUND, E_LIMIT, … */
export async function readSecretSource(source: FileSource, what: string): Promise<Uint8Array> {
  if ('text' in source) return Buffer.from(source.text);
  try {
    return await readSmallFile(source.file, MAX_FILE_BYTES);
  } catch (error) {
    throw fromErrno(error, `${what} cannot be read`);
  }
}
