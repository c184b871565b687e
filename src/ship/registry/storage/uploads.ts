import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRepository } from '../../../oci/reference.ts';
import { makeFolder, modifiedAt, namesIfThere, sizeIfThere } from '../../../store/files.ts';
import { folderOfRepository, repositoryOfFolder } from './paths.ts';
import type { RegistryStorage } from './storage.ts';
import { createUpload, type Upload } from './upload.ts';

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
  /** An upload that nobody writes to for so long is given up. */
  readonly uploadAgeMs: number;
}

interface Slot {
  upload: Upload;
  touched: number;
  busy: Promise<unknown>;
}

/**
 * Goes on with what an earlier server left, however it ended: what is in a file is what came, and its digest is checked at its end all the same. What is
 * older than `uploadAgeMs` goes, and what is none of ours.
 */
export async function openUploads(storage: RegistryStorage, limits: UploadLimits): Promise<Uploads> {
  const folder = storage.paths.uploads;
  await makeFolder(folder);
  const slots = new Map<string, Slot>();

  const add = (left: Left, algorithm?: 'sha256' | 'sha512'): Upload => {
    const { id, repository, size, touched } = left;
    const slot: Slot = {
      upload: createUpload({
        id,
        repository,
        storage,
        algorithm,
        size,
        file: fileOf(folder, left),
        onEnd: () => slots.delete(id),
        onWrite: () => (slot.touched = Date.now()),
      }),
      touched,
      busy: Promise.resolve(),
    };
    slots.set(id, slot);
    return slot.upload;
  };
  for (const id of await namesIfThere(folder)) {
    const left = await leftIn(folder, id);
    if (left !== undefined && Date.now() - left.touched <= limits.uploadAgeMs) add(left);
    else await rm(join(folder, id), { recursive: true, force: true });
  }

  return {
    start: async (repository, algorithm = 'sha256') => {
      const beside = [...slots.values()].filter((slot) => slot.upload.repository === repository).length;
      if (slots.size >= limits.maxUploads || beside >= limits.maxUploadsPerRepository) return undefined;
      const left = { id: randomUUID(), repository, size: 0, touched: Date.now() };
      const upload = add(left, algorithm);
      try {
        await mkdir(join(folder, left.id));
        await writeFile(fileOf(folder, left), '', { flag: 'wx', mode: 0o644 });
      } catch (error) {
        await upload.cancel();
        throw error;
      }
      return upload;
    },
    find: (repository, id) => {
      const upload = slots.get(id)?.upload;
      return upload?.repository === repository ? upload : undefined;
    },
    alone: async (upload, work) => {
      const slot = slots.get(upload.id);
      if (slot === undefined) return undefined;
      const mine = slot.busy.then(() => (slots.get(upload.id) === slot ? work(upload) : undefined));
      // Who asked is told of the failure; the next one only waits for the turn.
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

/** What the disk says of an upload. */
interface Left {
  readonly id: string;
  readonly repository: string;
  readonly size: number;
  /** In ms since the epoch. */
  readonly touched: number;
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const fileOf = (folder: string, { id, repository }: Pick<Left, 'id' | 'repository'>): string =>
  join(folder, id, folderOfRepository(repository));

/** Undefined for what is none of ours, or was being made or ended when the server was killed. */
async function leftIn(folder: string, id: string): Promise<Left | undefined> {
  const isOurs = ID.test(id) && (await lstat(join(folder, id))).isDirectory();
  const [name, ...more] = isOurs ? await namesIfThere(join(folder, id)) : [];
  if (name === undefined || more.length > 0) return undefined;
  const repository = repositoryOfFolder(name);
  const file = fileOf(folder, { id, repository });
  const [size, touched] = [await sizeIfThere(file), await modifiedAt(file)];
  if (!isRepository(repository) || size === undefined || touched === undefined) return undefined;
  return { id, repository, size, touched };
}
