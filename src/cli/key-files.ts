import { fromErrno } from '../base/error.ts';
import { readSmallFile } from '../base/small-file.ts';

const MAX_KEY_BYTES = 64 * 1024; // 64 KiB

/** @throws TareError E_PATH_NOT_FOUND, E_PERMISSION, E_LIMIT */
export async function readKeyFile(file: string): Promise<string> {
  try {
    return (await readSmallFile(file, MAX_KEY_BYTES)).toString('utf8');
  } catch (error) {
    throw fromErrno(error, `cannot read the key ${file}`, {
      hint: 'name a file of PEM: `tare sign --generate-key NAME` writes a pair',
    });
  }
}
