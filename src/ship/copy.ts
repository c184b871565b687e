import type { Context } from '../base/events.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Compression } from '../pack/compression.ts';
import type { Store } from '../store/types.ts';
import type { RegistryAccess } from '../transports/registry/types.ts';
import {
  identityOf,
  keepsGraphs,
  lackingAt,
  openBundle,
  openImage,
  writeBundle,
  writeImage,
  type Written,
} from '../transports/index.ts';

/** What is copied, and how. */
export interface CopyHow {
  /** `OS/ARCHITECTURE[/VARIANT]` of the image to take from an index; the host's when omitted. */
  readonly platform?: string;
  /** An index with all its images, as it is. */
  readonly allPlatforms?: boolean;
  /** Signatures, SBOMs, attestations and whatever else refers to what is copied. */
  readonly referrers?: boolean;
  /** Of layers that are compressed in another way, or not at all. Digests of manifests change. */
  readonly compression?: Compression;
  /** Nothing is written; the result says what would travel. */
  readonly dryRun?: boolean;
}

export interface CopyTools {
  readonly store: Store;
  readonly ctx: Context;
  /** How registries are spoken to. */
  readonly registry?: RegistryAccess;
}

export interface CopyOptions extends CopyHow, CopyTools {
  readonly source: string;
  readonly target: string;
}

export interface CopyResult {
  /** Of the copy, normalised. */
  readonly reference: string;
  /** Of the manifest at the target: the source's own, but for docker-archive and docker-daemon (see `writeImage`), and where layers are recompressed. */
  readonly digest: Digest;
  /** Bytes that were transferred; with `dryRun`, that would be. */
  readonly bytes: number;
  /** Blobs that were written. */
  readonly blobs: number;
  /** Blobs that were there already. */
  readonly reused: number;
  /** The digest at the source, where recompression has changed it. */
  readonly sourceDigest?: Digest;
  /** Nothing was written. */
  readonly dryRun?: true;
  /** With `dryRun`: blobs that need not travel, because another repository of the registry has them. */
  readonly mounts?: { readonly from: string; readonly blobs: number; readonly bytes: number };
}

const STEP = 'copy';

/**
 * Copies an image, or an index with all its images, from any transport to any other. Emits the step `copy` and the progress of each blob.
 * @throws TareError E_USAGE when both references name the same, and for wishes that exclude each other; E_TRANSPORT for what the medium cannot keep;
 * what `openBundle` and `writeBundle` throw. Nothing half-written is left.
 */
export async function copy(options: CopyOptions): Promise<CopyResult> {
  const { ctx, source, store, target } = options;
  checkWishes(options);
  if ((await identityOf(source)) === (await identityOf(target)))
    throw new TareError('E_USAGE', `cannot copy ${source} to ${target}: they are the same`, {
      hint: 'name another target',
    });
  ctx.onEvent({ kind: 'step.started', step: STEP, detail: `${source} to ${target}` });
  const tools = { store, ctx, ...(options.registry === undefined ? {} : { registry: options.registry }) };
  // Until it is written, nothing but the lease keeps what is compressed anew from being pruned.
  const lease = options.compression === undefined || options.dryRun === true ? undefined : await store.lease();
  try {
    const result = await (needsBundle(options) ? copyBundle(options, tools) : copyImage(options, tools));
    ctx.onEvent({ kind: 'step.done', step: STEP, detail: result.reference });
    return result;
  } finally {
    await lease?.release();
  }
}

function checkWishes({ allPlatforms, compression, dryRun, platform, referrers }: CopyOptions): void {
  const refuse = (message: string, hint: string): never => {
    throw new TareError('E_USAGE', message, { hint });
  };
  if (allPlatforms === true && platform !== undefined)
    refuse('--all-platforms and --platform exclude each other', 'leave one of them out');
  if (compression === undefined) return;
  if (referrers === true)
    refuse(
      '--compression changes digests: what --referrers brings would refer to manifests that are not there',
      'copy without --compression, or sign the copy anew',
    );
  if (dryRun === true)
    refuse(
      '--dry-run cannot tell the sizes of layers that are not compressed yet',
      'leave --compression or --dry-run out',
    );
}

const needsBundle = ({ allPlatforms, compression, dryRun, referrers }: CopyHow): boolean =>
  allPlatforms === true || referrers === true || dryRun === true || compression !== undefined;

/** The only way to and from media that keep one image in a form of their own. */
async function copyImage(options: CopyOptions, tools: CopyTools): Promise<CopyResult> {
  const { platform, source, target } = options;
  const image = await openImage(source, { ...tools, ...(platform === undefined ? {} : { platform }) });
  return resultOf(await writeImage(image, target, tools));
}

async function copyBundle(options: CopyOptions, tools: CopyTools): Promise<CopyResult> {
  const { allPlatforms = false, compression, platform, referrers = false, source, target } = options;
  if (allPlatforms || referrers || compression !== undefined) await requireGraphs(target);
  const bundle = await openBundle(source, {
    ...tools,
    all: allPlatforms,
    referrers,
    ...(platform === undefined ? {} : { platform }),
  });
  if (options.dryRun === true) return planned(options, await lackingAt(bundle, target, tools), bundle);
  if (compression === undefined) return resultOf(await writeBundle(bundle, target, tools));
  const { recompressed } = await import('./recompress.ts');
  const written = resultOf(await writeBundle(await recompressed(bundle, compression, tools), target, tools));
  const sourceDigest = bundle.descriptor.digest;
  return written.digest === sourceDigest ? written : { ...written, sourceDigest };
}

/** Before anything is fetched. @throws TareError E_TRANSPORT */
async function requireGraphs(target: string): Promise<void> {
  if (await keepsGraphs(target)) return;
  throw new TareError('E_TRANSPORT', `${target} can hold one platform, uncompressed, and nothing that refers to it`, {
    hint: 'use oci:, oci-archive:, docker:// or the store; or leave --all-platforms, --referrers and --compression out',
  });
}

const resultOf = ({ blobs, bytes, digest, reference, reused }: Written): CopyResult => ({
  reference,
  digest,
  bytes,
  blobs,
  reused,
});

const sum = (blobs: readonly Descriptor[]): number => blobs.reduce((total, { size }) => total + size, 0);

function planned(
  { target }: CopyOptions,
  lacking: Awaited<ReturnType<typeof lackingAt>>,
  bundle: Awaited<ReturnType<typeof openBundle>>,
): CopyResult {
  const { blobs, mountFrom, total } = lacking;
  const documents = new Set(bundle.documents.map(({ descriptor }) => descriptor.digest));
  const mounted = mountFrom === undefined ? [] : blobs.filter(({ digest }) => !documents.has(digest));
  const travelling = blobs.filter((blob) => !mounted.includes(blob));
  return {
    dryRun: true,
    reference: target,
    digest: bundle.descriptor.digest,
    bytes: sum(travelling),
    blobs: travelling.length,
    reused: total - blobs.length,
    ...(mountFrom === undefined || mounted.length === 0
      ? {}
      : { mounts: { from: mountFrom, blobs: mounted.length, bytes: sum(mounted) } }),
  };
}
