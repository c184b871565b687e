import type { Context } from '../base/events.ts';
import { isTareError, TareError } from '../base/error.ts';
import {
  isInside,
  joinPath,
  nameOf,
  parentOf,
  pathOfText,
  quotePath,
  ROOT,
  textOfBytes,
  type TreePath,
} from '../base/path.ts';
import type { Evidence } from '../evidence/codec.ts';
import { evidenceOf } from '../evidence/image-evidence.ts';
import type { Edge } from '../evidence/types.ts';
import type { Image } from '../oci/types.ts';
import { ownerOf, packageDbs } from '../packages/index.ts';
import type { Store } from '../store/types.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import type { Tree } from '../tree/types.ts';
import { whyOfLayers } from './why-layers.ts';

export interface Reason {
  readonly path: string;
  readonly kind: string;
  readonly because: string;
}

export interface Why {
  readonly path: string;
  readonly kept: boolean;
  readonly size: number;
  /**
   * First the entry point (or another start), last the path asked for; empty when it is not kept. Of an image without a record of reasons: what each layer
   * did to the path (`made`, `changed`, `deleted`).
   */
  readonly chain: readonly Reason[];
  readonly package?: string;
  /** For a path that was left out: what is known of it. */
  readonly dropped?: { readonly size: number; readonly because: string };
  /** What the image that this one was made from has of a path that was left out. */
  readonly original?: Pick<Why, 'size' | 'chain' | 'package'> & { readonly reference: string };
}

/**
 * Why a path is in the image, or why it is not: by its record of reasons, else by its layers. The path may run through links of the image.
 * @throws TareError E_PATH_NOT_FOUND, and what reading the image throws
 */
