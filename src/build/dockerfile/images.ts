import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Digest } from '../../base/digest.ts';
import { platformText } from '../../oci/platform.ts';
import type { Image } from '../../oci/types.ts';
import type { ImageResolver } from '../../solve/types.ts';
import type { Store } from '../../store/types.ts';
import { openImage } from '../../transports/index.ts';

/** Base images: looked up once by name, found again by the digest that the graph keeps. */
export interface BaseImages {
  readonly resolve: ImageResolver;
  readonly imageOf: (source: { readonly digest: Digest; readonly reference: string }) => Promise<Image>;
}

export function createImages({ ctx, store }: { readonly store: Store; readonly ctx: Context }): BaseImages {
  const known = new Map<Digest, Image>();
  return {
    resolve: async (reference, platform) => {
      const image = await openImage(reference, { store, ctx, platform: platformText(platform) });
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
