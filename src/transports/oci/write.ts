import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { makeFolders } from '../../base/folders.ts';
import { algorithmOf } from '../../base/digest.ts';
import { errnoOf, fromErrno, isTareError, TareError } from '../../base/error.ts';
import { bytesOf, verified } from '../../base/streams.ts';
import { encodeIndex } from '../../oci/encode.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import type { Descriptor, ImageIndex } from '../../oci/types.ts';
import { parseIndex } from '../../oci/validate.ts';
import { withLock } from '../../store/lock.ts';
import type { LayersQuestion } from '../../store/types.ts';
import { copyBlobs, type BlobSink } from '../blobs.ts';
import { readHostFile } from '../host-file.ts';
import {
  blobPath,
  checkLayoutFile,
  INDEX_FILE,
  LAYOUT_CONTENT,
  LAYOUT_FILE,
  layoutEntries,
  MAX_INDEX_JSON_BYTES,
  refNameOf,
  type LayoutFiles,
} from '../layout.ts';
import { withListed } from '../referrer-list.ts';
import type { Bundle, BundleDocument, TransportTools, Written } from '../types.ts';
import { replaceFile } from '../write-file.ts';
import { layoutFolder } from './folder.ts';

/**
 * Puts a bundle into a layout folder, which is made when it is not there. Blobs first, index.json last: at any moment the folder is a valid layout
 * with the old or the new entry. An entry of the same name is replaced, others stay.
 */
export async function writeLayoutFolder(
  bundle: Bundle,
  dir: string,
  name: string | undefined,
  tools: TransportTools,
): Promise<Omit<Written, 'reference'>> {
  const { ctx } = tools;
  const files = layoutFolder(dir);
  const sink = folderSink(dir, tools);
  await prepareFolder(files, dir, ctx.signal);
  const counts = await copyBlobs(bundle, sink, ctx);
  await withLock(await lockFile(dir), async () => {
    const index = await currentIndex(files);
    const documents: BundleDocument[] = [];
    for (const document of bundle.documents) {
      const before = index.manifests.find((item) => document.tag !== undefined && refNameOf(item) === document.tag);
      const merged = await withListed(document, before, files.blobs);
      if (merged !== document) await sink.put(merged.descriptor, () => bytesOf(merged.raw));
      documents.push(merged);
    }
    const entries = layoutEntries({ ...bundle, documents }, name);
    const names = new Set(entries.map(refNameOf));
    const manifests = [...index.manifests.filter((item) => !names.has(refNameOf(item))), ...entries];
    await replaceFile(join(dir, INDEX_FILE), bytesOf(encodeIndex({ ...index, manifests })), ctx.signal);
  });
  return { digest: bundle.descriptor.digest, ...counts };
}

/** @throws TareError E_LAYOUT for a folder that holds something else: it is somebody's, and not ours to fill */
async function prepareFolder(files: LayoutFiles, dir: string, signal: AbortSignal): Promise<void> {
  try {
    makeFolders(dir);
    if ((await readdir(dir)).length > 0) {
      await checkLayoutFile(files);
    } else {
      await replaceFile(join(dir, INDEX_FILE), bytesOf(encodeIndex(EMPTY_INDEX)), signal);
      await replaceFile(join(dir, LAYOUT_FILE), bytesOf(LAYOUT_CONTENT), signal);
    }
  } catch (error) {
    if (isTareError(error, 'E_LAYOUT')) {
      throw new TareError('E_LAYOUT', `cannot write to ${dir}: ${error.message}`, {
        hint: 'name a new or empty folder, or one that holds an OCI layout',
      });
    }
    throw fromErrno(error, `cannot write to ${dir}`);
  }
}

const EMPTY_INDEX: ImageIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

async function currentIndex(files: LayoutFiles): Promise<ImageIndex> {
  const bytes = await files.bytes(INDEX_FILE, MAX_INDEX_JSON_BYTES);
  return bytes === undefined ? EMPTY_INDEX : parseIndex(bytes, { maxBytes: MAX_INDEX_JSON_BYTES });
}

/** The folder may be the store of another TARE_HOME: then its own lock counts. */
async function lockFile(dir: string): Promise<string> {
  try {
    if ((await stat(join(dir, 'tare'))).isDirectory()) return join(dir, 'tare', 'lock');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot read ${dir}`);
  }
  return join(dir, '.index.json.lock');
}

/** @param dir need not be there */
export function folderSink(dir: string, { ctx, store }: TransportTools): BlobSink {
  const { blobs } = layoutFolder(dir);
  const question = (descriptor: Descriptor): LayersQuestion => ({
    about: QUESTION,
    source: blobs,
    layers: [descriptor],
  });
  const isMemorable = ({ size }: Descriptor): boolean => size >= MEMORABLE_BYTES;
  const remember = async (descriptor: Descriptor): Promise<void> => {
    if (isMemorable(descriptor)) await store.remember(question(descriptor), 'yes');
  };
  return {
    has: async (descriptor) => {
      const path = join(dir, blobPath(descriptor.digest));
      if (!(await isThere(path, descriptor))) return false;
      if (isMemorable(descriptor) && (await store.recall(question(descriptor))) === 'yes') return true;
      const isWhole = (await digestOf(path, descriptor)) === descriptor.digest;
      if (isWhole) await remember(descriptor);
      return isWhole;
    },
    put: async (descriptor, open) => {
      const path = join(dir, blobPath(descriptor.digest));
      try {
        makeFolders(join(dir, 'blobs', algorithmOf(descriptor.digest)));
      } catch (error) {
        throw fromErrno(error, `cannot write to ${dir}`);
      }
      await replaceFile(path, verified(open(), descriptor), ctx.signal);
      await remember(descriptor);
    },
  };
}

const QUESTION = 'is this file of a layout the blob of its name? 1';
/** What is shorter is read in the time that it takes to remember it. */
const MEMORABLE_BYTES = 1024 * 1024; // 1 MiB

async function isThere(path: string, { size }: Descriptor): Promise<boolean> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size === size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fromErrno(error, `cannot read ${path}`);
  }
}

/** A blob that is not what its name says is written anew. */
async function digestOf(path: string, { digest }: Descriptor): Promise<string> {
  const algorithm = algorithmOf(digest);
  const hash = createHash(algorithm);
  for await (const chunk of readHostFile(path, 'blob', 'E_IMAGE_NOT_FOUND')) hash.update(chunk);
  return `${algorithm}:${hash.digest('hex')}`;
}
