import { randomUUID, createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { algorithmOf, type Digest } from '../../../base/digest.ts';
import type { Bytes } from '../../../base/streams.ts';
import { makeFolder, namesIfThere } from '../../../store/files.ts';
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

export interface Uploads {
  /** Undefined when too many are open. */
  start(repository: string, algorithm?: 'sha256' | 'sha512'): Promise<Upload | undefined>;
  find(repository: string, id: string): Upload | undefined;
  /** Runs one thing at a time for one upload. Undefined when it is gone by then. */
  alone<T>(upload: Upload, work: (upload: Upload) => Promise<T>): Promise<T | undefined>;
  readonly open: number;
  /** Of all that are open, in bytes. */
  readonly bytes: number;
  /** Deletes those that nobody has written to for so long. */
  collect(olderThanMs: number): Promise<number>;
}

export interface UploadLimits {
  readonly maxUploads: number;
  readonly maxUploadsPerRepository: number;
}

interface Slot {
  upload: Upload;
  touched: number;
  busy: Promise<unknown>;
}

/** Deletes what an earlier server left, and begins with none. */
export async function openUploads(storage: RegistryStorage, limits: UploadLimits): Promise<Uploads> {
  const folder = storage.paths.uploads;
  await makeFolder(folder);
  for (const name of await namesIfThere(folder)) await rm(join(folder, name), { recursive: true, force: true });
  const slots = new Map<string, Slot>();

  return {
    start: async (repository, algorithm = 'sha256') => {
      const beside = [...slots.values()].filter((slot) => slot.upload.repository === repository).length;
      if (slots.size >= limits.maxUploads || beside >= limits.maxUploadsPerRepository) return undefined;
      const id = randomUUID();
      const slot: Slot = {
        upload: createUpload({
          id,
          repository,
          storage,
          algorithm,
          file: join(folder, id),
          onEnd: () => slots.delete(id),
          onWrite: () => (slot.touched = Date.now()),
        }),
        touched: Date.now(),
        busy: Promise.resolve(),
      };
      slots.set(id, slot);
      return slot.upload;
    },
    find: (repository, id) => {
      const upload = slots.get(id)?.upload;
      return upload?.repository === repository ? upload : undefined;
    },
    alone: async (upload, work) => {
      const slot = slots.get(upload.id);
      if (slot === undefined) return undefined;
      const mine = slot.busy.then(() => (slots.get(upload.id) === slot ? work(upload) : undefined));
      slot.busy = mine.catch(() => undefined);
      return mine;
    },
    get open() {
      return slots.size;
    },
    get bytes() {
      return [...slots.values()].reduce((total, slot) => total + slot.upload.size, 0);
    },
    collect: async (olderThanMs) => {
      const stale = [...slots.values()].filter((slot) => Date.now() - slot.touched > olderThanMs);
      for (const slot of stale) await slot.upload.cancel();
      return stale.length;
    },
  };
}

interface UploadOptions {
  readonly id: string;
  readonly repository: string;
  readonly storage: RegistryStorage;
  readonly algorithm: 'sha256' | 'sha512';
  readonly file: string;
  readonly onEnd: () => void;
  readonly onWrite: () => void;
}

function createUpload(options: UploadOptions): Upload {
  const { id, repository, storage, file } = options;
  // Of the bytes so far: when the client keeps to this algorithm, nothing is read twice.
  let hash = createHash(options.algorithm);
  let size = 0;

  const digestAs = async (algorithm: 'sha256' | 'sha512'): Promise<Digest> =>
    `${algorithm}:${(algorithm === options.algorithm ? hash : await hashOfFile(file, algorithm)).digest('hex')}`;
  const cancel = async (): Promise<void> => {
    options.onEnd();
    await rm(file, { force: true });
  };

  return {
    id,
    repository,
    get size() {
      return size;
    },
    append: async (source, exactly) => {
      const before = { size, hash: hash.copy() };
      const handle = await open(file, 'a', 0o644);
      try {
        for await (const chunk of source) {
          options.onWrite();
          await writeAll(handle, chunk);
          hash.update(chunk);
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
