export { type LdCacheEntry, parseLdCache } from './parse-ld-cache.ts';
export { suitsAbi } from './suits-abi.ts';
