import { TareError } from '../../../base/error.ts';
import type { RegistryClient } from '../../../transports/registry/types.ts';

/** Each of them is asked for. */
const MAX_TAGS = 100_000;

/** Each once, in the order of the registry. @throws TareError E_LIMIT beyond 100 000; E_IMAGE_NOT_FOUND … */
export async function tagNames(
  client: RegistryClient,
  repository: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const names = new Set<string>();
  for await (const tag of client.tags(repository, signal)) {
    names.add(tag);
    if (names.size > MAX_TAGS) throw new TareError('E_LIMIT', `${repository} has more than ${MAX_TAGS} tags`);
  }
  return [...names];
}
