import { isTareError, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import { isIndex } from '../oci/media-types.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { Descriptor, Image, ImageIndex } from '../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex } from '../oci/validate.ts';
import type { Store } from '../store/types.ts';
import { misspelt, PREFIXES, transportOf, unknownTransport, type Prefix } from './route.ts';
import { blobsOf } from './blobs.ts';
import { bundleOfImage, gatherBundle } from './bundle.ts';
import { imageOf, readBlob } from './image.ts';
import type { Bundle, GraphTransport, Lacking, Transport, TransportLine, TransportTools, Written } from './types.ts';

export type { Bundle, TransportLine, Written } from './types.ts';

const STORE: TransportLine = {
  name: 'store',
  form: 'NAME[:TAG], NAME@DIGEST, DIGEST',
  summary: "tare's own store, in TARE_HOME",
  reads: true,
  writes: true,
  load: async () => (await import('./store/index.ts')).transport,
};

const BY_PREFIX: Readonly<Record<Prefix, TransportLine>> = {
  docker: {
    name: 'docker',
    form: 'docker://HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]',
    summary: 'a registry',
    reads: true,
    writes: true,
    load: async () => (await import('./registry/index.ts')).transport,
  },
  oci: {
    name: 'oci',
    form: 'oci:DIR[:NAME]',
    summary: 'an OCI image layout in a folder',
    reads: true,
    writes: true,
    load: async () => (await import('./oci/index.ts')).transport,
  },
  'oci-archive': {
    name: 'oci-archive',
    form: 'oci-archive:FILE[:NAME]',
    summary: 'a tar archive of an OCI image layout',
    reads: true,
    writes: true,
    load: async () => (await import('./oci-archive/index.ts')).transport,
  },
  'docker-archive': {
    name: 'docker-archive',
    form: 'docker-archive:FILE[:NAME:TAG]',
    summary: 'what `docker save` writes and `docker load` reads',
    reads: true,
    writes: true,
    load: async () => (await import('./docker-archive/index.ts')).transport,
  },
  'docker-daemon': {
    name: 'docker-daemon',
    form: 'docker-daemon:NAME[:TAG]',
    summary: 'the Docker daemon at DOCKER_HOST',
    reads: true,
    writes: true,
    load: async () => (await import('./docker-daemon/index.ts')).transport,
  },
};

/** Every medium, for help texts: one line here, one folder beside this file. Nothing is loaded before it is used. */
export const TRANSPORTS: readonly TransportLine[] = [STORE, ...PREFIXES.map((prefix) => BY_PREFIX[prefix])];

export interface ImageTools extends TransportTools {
  readonly store: Store;
  readonly ctx: Context;
}

/**
 * The image that a reference names, in the store or behind a transport's prefix. Manifest and config are verified; layers are not read.
 * @param options.platform `OS/ARCHITECTURE[/VARIANT]`; without it the host's is taken from an index, and an image of a single platform as it is
 * @throws TareError E_TRANSPORT for a prefix that is not there; what the transport throws
 */
export async function openImage(text: string, options: ImageTools & { readonly platform?: string }): Promise<Image> {
  const { rest, transport } = await route(text);
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  return transport.open(rest, { ...options, platform });
}

/**
 * Puts an image where a reference says; an image of that name is replaced. The record of reasons goes along where the medium has a place for
 * it (the store, `oci:`, `oci-archive:`, a registry). The manifest and its digest stay what they are, but for docker-archive and docker-daemon: these hold
 * uncompressed layers, and `digest` is of the manifest that reading the image back from there gives.
 * @throws TareError E_TRANSPORT, E_REFERENCE; E_DIGEST and E_SIZE when a blob lies; what the transport throws. Nothing half-written is left.
 */
export async function writeImage(image: Image, text: string, options: ImageTools): Promise<Written> {
  const { rest, transport } = await route(text);
  return transport.write(await withEvidenceAtHand(image, options.ctx), rest, options);
}

/**
 * All that a reference leads to: an index with every platform, or one image.
 * @param options.platform one image of it alone
 * @param options.referrers signatures, SBOMs and other referrers of what is copied come along
 * @throws TareError as `openImage`; E_TRANSPORT for a medium that keeps no indexes; E_LIMIT
 */
export async function openBundle(
  text: string,
  options: ImageTools & { readonly platform?: string; readonly all: boolean; readonly referrers: boolean },
): Promise<Bundle> {
  const { rest, transport } = await route(text);
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  const { all, ctx, referrers } = options;
  if (!all && !referrers) return bundleOfImage(await transport.open(rest, { ...options, platform }));
  const graph = requireGraph(transport, text);
  const found = await graph.find(rest, { ...options, platform });
  if (all) return gatherBundle(found, { referrers, signal: ctx.signal });
  const { blobs, reference } = found;
  const { descriptor } = await imageOf({ reference, blobs, descriptor: found.descriptor, platform });
  return gatherBundle({ ...found, descriptor }, { referrers, signal: ctx.signal });
}

