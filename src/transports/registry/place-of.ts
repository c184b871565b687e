import { TareError } from '../../base/error.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';

/** Where an image is in a registry. */
export interface RegistryPlace extends Reference {
  /** `docker://HOST/REPOSITORY[:TAG][@DIGEST]`, normalised. */
  readonly reference: string;
  /** What the registry is asked for: the digest, else the tag. */
  readonly wanted: string;
}

/**
 * What follows `docker:`: `//HOST/REPOSITORY[:TAG|@DIGEST]`, read as docker reads it: without a host it is Docker Hub, without a tag `latest`.
 * @throws TareError E_REFERENCE
 */
export function placeOf(rest: string): RegistryPlace {
  if (!rest.startsWith('//'))
    throw new TareError('E_REFERENCE', `${JSON.stringify(`docker:${rest}`)} is not docker://HOST/REPOSITORY`);
  const parsed = parseReference(rest.slice(2));
  const { digest, registry, repository, tag } = parsed;
  const named = `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  return { ...parsed, reference: `docker://${named}`, wanted: digest ?? tag ?? 'latest' };
}
