import { dirname, basename, join } from 'node:path';
import { errnoOf, fromErrno } from '../../base/error.ts';
import { bytesOfText, quotePath, textOfBytes } from '../../base/path.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { parseIgnoreFile, type IgnoreRules } from '../../formats/ignorefile/index.ts';

const MAX_IGNORE_FILE_BYTES = 1024 * 1024; // 1 MiB

/**
 * The rules for a build: of `<Dockerfile>.dockerignore` beside the Dockerfile, else of `.dockerignore` in the folder; undefined when neither is there.
 * Both, and the Dockerfile, are read from the disk: that the rules may hide them is for COPY alone.
 *
 * @param dockerfile host path; undefined when it is no file (a pipe, a URL)
 * @throws TareError E_IGNORE_FILE, E_LIMIT, E_NOT_FILE, E_PERMISSION, E_IO
 */
export async function ignoreFor(dir: string, dockerfile?: string): Promise<IgnoreRules | undefined> {
  const own = dockerfile === undefined ? undefined : `${basename(dockerfile)}.dockerignore`;
  const places = [
    ...(dockerfile === undefined ? [] : [{ path: join(dirname(dockerfile), own as string), file: own as string }]),
    { path: join(dir, '.dockerignore'), file: '.dockerignore' },
  ];
  for (const { file, path } of places) {
    const text = await textIfThere(path);
    if (text !== undefined) return parseIgnoreFile(text, { file });
  }
  return undefined;
}

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    return textOfBytes((await readSmallFile(path, MAX_IGNORE_FILE_BYTES)).toString('latin1'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${quotePath(bytesOfText(path))}`);
  }
}
