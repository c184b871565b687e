import { isDigest, type Digest } from '../../base/digest.ts';
import { isRepository, isTag } from '../../oci/reference.ts';
import { RegistryError } from './errors.ts';

/** What a path names, checked: names and tags by their grammar, so that none of them can lead anywhere but into its repository. */
export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly tag: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'health' }
  | { readonly kind: 'metrics' };

export type RouteKind = Route['kind'];

/** Undefined: nothing of ours. @throws RegistryError NAME_INVALID, DIGEST_INVALID, MANIFEST_INVALID */
export function parseRoute(path: string): Route | undefined {
  if (path === '/healthz') return { kind: 'health' };
  if (path === '/metrics') return { kind: 'metrics' };
  if (path === '/v2' || path === '/v2/') return { kind: 'base' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  if (!path.startsWith('/v2/')) return undefined;
  const words = path.slice('/v2/'.length).split('/').map(decoded);
  const repository = (count: number): string => checkedName(words.slice(0, -count).join('/'));
  const [before, resource, last = ''] = [words.at(-3), words.at(-2), words.at(-1)];
  if (before === 'blobs' && resource === 'uploads' && words.length > 3)
    return last === ''
      ? { kind: 'uploads', repository: repository(3) }
      : { kind: 'upload', repository: repository(3), id: last };
  // Some clients leave the slash at the end away.
  if (resource === 'blobs' && last === 'uploads') return { kind: 'uploads', repository: repository(2) };
  if (words.length < 3) return undefined;
  if (resource === 'tags' && last === 'list') return { kind: 'tags', repository: repository(2) };
  if (resource === 'blobs') return { kind: 'blob', repository: repository(2), digest: checkedDigest(last) };
  if (resource === 'referrers') return { kind: 'referrers', repository: repository(2), digest: checkedDigest(last) };
  if (resource === 'manifests') return { kind: 'manifest', repository: repository(2), ...reference(last) };
  return undefined;
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    // Not the encoding of any text: no name, tag or digest.
    return '%';
  }
}

export function checkedName(name: string): string {
  if (isRepository(name)) return name;
  throw new RegistryError('NAME_INVALID', 'the repository is not a valid name', {
    status: 400,
    detail: { name: shown(name) },
  });
}

export function checkedDigest(digest: string): Digest {
  if (isDigest(digest)) return digest;
  throw new RegistryError('DIGEST_INVALID', 'this is no digest of sha256 or sha512', {
    status: 400,
    detail: { digest: shown(digest) },
  });
}

function reference(text: string): { readonly tag: string } | { readonly digest: Digest } {
  if (text.includes(':')) return { digest: checkedDigest(text) };
  if (isTag(text)) return { tag: text };
  throw new RegistryError('MANIFEST_INVALID', 'the reference is neither a tag nor a digest', {
    status: 400,
    detail: { reference: shown(text) },
  });
}

const shown = (text: string): string => text.slice(0, 200);
