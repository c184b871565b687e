import type { Context } from '../../base/events.ts';
import { compareBytes, ROOT } from '../../base/path.ts';
import type { BlobSource } from '../../oci/types.ts';
import { packageDbs } from '../../packages/index.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { LayersQuestion, Store } from '../../store/types.ts';
import { diffTrees } from '../../tree/diff.ts';
import { treeOfImage, treesOfImages, type ImageTree } from '../../tree/image-tree.ts';
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

/** Paths of an answer that is remembered. */
const MAX_REMEMBERED = 20_000;
/** Changes with what is in an answer. */
const VERSION = 2;

/** A side with its files at hand. */
type Opened = (DiffImage & ImageTree & { readonly xattrs: true }) | (DiffFiles & { readonly image?: undefined });

/**
 * What changed between two images, folders or archives. Plain archives are read by their headers and compressed layers by their index; contents are
 * read where neither tells whether two of one size are the same, and the records of package managers. What two images differ in is remembered in the store.
 * @throws TareError what reading the images throws
 */
export async function diffImages(options: DiffOptions): Promise<ImageDiff> {
  const { after, before, semantic = false, store } = options;
  // Folders and archives have no digest that says what they are.
  if (!('image' in before) || !('image' in after)) return compared(options);
  const [a, b] = [before.image, after.image];
  const question: LayersQuestion = {
    about: `diff ${VERSION} ${semantic ? 'semantic' : 'strict'} ${a.descriptor.digest} ${b.descriptor.digest}`,
    source: eitherOf(a.blobs, b.blobs),
    layers: [...a.manifest.layers, ...b.manifest.layers],
  };
  const known = await store.recall(question);
  if (known !== undefined) {
    const answer = JSON.parse(known) as ImageDiff;
    return {
      ...answer,
      before: { ...answer.before, reference: a.reference },
      after: { ...answer.after, reference: b.reference },
    };
  }
  const found = await compared(options);
  const { added, changed, removed } = found;
  if (added.length + changed.length + removed.length <= MAX_REMEMBERED)
    await store.remember(question, JSON.stringify(found));
  return found;
}

/** For questions of where a layer is: in the first that has it. */
function eitherOf(a: BlobSource, b: BlobSource): BlobSource {
  return {
    open: (descriptor) => a.open(descriptor),
    file: async (descriptor) => (await a.file?.(descriptor)) ?? b.file?.(descriptor),
    place: async (descriptor) => (await a.place?.(descriptor)) ?? b.place?.(descriptor),
  };
}

async function compared(options: DiffOptions): Promise<ImageDiff> {
  const { ctx, semantic = false } = options;
  const [before, after] = await openBoth(options);
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

async function openBoth({ after, before, ctx, store }: DiffOptions): Promise<readonly [Opened, Opened]> {
  const opened = async (side: DiffSide): Promise<Opened> => {
    if (!('image' in side)) return side;
    return { ...side, ...(await treeOfImage(side.image, store, ctx.signal, { headers: true })), xattrs: true };
  };
  if (!('image' in before) || !('image' in after)) return [await opened(before), await opened(after)];
  const [one, two] = await treesOfImages([before.image, after.image], store, ctx.signal);
  return [
    { ...before, ...one, xattrs: true },
    { ...after, ...two, xattrs: true },
  ];
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
