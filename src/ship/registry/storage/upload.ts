import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, truncate, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { algorithmOf, type Digest } from '../../../base/digest.ts';
import type { Bytes } from '../../../base/streams.ts';
import type { RegistryStorage } from './storage.ts';

/** A blob on its way into a repository. Its bytes are in a file of their own, which nobody is shown. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  /** Bytes so far. */
  readonly size: number;
  /**
   * Adds to the end. A source that breaks off leaves what came; with `exactly`, what is shorter or longer is taken back.
   * @returns false when it was not `exactly` so long
   */
  append(source: Bytes, exactly?: number): Promise<boolean>;
  /** Checks the content and makes it a blob of the repository. Ends the upload either way. @returns false when the digest is another one */
  finish(digest: Digest): Promise<boolean>;
  cancel(): Promise<void>;
}

export interface UploadOptions {
  readonly id: string;
  readonly repository: string;
  readonly storage: RegistryStorage;
  /** What is hashed as it comes; undefined for a file that has content already: it is read again at the end. */
  readonly algorithm: 'sha256' | 'sha512' | undefined;
  /** In a folder of its own. */
  readonly file: string;
  /** What the file holds, in bytes. */
  readonly size: number;
  readonly onEnd: () => void;
  readonly onWrite: () => void;
}

/** The file must be there. */
export function createUpload(options: UploadOptions): Upload {
  const { id, repository, storage, file } = options;
  // Of the bytes so far: when the client keeps to this algorithm, nothing is read twice.
  let hash = options.algorithm === undefined ? undefined : createHash(options.algorithm);
  let { size } = options;

  const digestAs = async (algorithm: 'sha256' | 'sha512'): Promise<Digest> =>
    `${algorithm}:${((algorithm === options.algorithm ? hash : undefined) ?? (await hashOfFile(file, algorithm))).digest('hex')}`;
  const cancel = async (): Promise<void> => {
    options.onEnd();
    await rm(dirname(file), { recursive: true, force: true });
  };

  return {
    id,
    repository,
    get size() {
      return size;
    },
    append: async (source, exactly) => {
      const before = { size, hash: hash?.copy() };
      const handle = await open(file, 'a', 0o644);
      try {
        // A write that failed on a full disk may have left a part of its chunk, which nobody has hashed.
        await handle.truncate(size);
        for await (const chunk of source) {
          options.onWrite();
          await writeAll(handle, chunk);
          hash?.update(chunk);
          size += chunk.length;
        }
      } finally {
        await handle.close();
      }
      if (exactly === undefined || size - before.size === exactly) return true;
      await truncate(file, before.size);
      ({ size, hash } = before);
      return false;
    },
    finish: async (digest) => {
      const handle = await open(file, 'a', 0o644);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      if ((await digestAs(algorithmOf(digest))) !== digest) {
        await cancel();
        return false;
      }
      await storage.naming(async () => {
        await storage.adopt(file, digest);
        await storage.repository(repository).linkBlob(digest);
      });
      options.onEnd();
      await rm(dirname(file), { recursive: true, force: true });
      return true;
    },
    cancel,
  };
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
}

async function hashOfFile(file: string, algorithm: 'sha256' | 'sha512'): Promise<Hash> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash;
}