export async function why(options: {
  readonly image: Image;
  /** The image that this one was made from. */
  readonly original?: Image;
  readonly path: string;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<Why> {
  const { image, original, store } = options;
  const asked = askedPath(options.path, image);
  if (original !== undefined) return withOriginal({ ...options, original, asked });
  const { content, indexes, tree } = await treeOfImage(image, store, options.ctx.signal);
  if (image.evidence === undefined) return whyOfLayers({ image, tree, indexes, asked });
  const evidence = await evidenceOf(image);
  const canonical = canonicalPath(tree, asked);
  const entry = canonical === undefined ? undefined : tree.get(canonical);
  if (canonical === undefined || entry === undefined) return droppedPath(evidence, asked, image);
  const owner = ownerOf(await packageDbs(tree, content, { under: [ROOT] }), canonical);
  return {
    path: textOfBytes(asked),
    kept: true,
    size: entry.size,
    chain: chainTo(evidence, tree, asked, canonical),
    ...(owner === undefined ? {} : { package: owner.name }),
  };
}

/** The answer, and of a path that is not there what the original has of it. */
async function withOriginal(options: {
  readonly image: Image;
  readonly original: Image;
  readonly asked: TreePath;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<Why> {
  const { asked, ctx, image, original, store } = options;
  const path = textOfBytes(asked);
  const own = await why({ image, path, store, ctx }).catch((error: unknown) => {
    if (!isTareError(error, 'E_PATH_NOT_FOUND')) throw error;
    return undefined;
  });
  if (own?.kept === true) return own;
  const { content, indexes, tree } = await treeOfImage(original, store, ctx.signal);
  const { chain, kept, size } = whyOfLayers({ image: original, tree, indexes, asked });
  const canonical = canonicalPath(tree, asked);
  const owner =
    canonical === undefined ? undefined : ownerOf(await packageDbs(tree, content, { under: [ROOT] }), canonical);
  const bytes = canonical === undefined ? size : sizeBelow(tree, canonical);
  const named = owner === undefined ? {} : { package: owner.name };
  const answer = own ?? {
    path,
    kept: false,
    size: bytes,
    chain: [],
    ...named,
    dropped: {
      size: bytes,
      because: kept
        ? 'no evidence leads to it from the entry point, a rule or an include'
        : 'the original has deleted it',
    },
  };
  return { ...answer, original: { reference: original.reference, size: bytes, chain, ...named } };
}

function sizeBelow(tree: Tree, path: TreePath): number {
  let size = 0;
  for (const entry of tree.walk()) if (entry.type === 'file' && isInside(path, entry.path)) size += entry.size;
  return size;
}

/** Links in the folders on the way are followed, the last component is not: it may be a link that is itself kept. */
function canonicalPath(tree: Tree, path: TreePath): TreePath | undefined {
  if (path === '/' || tree.get(path) !== undefined) return path;
  const parent = tree.resolve(parentOf(path))?.entry.path;
  if (parent === undefined) return undefined;
  const direct = joinPath(parent, nameOf(path));
  return tree.get(direct) === undefined ? undefined : direct;
}

/** From a start to a path, as the image's record has it; `canonical` is the same path with links followed on the way. Empty without a reason. */
export function chainTo(evidence: Evidence, tree: Tree, asked: TreePath, canonical: TreePath): Reason[] {
  const straight = chainOf(evidence, tree, asked);
  if (straight.length > 0) return straight;
  const chain = chainOf(evidence, tree, canonical);
  if (chain.length === 0 || asked === canonical) return chain;
  return [
    ...chain,
    {
      path: textOfBytes(asked),
      kind: 'symlink',
      because: `the same as ${textOfBytes(canonical)}: a folder on the way is a link`,
    },
  ];
}

/** From the graph; a folder that is only a parent is explained by what it holds, an added file by the rule that made it. */
function chainOf(evidence: Evidence, tree: Tree, path: TreePath): Reason[] {
  const edges = evidence.graph.chain(path);
  if (edges.length > 0) return reasonsOf(edges);
  const added = evidence.added.find((edge) => edge.to === path);
  if (added !== undefined) return reasonsOf([added]);
  const held = tree.children(path)[0]?.path;
  if (held === undefined) return [];
  const inner = chainOf(evidence, tree, held);
  return inner.length === 0
    ? []
    : [...inner, { path: textOfBytes(path), kind: 'parent', because: `the folder that holds ${textOfBytes(held)}` }];
}

function reasonsOf(edges: readonly Edge[]): Reason[] {
  const first = edges[0];
  const start: Reason[] =
    first === undefined || first.kind === 'entrypoint'
      ? []
      : [{ path: textOfBytes(first.from), kind: first.kind, because: 'where the chain starts' }];
  return [
    ...start,
    ...edges.map((edge) => ({
      path: textOfBytes(edge.to),
      kind: edge.kind,
      because: edge.because + (edge.at === undefined ? '' : `, line ${edge.at.line}`),
    })),
  ];
}

/** A path that does not start with '/' is one of the application. */
function askedPath(text: string, image: Image): TreePath {
  if (text.startsWith('/')) return pathOfText(text);
  return pathOfText(`${image.config.config?.WorkingDir ?? '/'}/${text}`);
}

/** A path that was offered and left out, or a folder of such paths. */
function droppedPath(evidence: Evidence, asked: TreePath, image: Image): Why {
  const known = evidence.dropped.filter((item) => isInside(asked, item.path));
  const [first] = known;
  if (first === undefined) {
    throw new TareError('E_PATH_NOT_FOUND', `${quotePath(asked)} is not in ${image.reference}: nothing asked for it`, {
      hint: `list what is there with \`tare files ${image.reference}\`; \`include\` in tare.yaml brings a path along`,
    });
  }
  const workdir = pathOfText(image.config.config?.WorkingDir ?? '/');
  // Without a folder of its own an application cannot be told from its base; what a package owns is no work of its author.
  const own =
    workdir !== '/' && first.package === undefined && isInside(workdir, asked) && !asked.includes('/node_modules/');
  const size = known.reduce((total, item) => total + item.size, 0);
  const because = own
    ? 'files for the workshop (tests, notes, locks, settings, secrets) are left out unless code or `include` names them'
    : 'no evidence leads to it from the entry point, a rule or an include';
  return {
    path: textOfBytes(asked),
    kept: false,
    size,
    chain: [],
    ...(first.package === undefined ? {} : { package: first.package }),
    dropped: { size, because },
  };
}

/** Every path of the image that has no chain: none, if tare did its work. */
export async function unexplained(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<readonly string[]> {
  const evidence = await evidenceOf(options.image);
  const { tree } = await treeOfImage(options.image, options.store, options.ctx.signal);
  return [...tree.walk()]
    .filter((entry) => chainTo(evidence, tree, entry.path, entry.path).length === 0)
    .map((entry) => textOfBytes(entry.path));
}
