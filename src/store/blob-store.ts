import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { algorithmOf, isDigest, sha256, type Digest } from '../base/digest.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { verified } from '../base/streams.ts';
import type { Descriptor } from '../oci/types.ts';
import { createBlobWriter } from './blob-writer.ts';
import { namesIfThere, sizeIfThere } from './files.ts';
import { blobPath, type StorePaths } from './paths.ts';
import type { BlobStore } from './types.ts';

const READ_CHUNK_BYTES = 256 * 1024; // 256 KiB

export interface BlobStoreOptions {
  readonly paths: StorePaths;
  /** Called before each write. */
  readonly prepare: () => Promise<void>;
  /** Called before each look for a blob: once it is found, it must stay. */
  readonly hold: (digest: Digest) => Promise<void>;
}

/** The `blobs/` folder of the layout. A blob is complete from the moment that it has its name. */
export function createBlobStore(options: BlobStoreOptions): BlobStore {
  const { paths } = options;

  const size = async (digest: Digest): Promise<number | undefined> => {
    await options.hold(digest);
    return sizeIfThere(blobPath(paths, digest));
  };
  const isPresent = async (digest: Digest, expected: number | undefined): Promise<boolean> => {
    const found = await size(digest);
    return found !== undefined && (expected === undefined || found === expected);
  };
  const writer = async (checked?: Digest) => {
    await options.prepare();
    const algorithm = checked === undefined ? 'sha256' : algorithmOf(checked);
    return createBlobWriter({ paths, algorithm, isPresent, ...(checked === undefined ? {} : { checked }) });
  };

  const put: BlobStore['put'] = async (source, expected) => {
    if (expected !== undefined && (await isPresent(expected.digest, expected.size))) {
      await source[Symbol.asyncIterator]().return?.();
      return { digest: expected.digest, size: (await size(expected.digest)) ?? 0 };
    }
    const target = await writer(expected?.digest);
    try {
      for await (const chunk of expected === undefined ? source : verified(source, expected)) await target.write(chunk);
    } catch (error) {
      await target.abort();
      throw error;
    }
    return target.commit();
  };

  return {
    root: paths.home,
    size,
    put,
    putBytes: async (bytes) => {
      const digest = sha256(bytes);
      if (await isPresent(digest, bytes.length)) return { digest, size: bytes.length };
      const target = await writer();
      await target.write(bytes);
      return target.commit();
    },
    writer: () => writer(),
    open: (descriptor) => readBlob(paths, descriptor),
    file: async (descriptor) => {
      const file = blobPath(paths, descriptor.digest);
      return (await sizeIfThere(file)) === undefined ? undefined : file;
    },
    list: () => listBlobs(paths),
  };
}

async function* readBlob(paths: StorePaths, descriptor: Descriptor): AsyncGenerator<Uint8Array> {
  const file = blobPath(paths, descriptor.digest);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: READ_CHUNK_BYTES })) yield chunk as Buffer;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      throw new TareError('E_IMAGE_NOT_FOUND', `blob ${descriptor.digest} is not in the store ${paths.home}`, {
        hint: 'fetch or build the image again',
        cause: error,
      });
    throw fromErrno(error, `cannot read ${file}`);
  }
}

/** In byte order. Names that are no digest are not blobs. */
async function* listBlobs(paths: StorePaths): AsyncGenerator<{ readonly digest: Digest; readonly size: number }> {
  for (const algorithm of ['sha256', 'sha512']) {
    for (const name of await namesIfThere(join(paths.blobs, algorithm))) {
      const digest = `${algorithm}:${name}`;
      if (!isDigest(digest)) continue;
      const size = await sizeIfThere(blobPath(paths, digest));
      if (size !== undefined) yield { digest, size };
    }
  }
}
