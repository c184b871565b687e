import type { Context } from '../../base/events.ts';
import { ROOT } from '../../base/path.ts';
import type { Image } from '../../oci/types.ts';
import { ownerOf, packageDbs } from '../../packages/index.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage, type ImageTree } from '../../tree/image-tree.ts';
import { diffImages } from '../diff/diff.ts';
import { findingsOf } from '../findings/index.ts';
import { layers } from '../layers/layers.ts';
import { holdingsOf } from './attribution.ts';
import { pathInImage } from './path-in-image.ts';
import { MAX_EVIDENCE, type Facts, type Need } from './types.ts';

export interface GatherOptions {
  readonly image: Image;
  /** What growth is measured against. */
  readonly base?: Image | undefined;
  readonly needs: ReadonlySet<Need>;
  readonly now?: number | undefined;
  readonly store: Store;
  readonly ctx: Context;
}

/** Looks at an image once for all rules, and at no more than they need. @throws TareError what reading the images throws */
export async function gather(options: GatherOptions): Promise<{ readonly facts: Facts; readonly files: ImageTree }> {
  const { base, ctx, image, needs, now, store } = options;
  const dissection = await layers({ image, store, ctx, limit: MAX_EVIDENCE });
  const files = await treeOfImage(image, store, ctx.signal, { headers: true });
  const { content, tree } = files;
  const databases = await packageDbs(tree, content, { under: [ROOT] });
  const facts: Facts = {
    reference: image.reference,
    config: image.config.config ?? {},
    dissection,
    tree,
    packages: databases.flatMap(({ packages }) => packages),
    ownerOf: (text) => {
      const path = pathInImage(text);
      const owner = path === undefined ? undefined : ownerOf(databases, path);
      return owner === undefined ? undefined : `${owner.manager} ${owner.name} ${owner.version}`.trimEnd();
    },
    layerOf: (text) => {
      const path = pathInImage(text);
      return path === undefined ? undefined : tree.get(path)?.layer;
    },
    holdings: holdingsOf(tree, databases),
    ...(needs.has('findings') ? { findings: await findingsOf({ image, store, ctx }) } : {}),
    ...(needs.has('growth') && base !== undefined
      ? { growth: await diffImages({ before: { image: base }, after: { image }, semantic: true, store, ctx }) }
      : {}),
    ...(now === undefined ? {} : { now }),
  };
  return { facts, files };
}
