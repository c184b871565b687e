import { describe, expect, it } from 'vitest';
import { parseCacheTarget } from '../../../src/build/dockerfile/cache-options.ts';

describe('parseCacheTarget', () => {
  it.each([
    ['app-cache', 'app-cache', 'max'],
    ['oci:/tmp/cache:app', 'oci:/tmp/cache:app', 'max'],
    ['oci:cache:app,mode=min', 'oci:cache:app', 'min'],
    ['oci:cache:app,mode=max', 'oci:cache:app', 'max'],
  ])('%s', (text, reference, mode) => {
    expect(parseCacheTarget(text)).toEqual({ reference, mode });
  });

  it.each(['', ',mode=min', 'x,mode=all', 'x,compression=zstd', 'type=registry,ref=x', 'ref=x', 'mode=min'])(
    'refuses %j',
    (text) => {
      expect(() => parseCacheTarget(text)).toThrow(/is not REFERENCE\[,mode=max\|min\]/);
    },
  );
});
