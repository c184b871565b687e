import { isTareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Dockerfile } from '../formats/dockerfile/types.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { openImage } from '../transports/index.ts';
import { transportOf } from '../transports/route.ts';
import { globalsOf, stagesOf } from './facts/stages.ts';
import type { BaseImage } from './facts/types.ts';

/** Of one file: more are not looked up. */
const MAX_BASES = 100;

/**
 * What is known of the base images of a file that are in the store, by the text of FROM with variables replaced. Nothing is fetched, and one that cannot
 * be read is as good as one that is not there: a Dockerfile can be looked at without any image.
 */
export async function basesOf(
  file: Dockerfile,
  { ctx, store }: { readonly store: Store; readonly ctx: Context },
): Promise<ReadonlyMap<string, BaseImage>> {
  const stages = stagesOf(file, globalsOf(file), undefined);
  const names = new Set(stages.flatMap(({ base, parent }) => (parent === undefined ? [base] : [])));
  const found = new Map<string, BaseImage>();
  for (const name of [...names].slice(0, MAX_BASES)) {
    if (name === 'scratch' || transportOf(name) !== undefined) continue;
    try {
      found.set(name, factsOf(await openImage(name, { store, ctx })));
    } catch (error) {
      if (!isTareError(error) || error.code === 'E_CANCELLED') throw error;
    }
  }
  return found;
}

const factsOf = ({ config, descriptor }: Image): BaseImage => ({
  digest: descriptor.digest,
  user: config.config?.User ?? '',
  variables: (config.config?.Env ?? []).map((item) => item.split('=', 1)[0] ?? ''),
});
