import { open as openFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { fromErrno } from '../base/error.ts';

/** A tar that is being written; made when its first bytes come. */
export interface TarFile {
  readonly begun: () => boolean;
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** Puts it under its name, which is returned. */
  readonly commit: () => Promise<string>;
  /** Idempotent. */
  readonly abort: () => Promise<void>;
}

export interface TarPlace {
  readonly temporary: string;
  readonly target: string;
}

/**
 * Not flushed, which would wait for the disk to take all of it: the tar can be made again. What a crash cuts short has another size, which is looked
 * at before it is used, and files that are read from it are checked by their sha256.
 * @param choose is asked once, for the first bytes. @throws TareError E_NO_SPACE, … with the path
 */
export function tarFile(choose: () => Promise<TarPlace>): TarFile {
  let open: (TarPlace & { readonly handle: FileHandle }) | undefined;
  const begin = async (): Promise<NonNullable<typeof open>> => {
    const place = await choose();
    return { ...place, handle: await openFile(place.temporary, 'wx', 0o644) };
  };
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw fromErrno(error, `cannot write ${open?.target ?? 'the unpacked layer'}`);
    }
  };
  return {
    begun: () => open !== undefined,
    write: (chunk) =>
      told(async () => {
        open ??= await begin();
        await open.handle.writeFile(chunk);
      }),
    commit: () =>
      told(async () => {
        open ??= await begin();
        const { handle, target, temporary } = open;
        await handle.close();
        await rename(temporary, target);
        return target;
      }),
    abort: async () => {
      if (open === undefined) return;
      await open.handle.close();
      await rm(open.temporary, { force: true });
    },
  };
}
