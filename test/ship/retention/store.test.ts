import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hexOf } from '../../../src/base/digest.ts';
import { encodeIndex } from '../../../src/oci/encode.ts';
import { EVIDENCE_MEDIA_TYPE, OCI_INDEX } from '../../../src/oci/media-types.ts';
import { storePlace } from '../../../src/ship/retention/places/store.ts';
import { pruneByPolicy } from '../../../src/ship/retention/prune.ts';
import { blobPath, storePaths } from '../../../src/store/paths.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/types.ts';
import { tare, tareJson } from '../../helpers/cli.ts';
import { makeImage, type MadeImage } from '../../helpers/images.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';

const DAY = 86_400;
const NOW = 1_700_000_000;
const base = [{ path: 'base', content: 'b'.repeat(1000) }];

/** An image with a layer of its own over one that all share, `days` old. */
async function image(store: Store, name: string, days: number, content = name): Promise<MadeImage> {
  const made = await makeImage({ store, name, layers: [base, [{ path: 'own', content }]] });
  age(store, made, days);
  return made;
}

function age(store: Store, { descriptor }: Pick<MadeImage, 'descriptor'>, days: number): void {
  utimesSync(blobPath(storePaths(store.home), descriptor.digest), NOW - days * DAY, NOW - days * DAY);
}

const sizeOf = ({ descriptor, manifest }: MadeImage): number =>
  [descriptor, manifest.config, ...manifest.layers].reduce((total, { size }) => total + size, 0);
const freshStore = (): Promise<Store> => openStore({ home: join(tempDir(), 'home') });
const names = async (store: Store): Promise<string[]> => (await store.images()).map(({ name }) => name);

describe('retention in the store', () => {
  it('says of every name what would become of it, and deletes just that', async () => {
    const store = await freshStore();
    const old = await image(store, 'app:1', 40);
    await image(store, 'app:2', 20);
    await image(store, 'app:3', 10);
    const other = await image(store, 'other:1', 50);
    await store.tag('app:stable', old.descriptor);
    const policy = { newest: 1, tags: ['stable'] };
    const place = storePlace(store);
    const dry = await pruneByPolicy({
      place,
      policy,
      dryRun: true,
      now: NOW,
      price: { perGbMonth: 1e9, currency: '$' },
    });
    expectShape('retention', dry);
    expect(
      dry.repositories.map(({ repository, tags }) => [repository, tags.map((tag) => [tag.tag, tag.keep])]),
    ).toEqual([
      [
        'app',
        [
          ['1', false],
          ['2', false],
          ['3', true],
          ['stable', true],
        ],
      ],
      ['other', [['1', true]]],
    ]);
    expect(dry.repositories[1]?.tags[0]).toMatchObject({ bytes: sizeOf(other), because: 'it is the newest' });
    expect(await names(store)).toHaveLength(5);
    // Of app:2 alone: app:1 has another name, and the base layer is everybody's.
    const bytes = dry.frees;
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(sizeOf(old));
    expect(dry.month?.frees).toBeCloseTo(bytes, 3);
    const done = await pruneByPolicy({ place, policy, dryRun: false, now: NOW });
    expect(await names(store)).toEqual(['app:3', 'app:stable', 'other:1']);
    expect(done).toMatchObject({ frees: bytes, collected: { blobs: 3, bytes }, unreferenced: null });
    expect(await store.prune()).toEqual({ blobs: 0, bytes: 0, cacheBytes: 0 });
  });

  it('keeps what an index needs, and counts the record of reasons', async () => {
    const store = await freshStore();
    const child = await image(store, 'app:amd64', 90);
    const index = encodeIndex({ schemaVersion: 2, manifests: [child.descriptor] });
    const evidence = { mediaType: EVIDENCE_MEDIA_TYPE, ...(await store.blobs.putBytes(Buffer.from('why'))) };
    await store.tag('app:all', { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(index)) }, evidence);
    const result = await pruneByPolicy({
      place: storePlace(store),
      policy: { tags: ['all'] },
      dryRun: false,
      now: NOW,
    });
    expect(result).toMatchObject({ frees: 0, collected: { blobs: 0, bytes: 0 } });
    expect(await names(store)).toEqual(['app:all']);
    expect(await store.blobs.size(child.descriptor.digest)).toBe(child.descriptor.size);
    const [row] = result.repositories[0]?.tags ?? [];
    expect(row?.bytes).toBe(sizeOf(child) + index.length + evidence.size);
  });

  it.each([
    ['damaged', (file: string) => writeFileSync(file, '{}'), /is damaged/],
    ['not there', (file: string) => rmSync(file), /is not in the store/],
  ])('deletes nothing of a repository with a manifest that is %s', async (_what, harm, problem) => {
    const store = await freshStore();
    const bad = await image(store, 'app:1', 40);
    await image(store, 'app:2', 20);
    await image(store, 'other:1', 40);
    await image(store, 'other:2', 20);
    harm(join(store.home, 'blobs/sha256', hexOf(bad.descriptor.digest)));
    const result = await pruneByPolicy({
      place: storePlace(store),
      policy: { newest: 1, tags: [] },
      dryRun: false,
      now: NOW,
    });
    expect(result.repositories[0]).toMatchObject({ tags: [], problem: expect.stringMatching(problem) });
    expect(result.collected).toBeNull();
    expect(await names(store)).toEqual(['app:1', 'app:2', 'other:2']);
    for (const layer of bad.manifest.layers) expect(await store.blobs.size(layer.digest)).toBe(layer.size);
  });

  it('leaves a name alone that means another image by now', async () => {
    const store = await freshStore();
    const old = await image(store, 'app:1', 40);
    const { descriptor } = await image(store, 'app:2', 20);
    await store.tag('app:1', descriptor);
    expect(await store.untag('app:1', old.descriptor.digest)).toBe(false);
    expect(await names(store)).toEqual(['app:1', 'app:2']);
    expect(await store.untag('app:1', descriptor.digest)).toBe(true);
  });
});

describe('tare prune', () => {
  it('with rules', async () => {
    const store = await freshStore();
    const { home } = store;
    await image(store, 'app:1', 40);
    await image(store, 'app:2', 20);
    const args = ['prune', '--keep-newest', '1', '--price', '$0.10/GB-month'];
    const dry = await tare([...args, '--dry-run'], { home });
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(
      /app:1 +deleted .*no rule keeps it; it is \d+ days old\napp:2 +kept .*it is the newest\n/,
    );
    expect(dry.stdout).toMatch(/would delete 1 tag and 1 manifest\nwould free .*, \$0\.00 a month of \$0\.00/);
    expect(await names(store)).toEqual(['app:1', 'app:2']);
    expectShape('retention', await tareJson(args, { home }));
    expect(await names(store)).toEqual(['app:2']);
  });

  it.each([
    [['--keep-newest', 'x'], /is not a number/],
    [['--keep-newest', '1.5'], /is not a count/],
    [['--keep-younger', 'long'], /is not an age/],
    [['--keep-newest', '1', '--price', 'cheap'], /is no price/],
    [['--keep-newest', '1', '--cache'], /--cache does not go with/],
  ])('refuses %j', async (args, message) => {
    const answer = await tare(['prune', ...args], { home: tempDir() });
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(message);
  });
});
