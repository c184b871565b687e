import { isDigest, type Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';

/** Where an image is in a registry. At least one of `tag` and `digest` is set; with both, the digest decides. */
export interface Reference {
  /** Host, or host:port; `docker.io` when none was written. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

// The grammar of distribution/reference (v0.6.0, regexp.go), and of its normalize.go for what may be left out.
const DOMAIN_COMPONENT = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REGISTRY = new RegExp(`^${DOMAIN}$`);
const REPOSITORY = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;

const DEFAULT_REGISTRY = 'docker.io';
const LEGACY_REGISTRY = 'index.docker.io';
const DEFAULT_TAG = 'latest';
const MAX_REPOSITORY_CHARS = 255;
/** Registry, repository, tag and digest together; nothing longer can be valid. */
const MAX_REFERENCE_CHARS = 1024;

/**
 * `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]` as docker reads it: `node` is `docker.io/library/node:latest`. The tag `latest` is assumed only when there is
 * no digest either.
 * @throws TareError E_REFERENCE
 */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = split(text);
  const { registry, repository } = locate(name);
  if (registry !== undefined) checkRegistry(text, registry);
  const domain = registry === undefined || registry === LEGACY_REGISTRY ? DEFAULT_REGISTRY : registry;
  const full = domain === DEFAULT_REGISTRY && !repository.includes('/') ? `library/${repository}` : repository;
  checkRepository(text, full, repository);
  return {
    registry: domain,
    repository: full,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(tag === undefined && digest === undefined ? { tag: DEFAULT_TAG } : {}),
  };
}

/**
 * The name of an image in the local store, `NAME[:TAG]`, with the tag filled in: `node-status` → `node-status:latest`. NAME follows the grammar of
 * references, but nothing is put before it: the store knows no default registry.
 * @throws TareError E_REFERENCE
 */
export function parseImageName(text: string): string {
  const { name, tag, digest } = split(text);
  if (digest !== undefined) throw invalid(text, 'a name in the store has no digest');
  const { registry, repository } = locate(name);
  if (registry !== undefined) checkRegistry(text, registry);
  checkRepository(text, repository, repository);
  return `${name}:${tag ?? DEFAULT_TAG}`;
}

const MAX_TAG_CHARS = 128;

/**
 * The name of an image that is made from another one: `app:1.0` → `app:1.0-shrunk`, `app:latest` → `app:shrunk`.
 * @param name with its tag, as `parseImageName` answers
 */
export function derivedName(name: string, suffix: string): string {
  const colon = name.lastIndexOf(':');
  const [base, tag] = colon > name.lastIndexOf('/') ? [name.slice(0, colon), name.slice(colon + 1)] : [name, ''];
  if (tag === '' || tag === DEFAULT_TAG) return `${base}:${suffix}`;
  return `${base}:${tag.slice(0, MAX_TAG_CHARS - suffix.length - 1)}-${suffix}`;
}

/** A repository as registries know it, without its host: the grammar of distribution-spec, "Pulling manifests". */
export function isRepository(text: string): boolean {
  return text.length <= MAX_REPOSITORY_CHARS && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

interface Parts {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

function split(text: string): Parts {
  if (text === '') throw invalid(text, 'it is empty');
  if (text.length > MAX_REFERENCE_CHARS) throw invalid(text, `it is longer than ${MAX_REFERENCE_CHARS} characters`);
  if (isDigest(text)) throw invalid(text, 'it is a digest without a name');
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest))
    throw invalid(text, 'after @ must stand sha256: or sha512: and the right count of lower-case hex digits');
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag))
    throw invalid(text, 'a tag is 1 to 128 letters, digits, _, . and -, and starts with none of the last two');
  const name = colon === -1 ? named : named.slice(0, colon);
  if (IMAGE_ID.test(name)) throw invalid(text, 'a name of 64 hex digits would be taken for a digest');
  return { name, tag, digest };
}

/** The part before the first slash is a registry only when it looks like a host: with a dot, a port, a capital letter, or `localhost`. */
function locate(name: string): { readonly registry: string | undefined; readonly repository: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const isHost = slash !== -1 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  return isHost ? { registry: first, repository: name.slice(slash + 1) } : { registry: undefined, repository: name };
}

function checkRegistry(text: string, registry: string): void {
  if (!REGISTRY.test(registry)) throw invalid(text, `${JSON.stringify(registry)} is not a host or host:port`);
}

function checkRepository(text: string, repository: string, written: string): void {
  if (written !== written.toLowerCase()) throw invalid(text, 'the repository must be in lower case');
  if (!REPOSITORY.test(repository))
    throw invalid(
      text,
      'each part of the repository is lower-case letters and digits with single ., _, __ or dashes between them',
    );
  if (repository.length > MAX_REPOSITORY_CHARS)
    throw invalid(text, `the repository is longer than ${MAX_REPOSITORY_CHARS} characters`);
}

function invalid(text: string, why: string): TareError {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return new TareError('E_REFERENCE', `${JSON.stringify(shown)} is not an image reference: ${why}`);
}
