import { TareError } from '../../base/error.ts';
import type { Annotations } from '../../oci/types.ts';
import type { CopyTools } from '../copy.ts';
import { partOf, requireIndexes, writeIndex, type Part } from './parts.ts';
import type { IndexResult } from './types.ts';

export interface CreateIndexOptions extends CopyTools {
  /** Where the index goes: a name of the store, or any medium that keeps indexes. */
  readonly target: string;
  /** Images, and indexes whose images are taken over. At least one. */
  readonly images: readonly string[];
  /** Of the index itself. */
  readonly annotations?: Annotations;
}

/**
 * Makes one index of several images; each one's platform is what its config says. The index comes with all its images, digests as they are.
 * @throws TareError E_USAGE without an image, and when two are of one platform; E_TRANSPORT where the target keeps no indexes; what reading and writing throw
 */
export async function createIndex(options: CreateIndexOptions): Promise<IndexResult> {
  const { annotations = {}, images, target, ...tools } = options;
  if (images.length === 0)
    throw new TareError('E_USAGE', `an index of no image: ${target}`, { hint: 'name the images after it' });
  await requireIndexes(target);
  const parts: Part[] = [];
  for (const source of images) parts.push(await partOf(source, tools));
  return writeIndex(parts, { target, like: { annotations }, tools });
}
