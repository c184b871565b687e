import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf } from '../../base/digest.ts';
import { errnoOf, TareError } from '../../base/error.ts';
import { makeFolders } from '../../base/folders.ts';
import { readSmallFile } from '../../base/small-file.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage } from '../../tree/image-tree.ts';
import { measureLayer, measureTree } from '../../tree/measure.ts';

/** How much an image holds. Bytes are those of its files. */
export interface ImageSizes {
  readonly disk: number;
  /** All but folders. */
  readonly files: number;
  /** Bytes that each layer writes, base first. */
  readonly layers: readonly number[];
}

const MAX_RECORD_BYTES = 64 * 1024; // 64 KiB

/**
 * Counted once for each manifest: to look at every file of the base again takes longer than all else of a build in which nothing changed. Remembered below
 * `<home>/tare/solve/sizes`; a record that is missing or damaged is made anew, and a home that cannot be written remembers nothing.
 * @throws TareError as treeOfImage
 */
export async function imageSizes(image: Image, store: Store, signal: AbortSignal): Promise<ImageSizes> {
  const file = join(store.home, 'tare', 'solve', 'sizes', `${hexOf(image.descriptor.digest)}.json`);
  const known = await recorded(file, image.manifest.layers.length);
  if (known !== undefined) return known;
  const { indexes, tree } = await treeOfImage(image, store, signal);
  const { disk, files } = measureTree(tree);
  const layers = indexes.map((index) => measureLayer(index).disk);
  await remember(file, { disk, files, layers });
  return { disk, files, layers };
}

async function recorded(file: string, count: number): Promise<ImageSizes | undefined> {
  let value: unknown;
  try {
    value = JSON.parse((await readSmallFile(file, MAX_RECORD_BYTES)).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TareError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { disk, files, layers } = value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(layers) || layers.length !== count || ![disk, files, ...layers].every(isSize)) return undefined;
  return { disk: disk as number, files: files as number, layers: layers as number[] };
}

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

async function remember(file: string, sizes: ImageSizes): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    makeFolders(join(file, '..'));
    await writeFile(temporary, `${JSON.stringify(sizes)}\n`, { flag: 'wx' });
    await rename(temporary, file);
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof TareError)) throw error;
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
