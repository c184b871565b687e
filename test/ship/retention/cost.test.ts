import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { encodeIndex } from '../../../src/oci/encode.ts';
import { OCI_INDEX } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/oci/types.ts';
import { push } from '../../../src/ship/registry.ts';
import type { CostResult } from '../../../src/ship/retention/cost.ts';
import { openStore } from '../../../src/store/index.ts';
import { blobPath, storePaths } from '../../../src/store/paths.ts';
import type { Store } from '../../../src/store/types.ts';
import { tare, tareJson } from '../../helpers/cli.ts';
import { makeImage, type MadeImage } from '../../helpers/images.ts';
import { startTareRegistry } from '../../helpers/registry.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';

const base = [{ path: 'base', content: 'b'.repeat(1000) }];
const total = (blobs: readonly { readonly size: number }[]): number => blobs.reduce((sum, { size }) => sum + size, 0);
const partsOf = ({ descriptor, manifest }: MadeImage): Descriptor[] => [
  descriptor,
  manifest.config,
  ...manifest.layers,
];

async function image(store: Store, name: string, days: number): Promise<MadeImage> {
  const made = await makeImage({ store, name, layers: [base, [{ path: 'own', content: name }]] });
  const time = Date.now() / 1000 - days * 86_400;
  utimesSync(blobPath(storePaths(store.home), made.descriptor.digest), time, time);
  return made;
}

async function surroundings(): Promise<{
  store: Store;
  home: string;
  first: MadeImage;
  second: MadeImage;
  small: MadeImage;
}> {
  const home = join(tempDir(), 'home');
  const store = await openStore({ home });
  const [first, second] = [await image(store, 'app:1', 20), await image(store, 'app:2', 10)];
  const small = await makeImage({ store, name: 'app:2-shrunk', layers: [[{ path: 'own', content: 'x' }]] });
  return { home, store, first, second, small };
}

describe('tare cost', () => {
  it('of the store: what is kept, pulled, updated, and saved', async () => {
    const { first, home, second, small } = await surroundings();
    const args = ['cost', 'app', '--price', '$1000000/GB', '--pulls', '10', '--pull-price', '$1000000/GB'];
    const result = await tareJson<CostResult>(args, { home });
    expectShape('cost', result);
    const stored = total([
      ...new Map([first, second, small].flatMap(partsOf).map((blob) => [blob.digest, blob])).values(),
    ]);
    const [whole, shrunk] = [total(partsOf(second)), total(partsOf(small))];
    const update = total(partsOf(second)) - (second.manifest.layers[0]?.size ?? 0);
    expect(result).toMatchObject({ stored, currency: '$', pulls: 10 });
    expect(result.month).toBeCloseTo(stored / 1000, 6);
    expect(result.repositories).toMatchObject([
      {
        repository: 'app',
        tags: 3,
        stored,
        pull: { tag: '2', digest: second.descriptor.digest, whole, update: { from: '1', bytes: update } },
        shrunk: { reference: 'app:2-shrunk', bytes: shrunk, saves: whole - shrunk },
      },
    ]);
    expect(result.repositories[0]?.month.pulls?.update).toBeCloseTo(update / 100, 6);
    const { stdout } = await tare(args, { home });
    expect(stdout).toMatch(
      /app:2 as app:2-shrunk: a pull moves .* smaller\napp: 10 pulls a month cost \$.* shrunk, which saves \$/,
    );
    expect(stdout).toMatch(/assumed: a client that has the version before/);
  });

  it('of an index: one image of it, and that of linux/amd64', async () => {
    const { first, home, second, store } = await surroundings();
    const manifests = [
      { ...first.descriptor, platform: { os: 'linux', architecture: 'arm64' } },
      { ...second.descriptor, platform: { os: 'linux', architecture: 'amd64' } },
    ];
    const bytes = encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    await store.tag('multi:1', { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(bytes)) });
    const result = await tareJson<CostResult>(['cost', 'multi', '--shrunk', 'app:2-shrunk'], { home });
    expect(result.repositories[0]?.pull).toMatchObject({ whole: bytes.length + total(partsOf(second)), update: null });
    expect(result.repositories[0]?.shrunk?.reference).toBe('app:2-shrunk');
    expect(result.month).toBeNull();
  });

  it('of a registry and of its folder: the same', async () => {
    const { home, store } = await surroundings();
    const storage = join(tempDir(), 'storage');
    const { host, stop } = await startTareRegistry({ storage, args: ['-q'] });
    onTestFinished(async () => {
      await stop('SIGKILL');
    });
    for (const name of ['app:1', 'app:2', 'app:2-shrunk'])
      await push({ store, ctx: createContext({}), name, reference: `${host}/team/${name}` });
    const [remote, own] = [
      await tareJson<CostResult>(['cost', `docker://${host}/team/app`], { home }),
      await tareJson<CostResult>(['cost', storage], { home }),
    ];
    expectShape('cost', remote);
    expect(remote.repositories[0]).toMatchObject({ repository: 'team/app', pull: { tag: '2' }, tags: 3 });
    expect(own.stored).toBe(remote.stored);
    expect(own.repositories[0]).toMatchObject({ repository: 'team/app', stored: remote.stored, tags: 3 });
  });

  it.each([
    [['cost', 'nowhere'], /has no repository "nowhere"/],
    [['cost', 'app', '--pull-price', '1'], /needs --pulls/],
    [['cost', 'app', '--pulls', '1', '--price', '$1', '--pull-price', '€1'], /two currencies/],
    [['cost', 'a', 'b', '--shrunk', 'c'], /is of one repository/],
    [['cost', './nowhere'], /is not the storage of a registry/],
  ])('refuses %j', async (args, message) => {
    const answer = await tare(args, { home: tempDir() });
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(message);
  });
});
