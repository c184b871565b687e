import type { Context } from '../../base/events.ts';
import { compareBytes, ROOT } from '../../base/path.ts';
import { packageDbs } from '../../packages/index.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { Store } from '../../store/types.ts';
import { diffTrees } from '../../tree/diff.ts';
import { treeOfImage, type ImageTree } from '../../tree/image-tree.ts';
import { measureTree } from '../../tree/measure.ts';
import { diffConfigs } from './config.ts';
import { settle } from './contents.ts';
import { diffLayers, NO_LAYERS } from './layers.ts';
import { diffPackages } from './packages.ts';
import { describePaths } from './paths.ts';
import type { DiffedSide, DiffFiles, DiffImage, DiffSide, ImageDiff } from './types.ts';

export type { DiffSide, ImageDiff } from './types.ts';

export interface DiffOptions {
  readonly before: DiffSide;
  readonly after: DiffSide;
  /** Leaves out times, the order in archives, and how layers are cut and compressed. */
  readonly semantic?: boolean;
  readonly ctx: Context;
  readonly store: Store;
}

/** A side with its files at hand. */
type Opened = (DiffImage & ImageTree & { readonly xattrs: true }) | (DiffFiles & { readonly image?: undefined });

/**
 * What changed between two images, folders or archives. Plain archives are read by their headers and compressed layers by their index; contents are
 * read where neither tells whether two of one size are the same, and the records of package managers.
 * @throws TareError what reading the images throws
 */
export async function diffImages(options: DiffOptions): Promise<ImageDiff> {
  const { ctx, semantic = false } = options;
  const before = await opened(options.before, options);
  const after = await opened(options.after, options);
  const xattrs = before.xattrs && after.xattrs;
  const found = diffTrees(before.tree, after.tree, { times: !semantic, xattrs });
  const settled = await settle(found.unsure, { before: before.content, after: after.content }, ctx);
  const changed = [...found.changed, ...settled].sort((a, b) => compareBytes(a.before.entry.path, b.before.entry.path));
  const databases = [await databasesOf(before), await databasesOf(after)] as const;
  const paths = describePaths({ added: found.added, removed: found.removed, changed }, ...databases);
  const sides = [sideOf(before), sideOf(after)] as const;
  const images = before.image !== undefined && after.image !== undefined ? ([before, after] as const) : undefined;
  const config = images === undefined ? [] : diffConfigs(images[0].image, images[1].image, semantic);
  const layers = images === undefined ? NO_LAYERS : diffLayers(...images, semantic);
  const hasPaths = found.added.length + found.removed.length + changed.length > 0;
  const hasLayers = layers.onlyBefore.length + layers.onlyAfter.length > 0;
  return {
    before: sides[0],
    after: sides[1],
    semantic,
    different: hasPaths || config.length > 0 || (!semantic && hasLayers),
    verified: [before, after].every((side) => side.image === undefined || side.verified),
    ...paths,
    size: {
      disk: sides[1].size.disk - sides[0].size.disk,
      wire: sides[0].size.wire === null || sides[1].size.wire === null ? null : sides[1].size.wire - sides[0].size.wire,
    },
    ...diffPackages(
      { tree: before.tree, databases: databases[0], describe: found.ofA },
      { tree: after.tree, databases: databases[1], describe: found.ofB },
    ),
    config,
    layers,
  };
}

async function opened(side: DiffSide, { ctx, store }: DiffOptions): Promise<Opened> {
  if (!('image' in side)) return side;
  return { ...side, ...(await treeOfImage(side.image, store, ctx.signal, { headers: true })), xattrs: true };
}

const databasesOf = ({ content, tree }: Opened): Promise<readonly PackageDb[]> =>
  packageDbs(tree, content, { under: [ROOT] });

function sideOf(side: Opened): DiffedSide {
  const { disk, files } = measureTree(side.tree);
  if (side.image === undefined) return { reference: side.reference, size: { disk, wire: null }, files };
  const { descriptor, manifest, reference } = side.image;
  const wire = manifest.layers.reduce((sum, { size }) => sum + size, 0);
  return { reference, digest: descriptor.digest, size: { disk, wire }, files };
}
