import { isTareError, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { isDigest, type Digest } from '../../base/digest.ts';
import { platformText } from '../../oci/platform.ts';
import type { Image } from '../../oci/types.ts';
import type { ImageResolver } from '../../solve/types.ts';
import type { Store } from '../../store/types.ts';
import { openImage, writeImage } from '../../transports/index.ts';
import { transportOf } from '../../transports/route.ts';
import type { DockerfileOptions } from './types.ts';

/** Base images: looked up once by name, found again by the digest that the graph keeps. */
export interface BaseImages {
  readonly resolve: ImageResolver;
  readonly imageOf: (source: { readonly digest: Digest; readonly reference: string }) => Promise<Image>;
}

interface ImagesOptions {
  readonly store: Store;
  readonly ctx: Context;
  readonly pull?: DockerfileOptions['pull'];
  /** Nothing is written: what is not in the store is looked at where it is. */
  readonly frozen?: boolean;
}

export function createImages(options: ImagesOptions): BaseImages {
  const known = new Map<Digest, Image>();
  return {
    resolve: async (reference, platform) => {
      const image = await baseImage(reference, platformText(platform), options);
      known.set(image.descriptor.digest, image);
      return { digest: image.descriptor.digest, config: image.config };
    },
    imageOf: ({ digest, reference }) => {
      const image = known.get(digest);
      if (image === undefined)
        return Promise.reject(new TareError('E_IMAGE_NOT_FOUND', `${reference} was not looked up before the build`));
      return Promise.resolve(image);
    },
  };
}

async function baseImage(
  reference: string,
  platform: string,
  { ctx, frozen = false, pull = 'never', store }: ImagesOptions,
): Promise<Image> {
  const tools = { store, ctx };
  const open = (text: string): Promise<Image> => openImage(text, { ...tools, platform });
  // What names another medium, or a digest alone, names no registry.
  if (pull === 'never' || transportOf(reference) !== undefined || isDigest(reference)) return open(reference);
  if (pull === 'missing') {
    try {
      return await open(reference);
    } catch (error) {
      if (!isTareError(error, 'E_IMAGE_NOT_FOUND')) throw error;
    }
  }
  const remote = await open(`docker://${reference}`);
  if (frozen) return remote;
  // The store's names have no digest: the layers are kept, and found again by their digests.
  if (reference.includes('@')) return remote;
  await writeImage(remote, reference, tools);
  return open(reference);
}
