import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pruneBuildCache } from '../../src/solve/prune.ts';
import { openBuilds, ranSteps } from '../build/dockerfile/builds.ts';

const TEXT = 'FROM busybox\nCOPY a /a\nCOPY b /b\n';

describe('pruneBuildCache', () => {
  it('deletes everything, and the next build makes it again', async () => {
    const { build, home } = await openBuilds({ a: 'a', b: 'b' });
    const first = await build(TEXT);
    const pruned = await pruneBuildCache({ home, keepBytes: 0 });
    expect(pruned.items).toBeGreaterThanOrEqual(2);
    expect(readdirSync(join(home, 'tare/solve/layers'))).toEqual([]);
    const again = await build(TEXT);
    expect([ranSteps(again).length, again.result.digest]).toEqual([2, first.result.digest]);
  });

  it.each([
    ['all that is small enough', 10_000_000, []],
    ['what was used last', 3000, ['COPY a /a']],
  ])('keeps %s', async (_name, keepBytes, ran) => {
    const { build, home } = await openBuilds({ a: 'a', b: 'b' });
    await build('FROM busybox\nCOPY a /a\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await build('FROM scratch\nCOPY b /b\n');
    await pruneBuildCache({ home, keepBytes });
    expect(ranSteps(await build('FROM scratch\nCOPY b /b\n'))).toEqual([]);
    expect(ranSteps(await build('FROM busybox\nCOPY a /a\n'))).toEqual(ran);
  });

  it('forgets the builds that it takes the layers of, and their traces the next time', async () => {
    const { build, home } = await openBuilds({ a: 'a', b: 'b' });
    await build(TEXT);
    const memory = join(home, 'tare/solve/memory');
    const [name = ''] = readdirSync(memory);
    await pruneBuildCache({ home, keepBytes: 0 });
    expect(readdirSync(memory)).toEqual([`${name}.pruned`]);
    await pruneBuildCache({ home, keepBytes: 0 });
    expect(readdirSync(memory)).toEqual([]);
  });

  it('only counts with dryRun', async () => {
    const { build, home } = await openBuilds({ a: 'a', b: 'b' });
    await build(TEXT);
    const counted = await pruneBuildCache({ home, keepBytes: 0, dryRun: true });
    expect(counted.items).toBeGreaterThanOrEqual(2);
    expect(ranSteps(await build(TEXT))).toEqual([]);
  });

  it('touches nothing while somebody builds', async () => {
    const { build, home, store } = await openBuilds({ a: 'a', b: 'b' });
    await build(TEXT);
    const lease = await store.lease();
    try {
      expect(await pruneBuildCache({ home, keepBytes: 0 })).toEqual({ items: 0, bytes: 0, busy: true });
    } finally {
      await lease.release();
    }
  });
});
