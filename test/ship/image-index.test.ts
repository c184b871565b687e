import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeIndex } from '../../src/oci/encode.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Descriptor } from '../../src/oci/types.ts';
import { createIndex } from '../../src/ship/image-index/create.ts';
import { addToIndex, annotateIndex } from '../../src/ship/image-index/edit.ts';
import { serveRegistry } from '../../src/ship/registry/server.ts';
import { copy } from '../../src/ship/copy.ts';
import { openImage, openIndex } from '../../src/transports/index.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { makeArtifact, makeIndex } from '../helpers/index-image.ts';
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

describe('an index that is there', () => {
  const entriesOf = async (reference: string, tools: Parameters<typeof openIndex>[1]) =>
    (await openIndex(reference, tools))?.index.manifests ?? [];

  it('gets more images, of which one takes the place of its platform', async () => {
    const { made, store, tools } = await surroundings();
    const target = 'all:1';
    const [amd, arm] = made.images.map(({ descriptor }) => descriptor);
    await createIndex({ target, images: ['sample:1'], annotations: { of: 'index' }, ...tools });
    const old = (await entriesOf(target, tools))[0];
    const added = await addToIndex({ target, images: ['arm:1'], annotations: { a: 'b' }, ...tools });
    expect(added.replaced).toBeUndefined();
    expect(await entriesOf(target, tools)).toEqual([
      old,
      { ...arm, platform: { os: 'linux', architecture: 'arm64' }, annotations: { a: 'b' } },
    ]);
    const replaced = await addToIndex({ target, images: ['amd:1'], ...tools });
    expect(replaced.replaced).toEqual([{ platform: 'linux/amd64', digest: old?.digest }]);
    expect((await entriesOf(target, tools)).map(({ digest }) => digest)).toEqual([arm?.digest, amd?.digest]);
    expect((await openIndex(target, tools))?.index.annotations).toEqual({ of: 'index' });
    const again = await addToIndex({ target, images: ['amd:1'], ...tools });
    expect([again.digest, again.replaced]).toEqual([replaced.digest, undefined]);
    const windows = { platform: 'windows/amd64', osVersion: '10.0.1', osFeatures: ['win32k'] };
    await addToIndex({ target, images: ['sample:1'], ...windows, ...tools });
    await addToIndex({ target, images: ['sample:1'], ...windows, osVersion: '10.0.2', ...tools });
    // One image for two versions of a system: the same digest, so it moves.
    expect((await entriesOf(target, tools)).map(({ platform }) => platform)).toEqual([
      { os: 'linux', architecture: 'arm64' },
      { os: 'linux', architecture: 'amd64' },
      { os: 'windows', architecture: 'amd64', 'os.version': '10.0.2', 'os.features': ['win32k'] },
    ]);
    expect((await store.find(target))?.descriptor.digest).toBeDefined();
  });

  it('leaves the attestations of an image behind that goes', async () => {
    const { made, store, tools } = await surroundings();
    const [amd, arm] = made.images.map(({ descriptor }) => descriptor);
    if (amd === undefined || arm === undefined) throw new Error('two images');
    const attestationOf = (subject: Descriptor, by: Descriptor): Descriptor => ({
      ...by,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': subject.digest,
      },
    });
    const notes = await makeArtifact(store, { type: 'a/note', content: 'amd' });
    const others = await makeArtifact(store, { type: 'a/note', content: 'arm' });
    const manifests = [
      ...made.index.manifests,
      attestationOf(amd, { mediaType: OCI_MANIFEST, digest: notes.digest, size: notes.size }),
      attestationOf(arm, { mediaType: OCI_MANIFEST, digest: others.digest, size: others.size }),
    ];
    const bytes = encodeIndex({ ...made.index, manifests });
    await store.tag('built:1', { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(bytes)) });
    await addToIndex({ target: 'built:1', images: ['sample:1'], ...tools });
    const left = await entriesOf('built:1', tools);
    expect(left.map(({ digest }) => digest)).toEqual([
      arm.digest,
      others.digest,
      (await openImage('sample:1', tools)).descriptor.digest,
    ]);
  });

  it('is annotated, and its entries are, by platform or digest', async () => {
    const { made, store, tools } = await surroundings();
    const target = 'multi:1';
    const digest = made.images[0]?.descriptor.digest ?? '';
    await annotateIndex({ target, entries: [], annotations: { a: '1', b: '2' }, ...tools });
    await annotateIndex({ target, entries: [], annotations: { a: '', c: '3' }, ...tools });
    await annotateIndex({ target, entries: ['arm64', digest], annotations: { both: 'yes' }, ...tools });
    const changed = await annotateIndex({ target, entries: ['linux/arm64'], platform: 'linux/arm/6', ...tools });
    expect(changed.platforms.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm/v6']);
    const found = await openIndex(target, tools);
    expect(found?.index.annotations).toEqual({ b: '2', c: '3' });
    expect(found?.index.manifests.map(({ annotations }) => annotations)).toEqual([{ both: 'yes' }, { both: 'yes' }]);
    // The images are what they were.
    expect(found?.index.manifests.map((item) => item.digest)).toEqual(
      made.images.map((item) => item.descriptor.digest),
    );
    expect((await store.find(target))?.descriptor.digest).toBe(changed.digest);
  });

  it.for([
    [{ entries: [] }, /nothing to change/],
    [{ entries: [], platform: 'linux/arm' }, /which image/],
    [{ entries: ['linux/s390x'], annotations: { a: 'b' } }, /no image linux\/s390x/],
    [{ entries: ['linux/arm64'], platform: 'linux/amd64' }, /both of the platform/],
    [{ entries: ['linux/arm64', 'linux/amd64'], osVersion: '1' }, /one platform for 2 images/],
    [{ target: 'amd:1', entries: [], annotations: { a: 'b' } }, /is an image, not an index/],
  ] as const)('refuses %o', async ([options, message]) => {
    const { made, store, tools } = await surroundings();
    const error = await failure(annotateIndex({ target: 'multi:1', ...options, ...tools }));
    expect(error).toMatchObject({ code: 'E_USAGE' });
    expect(error.message).toMatch(message);
    expect((await store.find('multi:1'))?.descriptor.digest).toBe(made.descriptor.digest);
  });

  it.for(['oci:DIR/layout:x', 'oci-archive:DIR/x.tar', 'docker://HOST/team/app:1'])(
    'is edited in place in %s',
    async (form) => {
      const { dir, made, tools } = await surroundings();
      const storage = join(dir, 'registry');
      const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage });
      onTestFinished(() => server.stop());
      const target = form.replace('DIR', dir).replace('HOST', new URL(server.url).host);
      await createIndex({ target, images: ['amd:1'], ...tools });
      await addToIndex({ target, images: ['arm:1'], ...tools });
      const result = await annotateIndex({ target, entries: ['linux/arm64'], annotations: { a: 'b' }, ...tools });
      expect(result.platforms.map(({ digest }) => digest)).toEqual(made.images.map((item) => item.descriptor.digest));
      for (const { config } of made.images) {
        const image = await openImage(target, { ...tools, platform: `linux/${config.architecture}` });
        expect(image.config).toEqual(config);
        await readAll(image);
      }
    },
  );

  it('is edited by the command, and shown without an image of this machine, here and in a registry', async () => {
    const { dir, store } = await surroundings();
    const { home } = store;
    await tareJson(['index', 'create', 'all', 'arm:1'], { home });
    const set = ['--set-platform', 'linux/s390x', '--annotation', 'a=b'];
    const changed = await tareJson(['index', 'annotate', 'all', 'linux/arm64', ...set], { home });
    expectShape('index', changed);
    const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: join(dir, 'registry') });
    onTestFinished(() => server.stop());
    const remote = `docker://${new URL(server.url).host}/all:1`;
    await tareJson(['copy', '--all-platforms', 'all', remote], { home });
    for (const reference of ['all', remote]) {
      const answer = await tareJson<{ index: { manifests: object[] } }>(['inspect', reference], { home });
      expectShape('inspect', answer);
      expect(answer).toMatchObject({ reference, mediaType: OCI_INDEX });
      expect(answer.index.manifests).toMatchObject([{ platform: 'linux/s390x', annotations: { a: 'b' } }]);
      expect((await tare(['inspect', reference], { home })).stdout).toMatch(
        /platforms\n {4}linux\/s390x +sha256:\w+ a=b/,
      );
    }
    expect((await tare(['inspect', 'all', '--platform', 'linux/amd64'], { home })).stderr).toContain(
      'only linux/s390x',
    );
    expectShape('index', await tareJson(['index', 'add', 'all', 'amd:1', 'arm:1'], { home }));
  });
});
