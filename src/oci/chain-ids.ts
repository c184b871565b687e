import { sha256, type Digest } from '../base/digest.ts';

/**
 * For each layer the ID of the stack that ends with it: layers with equal chain IDs give equal file systems
 * (image-spec config.md, "Layer ChainID").
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : sha256(`${below} ${diffId}`));
  }
  return chain;
}