/** The index that a reference leads to; undefined where it is an image of one platform. @throws TareError as `openImage` */
export async function openIndex(
  text: string,
  options: ImageTools,
): Promise<{ readonly descriptor: Descriptor; readonly index: ImageIndex } | undefined> {
  const { rest, transport } = await route(text);
  const found = await transport.graph?.find(rest, { ...options, platform: undefined });
  if (found === undefined || !isIndex(found.descriptor.mediaType)) return undefined;
  const { digest, mediaType, size } = found.descriptor;
  const raw = await readBlob(found.blobs, found.descriptor, MAX_MANIFEST_BYTES);
  return { descriptor: { mediaType, digest, size }, index: parseIndex(raw, { mediaType }) };
}

/** As `writeImage`, for a bundle. @throws TareError E_TRANSPORT when the medium keeps one image and the bundle is more */
export async function writeBundle(bundle: Bundle, text: string, options: ImageTools): Promise<Written> {
  const { rest, transport } = await route(text);
  const whole = await withEvidenceAtHand(bundle, options.ctx);
  return requireGraph(transport, text).write(whole, rest, options);
}

/**
 * What the target does not have of a bundle, of how many blobs in all. Nothing is written.
 * @throws TareError as `writeBundle`
 */
export async function lackingAt(
  bundle: Bundle,
  text: string,
  options: ImageTools,
): Promise<Lacking & { readonly total: number }> {
  const { rest, transport } = await route(text);
  const blobs = blobsOf(bundle).flat();
  const lacking = (await transport.graph?.lacking?.(bundle, rest, options)) ?? { blobs };
  return { ...lacking, total: blobs.length };
}

/** Whether a medium keeps manifests and indexes as they are, with what refers to them. @throws TareError E_TRANSPORT, E_REFERENCE */
export async function keepsGraphs(text: string): Promise<boolean> {
  return (await route(text)).transport.graph !== undefined;
}

function requireGraph(transport: Transport, text: string): GraphTransport {
  if (transport.graph !== undefined) return transport.graph;
  throw new TareError(
    'E_TRANSPORT',
    `${text}: ${transportOf(text) ?? 'the store'} holds uncompressed layers of one platform: neither an index nor what refers to its manifests can be kept there`,
    { hint: 'use oci:, oci-archive:, docker:// or the store; or leave --all-platforms and --referrers out' },
  );
}

/** Two references with one identity name the same image of the same medium, or the same archive file. @throws TareError E_TRANSPORT, E_REFERENCE */
export async function identityOf(text: string): Promise<string> {
  const { rest, transport } = await route(text);
  return transport.identity(rest);
}

async function route(text: string): Promise<{ readonly transport: Transport; readonly rest: string }> {
  const prefix = transportOf(text);
  if (prefix !== undefined) return { transport: await BY_PREFIX[prefix].load(), rest: text.slice(prefix.length + 1) };
  if (/^[./~\\]/.test(text)) {
    throw new TareError('E_REFERENCE', `${JSON.stringify(text)} is a path, not an image reference`, {
      hint: 'put the transport before it: oci:DIR, oci-archive:FILE or docker-archive:FILE',
    });
  }
  const unknown = unknownTransport(text);
  if (unknown === undefined) return { transport: await STORE.load(), rest: text };
  const known = PREFIXES.map((name) => (name === 'docker' ? 'docker://' : `${name}:`)).join(', ');
  const meant = misspelt(unknown.replace(/:.*$/s, ''));
  throw new TareError(
    'E_TRANSPORT',
    `${JSON.stringify(text)}: there is no transport ${unknown} (there are ${known}, and the store's plain names)`,
    meant === undefined ? {} : { hint: `did you mean ${meant}:?` },
  );
}

/** Other tools copy index.json without what it refers to. The image is as good without its record; saying so is enough. */
async function withEvidenceAtHand<T extends Pick<Bundle, 'blobs' | 'evidence' | 'reference'>>(
  image: T,
  ctx: Context,
): Promise<T> {
  if (image.evidence === undefined) return image;
  try {
    for await (const _chunk of image.blobs.open(image.evidence)) break;
    return image;
  } catch (error) {
    if (!isTareError(error, 'E_IMAGE_NOT_FOUND')) throw error;
  }
  const message = `the record of reasons ${image.evidence.digest} of ${image.reference} is missing; the copy goes without it`;
  ctx.onEvent({ kind: 'warning', warning: { code: 'evidence-missing', message } });
  const { evidence: _missing, ...rest } = image;
  return rest as T;
}
