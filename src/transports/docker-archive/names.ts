import { TareError } from '../../base/error.ts';
import { parseReference } from '../../oci/reference.ts';

/**
 * A name as Docker shows and saves it: `docker.io/library/` is left out, the tag is not.
 * @throws TareError E_REFERENCE when it is no name, or has a digest
 */
export function familiarName(text: string): string {
  const { digest, registry, repository, tag } = parseReference(text);
  if (digest !== undefined)
    throw new TareError('E_REFERENCE', `${JSON.stringify(text)} has a digest: an image is saved under a tag`);
  const path = repository.startsWith('library/') ? repository.slice('library/'.length) : repository;
  return `${registry === 'docker.io' ? path : `${registry}/${repository}`}:${tag ?? 'latest'}`;
}
