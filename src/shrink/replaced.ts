import type { Digest } from '../base/digest.ts';
import type { Store } from '../store/types.ts';
import type { ShrinkResult } from './types.ts';

/** What a name stands for before another image gets it; undefined when it is free, or has that image already. */
export async function replacedBy(digest: Digest, name: string, store: Store): Promise<ShrinkResult['replaced']> {
  const images = await store.images();
  const before = images.find((image) => image.name === name);
  if (before === undefined || before.descriptor.digest === digest) return undefined;
  const others = images.filter((image) => image !== before && image.descriptor.digest === before.descriptor.digest);
  return { digest: before.descriptor.digest, names: others.map((image) => image.name) };
}
