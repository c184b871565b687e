import { TareError } from '../../base/error.ts';
import { identityOf } from '../../transports/index.ts';
import type { CacheTarget, DockerfileOptions } from './types.ts';

/** Nothing is built before the references can be used. @throws TareError E_USAGE, E_REFERENCE, E_TRANSPORT */
export async function checkCacheOptions(options: DockerfileOptions): Promise<void> {
  const { cacheFrom = [], cacheTo, engine, explainCache = false } = options;
  if (engine !== undefined) {
    const flag =
      cacheTo !== undefined
        ? '--cache-to'
        : cacheFrom.length > 0
          ? '--cache-from'
          : explainCache
            ? '--explain-cache'
            : '';
    if (flag !== '')
      throw new TareError('E_USAGE', `${flag} does not go with --engine: the daemon has a cache of its own`, {
        hint: 'leave --engine out, or configure the cache of the daemon',
      });
  }
  for (const reference of [...cacheFrom, ...(cacheTo === undefined ? [] : [cacheTo.reference])])
    await identityOf(reference);
}

/** `REFERENCE[,mode=max|min]`. @throws TareError E_USAGE */
export function parseCacheTarget(text: string): CacheTarget {
  const match = /^([^,]+?)(?:,mode=(max|min))?$/.exec(text);
  const [, reference = '', mode = 'max'] = match ?? [];
  if (match === null || /^(?:type|ref|mode)=/.test(reference))
    throw new TareError('E_USAGE', `--cache-to ${JSON.stringify(text)} is not REFERENCE[,mode=max|min]`, {
      hint: 'for example --cache-to oci:cache:app,mode=min',
    });
  return { reference, mode: mode === 'min' ? 'min' : 'max' };
}
