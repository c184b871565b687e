import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Digest } from '../base/digest.ts';
import { fromErrno } from '../base/error.ts';
import { createWriteBehind } from '../base/write-behind.ts';
import { flushFolder, makeFolder } from './files.ts';
import { blobPath, temporaryPath, type StorePaths } from './paths.ts';
import type { BlobWriter } from './types.ts';

export interface BlobWriterOptions {
  readonly paths: StorePaths;
  readonly algorithm: 'sha256' | 'sha512';
  /** Whether the blob is there already, with this size. */
  readonly isPresent: (digest: Digest, size: number) => Promise<boolean>;
  /** What it is, where the caller has checked it by the time of `commit`: then it is not hashed a second time. */
  readonly checked?: Digest;
}

/** A blob on its way: bytes go to a temporary file, which `commit` flushes and gives its name. Nothing is visible before. */
export async function createBlobWriter(options: BlobWriterOptions): Promise<BlobWriter> {
  const { paths } = options;
  const file = await temporaryPath(paths);
  const doing = `cannot write a blob to ${paths.home}`;
  const handle = await open(file, 'wx', 0o644).catch((error: unknown) => {
    throw fromErrno(error, doing);
  });
  const content = createWriteBehind(handle);
  const hash = createHash(options.algorithm);
  let size = 0;
  let ended = false;

  const end = async (): Promise<void> => {
    ended = true;
    await handle.close();
  };
  const discard = async (): Promise<void> => {
    if (!ended) await end();
    await rm(file, { force: true });
  };
  const orDiscard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (ended) throw new Error('the blob writer has ended');
    try {
      return await work();
    } catch (error) {
      await discard();
      throw fromErrno(error, doing);
    }
  };

  return {
    write: (chunk) =>
      orDiscard(async () => {
        if (options.checked === undefined) hash.update(chunk);
        size += chunk.length;
        await content.write(chunk);
      }),
    commit: () =>
      orDiscard(async () => {
        const digest: Digest = options.checked ?? `${options.algorithm}:${hash.digest('hex')}`;
        if (await options.isPresent(digest, size)) {
          await discard();
          return { digest, size };
        }
        await content.flush();
        await handle.sync();
        await end();
        const target = blobPath(paths, digest);
        await makeFolder(dirname(target));
        await rename(file, target);
        await flushFolder(dirname(target));
        return { digest, size };
      }),
    abort: async () => {
      if (!ended) await discard();
    },
  };
}
