import { hexOf } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Environment } from '../base/http-proxy.ts';
import { parseReference } from '../oci/reference.ts';
import type { Store } from '../store/types.ts';
import { connectRegistry, longName } from '../transports/registry/access.ts';
import type { RegistryAccess } from '../transports/registry/types.ts';
import { copy, type CopyHow, type CopyResult } from './copy.ts';

export interface RegistryTools {
  readonly store: Store;
  readonly ctx: Context;
  readonly registry?: RegistryAccess;
}

/** `node:20` and `docker://node:20` are the same here: nothing but a registry can be meant. */
const bare = (reference: string): string => reference.replace(/^docker:\/\//, '');

/**
 * An image of a registry into the store, under the reference as it was written (`node:20` stays `node:20`) or under another name.
 * @throws TareError E_REFERENCE; what `copy` throws
 */
export function pull(
  options: RegistryTools & CopyHow & { readonly reference: string; readonly name?: string },
): Promise<CopyResult> {
  const { name, reference, ...rest } = options;
  const source = bare(reference);
  parseReference(source);
  return copy({
    ...rest,
    source: `docker://${source}`,
    target: name ?? localName(source),
  });
}

/** The store's names have no digest: `node:20@sha256:…` is `node:20`, and `node@sha256:0123…` is `node:sha256-0123…`. */
function localName(reference: string): string {
  const at = reference.indexOf('@');
  if (at === -1) return reference;
  const { digest } = parseReference(reference);
  const named = reference.slice(0, at);
  const hasTag = named.includes(':', named.lastIndexOf('/') + 1);
  return hasTag || digest === undefined ? named : `${named}:sha256-${hexOf(digest).slice(0, 12)}`;
}

/**
 * An image of the store (or of any transport) into a registry, under its own name or another reference.
 * @throws TareError E_REFERENCE; what `copy` throws
 */
export function push(
  options: RegistryTools & CopyHow & { readonly name: string; readonly reference?: string },
): Promise<CopyResult> {
  const { name, reference, ...rest } = options;
  const target = bare(reference ?? name);
  parseReference(target);
  return copy({
    ...rest,
    source: name,
    target: `docker://${target}`,
  });
}

export interface TagList {
  /** `docker.io/library/node` */
  readonly repository: string;
  /** In the registry's own order. */
  readonly tags: readonly string[];
  /** There are more. */
  readonly cut: boolean;
}

/** @throws TareError E_REFERENCE for a tag or digest behind the repository; E_IMAGE_NOT_FOUND, E_REGISTRY … */
export async function listTags(options: {
  readonly ctx: Context;
  readonly registry?: RegistryAccess;
  readonly env: Environment;
  readonly repository: string;
  /** Most that are listed. */
  readonly limit?: number;
}): Promise<TagList> {
  const text = await longName(bare(options.repository), options.env);
  const { digest, registry, repository, tag } = parseReference(text);
  const isTagged = text.includes(':', text.lastIndexOf('/') + 1);
  if (digest !== undefined || (tag !== undefined && isTagged))
    throw new TareError('E_REFERENCE', `${JSON.stringify(text)} is one image: tags are of a repository`, {
      hint: `leave out what follows ${registry}/${repository}`,
    });
  const client = await connectRegistry(registry, options, options.env);
  const tags: string[] = [];
  const limit = options.limit ?? Infinity;
  let cut = false;
  for await (const name of client.tags(repository, options.ctx.signal)) {
    cut = tags.length >= limit;
    if (cut) break;
    tags.push(name);
  }
  return { repository: `${registry}/${repository}`, tags, cut };
}
