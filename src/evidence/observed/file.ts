import { fromErrno, TareError } from '../../base/error.ts';
import { bytesOfText, quotePath } from '../../base/path.ts';
import { bytesOf } from '../../base/streams.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { replaceFile } from '../../transports/write-file.ts';
import { decodeProfile, encodeProfile, MAX_PROFILE_BYTES } from './codec.ts';
import type { Profile } from './types.ts';

/** @throws TareError E_PATH_NOT_FOUND, E_PERMISSION, E_NOT_FILE, E_LIMIT, E_PROFILE */
export async function readProfile(file: string): Promise<Profile> {
  if (file === '' || file.includes('\0')) throw new TareError('E_USAGE', `${JSON.stringify(file)} is no file name`);
  const shown = quotePath(bytesOfText(file));
  let bytes: Buffer;
  try {
    bytes = await readSmallFile(file, MAX_PROFILE_BYTES);
  } catch (error) {
    throw fromErrno(error, `cannot read the profile ${shown}`, {
      hint: 'record one with `tare observe IMAGE -o FILE`',
    });
  }
  return decodeProfile(bytes, `the profile ${shown}`);
}

/** Replaces the file as a whole; an error leaves the old one. @throws TareError E_USAGE, E_LIMIT, and as `replaceFile` does */
export async function writeProfile(file: string, profile: Profile, signal: AbortSignal): Promise<void> {
  if (file === '' || file.includes('\0')) throw new TareError('E_USAGE', `${JSON.stringify(file)} is no file name`);
  const bytes = encodeProfile(profile);
  await replaceFile(file, bytesOf(bytes), signal);
}
