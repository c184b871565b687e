import { createHash } from 'node:crypto';
import { PackageURL } from 'packageurl-js';
import { mapLimit } from '../../base/concurrency.ts';
import type { Digest } from '../../base/digest.ts';
import { compareBytes, type ByteString } from '../../base/path.ts';
import { platformText } from '../../oci/platform.ts';
import type { Platform } from '../../oci/types.ts';
import { transportOf } from '../../transports/route.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import { digestSet } from './statement.ts';
import type { Resource } from './types.ts';

const CONCURRENT_HASHES = 4;
/** Transports that name a place of this machine before the name of the image. */
const PLACES: ReadonlySet<string> = new Set(['oci', 'oci-archive', 'docker-archive', 'docker-daemon']);

/**
 * An image that something was made from: its package URL (purl-spec, type `oci`) has the registry where the reference names one, and never a path of
 * this machine.
 */
export function imageResource(
  name: string,
  image: { readonly reference: string; readonly digest: Digest; readonly platform?: Platform },
): Resource {
  const { digest, platform, reference } = image;
  return {
    name,
    uri: imageUri(reference, digest, platform),
    digest: digestSet(digest),
  };
}

function imageUri(reference: string, digest: Digest, platform: Platform | undefined): string {
  const { repository, tag } = nameIn(reference);
  const qualifiers = {
    ...(platform === undefined ? {} : { platform: platformText(platform) }),
    ...(hasHost(repository) ? { repository_url: repository } : {}),
    ...(tag === '' ? {} : { tag }),
  };
  const title = repository.slice(repository.lastIndexOf('/') + 1);
  return new PackageURL('oci', undefined, title === '' ? 'image' : title, digest, qualifiers, undefined).toString();
}

/** A reference as parameters name it: without the folder or archive that the image is in. */
export function shownReference(reference: string): string {
  const prefix = transportOf(reference);
  if (prefix === undefined || !PLACES.has(prefix)) return reference;
  const { repository, tag } = nameIn(reference);
  return repository === '' ? `${prefix}:` : `${prefix}:${repository}${tag === '' ? '' : `:${tag}`}`;
}

function nameIn(reference: string): { readonly repository: string; readonly tag: string } {
  const prefix = transportOf(reference);
  const rest = prefix === undefined ? reference : reference.slice(prefix.length + 1).replace(/^\/\//, '');
  const named =
    prefix !== undefined && prefix !== 'docker-daemon' && PLACES.has(prefix) ? rest.replace(/^[^:]*:?/, '') : rest;
  const bare = named.replace(/@.*$/, '');
  if (/^sha(?:256|512):/.test(bare)) return { repository: '', tag: '' };
  const colon = bare.indexOf(':', bare.lastIndexOf('/') + 1);
  return colon === -1
    ? { repository: bare, tag: '' }
    : { repository: bare.slice(0, colon), tag: bare.slice(colon + 1) };
}

/** Docker's rule: the first part is a host when it has a dot or a port, or is `localhost`. */
function hasHost(repository: string): boolean {
  const slash = repository.indexOf('/');
  return slash !== -1 && /[.:]|^localhost$/.test(repository.slice(0, slash));
}

/** A file that has been read: `NAME`, sha256 in hex. */
export interface HashedFile {
  /** Relative to what is described; bytes. */
  readonly path: ByteString;
  readonly sha256: string;
}

/**
 * Many files at once, by the digest `dirHash` of in-toto's digest_set.md (Go's `dirhash.Hash1`): sha256 of the lines that `sha256sum` prints for them, in byte
 * order of their paths.
 */
export function filesResource(name: string, files: readonly HashedFile[]): Resource {
  const sum = createHash('sha256');
  for (const { path, sha256 } of [...files].sort((a, b) => compareBytes(a.path, b.path)))
    sum.update(`${sha256}  ${path.replaceAll('\n', String.raw`\n`)}\n`, 'latin1');
  return { name, digest: { dirHash: sum.digest('hex') } };
}

/** Reads files whose digests nobody knows yet. @throws TareError what reading throws */
export async function hashedFiles(
  entries: readonly (readonly [path: ByteString, entry: Entry])[],
  content: ContentReader,
): Promise<readonly HashedFile[]> {
  return mapLimit(entries, CONCURRENT_HASHES, async ([path, entry]) => {
    if (entry.sha256 !== undefined) return { path, sha256: entry.sha256 };
    const sum = createHash('sha256');
    for await (const chunk of content.stream(entry)) sum.update(chunk);
    return { path, sha256: sum.digest('hex') };
  });
}

/** Files that pin versions, each worth a line of its own. */
const LOCK_FILES: ReadonlySet<string> = new Set([
  'Cargo.lock',
  'Gemfile.lock',
  'Pipfile.lock',
  'bun.lock',
  'composer.lock',
  'go.sum',
  'npm-shrinkwrap.json',
  'package-lock.json',
  'packages.lock.json',
  'pdm.lock',
  'pnpm-lock.yaml',
  'poetry.lock',
  'requirements.txt',
  'uv.lock',
  'yarn.lock',
]);

export function isLockFile(path: ByteString): boolean {
  return LOCK_FILES.has(path.slice(path.lastIndexOf('/') + 1)) && !/(?:^|\/)node_modules\//.test(path);
}
