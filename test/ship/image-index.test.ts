import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createIndex } from '../../src/ship/image-index.ts';
import { copy } from '../../src/ship/copy.ts';
import { openImage, openIndex } from '../../src/transports/index.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { makeIndex } from '../helpers/index-image.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { failure, readAll, sample, skopeo } from '../transports/sample.ts';

async function surroundings() {
  const base = await sample();
  const made = await makeIndex(base.store, 'multi:1');
  for (const [index, name] of ['amd:1', 'arm:1'].entries()) {
    const descriptor = made.images[index]?.descriptor;
    if (descriptor !== undefined) await base.store.tag(name, descriptor);
  }
  return { ...base, made };
}

describe('an index of several images', () => {
  it('in the store is what was put together by hand', async () => {
    const { made, store, tools } = await surroundings();
    const result = await createIndex({ target: 'all:1', images: ['amd:1', 'arm:1'], ...tools });
    expect(result).toMatchObject({ reference: 'all:1', digest: made.descriptor.digest });
    expect(result.platforms.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
    expect((await store.find('all:1'))?.descriptor.digest).toBe(made.descriptor.digest);
  });

  it.skipIf(!needs('skopeo'))('from other media to a layout, as skopeo reads it', async () => {
    const { dir, made, tools } = await surroundings();
    await copy({ source: 'amd:1', target: `docker-archive:${dir}/amd.tar:amd:1`, ...tools });
    await copy({ source: 'arm:1', target: `oci:${dir}/arm:x`, ...tools });
    const target = `oci:${dir}/all:x`;
    const images = [`docker-archive:${dir}/amd.tar`, `oci:${dir}/arm:x`];
    const result = await createIndex({ target, images, annotations: { a: 'b' }, ...tools });
    const raw = JSON.parse(skopeo('inspect', '--raw', target)) as {
      annotations: object;
      manifests: { digest: string }[];
    };
    expect(raw.annotations).toEqual({ a: 'b' });
    expect(raw.manifests.map(({ digest }) => digest)).toEqual(result.platforms.map(({ digest }) => digest));
    skopeo('copy', '-q', '--all', target, `oci:${dir}/copy:x`);
    for (const { config } of made.images) {
      const image = await openImage(target, { ...tools, platform: `linux/${config.architecture}` });
      expect(image.config).toEqual(config);
      await readAll(image);
    }
  });

  it('takes the images of an index over', async () => {
    const { made, tools } = await surroundings();
    await createIndex({ target: 'one:1', images: ['arm:1'], ...tools });
    await createIndex({ target: 'two:1', images: ['one:1', 'amd:1'], ...tools });
    const found = await openIndex('two:1', tools);
    expect(found?.index.manifests.map(({ digest }) => digest)).toEqual(
      made.images.map(({ descriptor }) => descriptor.digest).reverse(),
    );
  });

  it('refuses two of one platform, none at all, and media without indexes', async () => {
    const { dir, store, tools } = await surroundings();
    const twice = await failure(createIndex({ target: 'x:1', images: ['amd:1', 'sample:1'], ...tools }));
    expect(twice).toMatchObject({ code: 'E_USAGE' });
    expect(twice.message).toContain('amd:1 and sample:1 are both of the platform linux/amd64');
    expect(await failure(createIndex({ target: 'x:1', images: [], ...tools }))).toMatchObject({ code: 'E_USAGE' });
    const target = `docker-archive:${join(dir, 'x.tar')}`;
    expect(await failure(createIndex({ target, images: ['amd:1'], ...tools }))).toMatchObject({ code: 'E_TRANSPORT' });
    expect(await store.find('x:1')).toBeUndefined();
  });

  it('is a command, and inspect shows the platforms', async () => {
    const { store } = await surroundings();
    const { home } = store;
    const created = await tareJson(['index', 'create', 'all', 'amd:1', 'arm:1'], { home });
    expectShape('index', created);
    const inspected = await tareJson<{ index: { manifests: { platform: string }[] } }>(
      ['inspect', 'all', '--platform', 'linux/arm64'],
      { home },
    );
    expectShape('inspect', inspected);
    expect(inspected.index.manifests.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
    expect((await tare(['inspect', 'all', '--platform', 'linux/arm64'], { home })).stdout).toMatch(
      /platforms\n {4}linux\/amd64 +sha256:/,
    );
    expect((await tare(['index', 'drop', 'all'], { home })).stderr).toContain('index create');
  });
});
