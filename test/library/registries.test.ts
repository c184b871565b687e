import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  addToIndex,
  annotateIndex,
  copy,
  copyList,
  costOf,
  createIndex,
  isTareError,
  listTags,
  openStore,
  pull,
  push,
  sbomOf,
  serveRegistry,
} from '../../src/index.ts';
import { tareJson } from '../helpers/cli.ts';
import { makeIndex } from '../helpers/index-image.ts';
import { tempDir } from '../helpers/temp.ts';

async function surroundings() {
  const dir = tempDir();
  const home = join(dir, 'home');
  const store = await openStore({ home });
  const made = await makeIndex(store, 'multi:1');
  for (const [at, name] of ['amd:1', 'arm:1'].entries()) {
    const descriptor = made.images[at]?.descriptor;
    if (descriptor !== undefined) await store.tag(name, descriptor);
  }
  const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: join(dir, 'registry') });
  onTestFinished(() => server.stop());
  return { dir, home, made, host: new URL(server.url).host };
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the library and registries', () => {
  it('pushes, lists, pulls and copies as the commands do', async () => {
    const { dir, home, host, made } = await surroundings();
    const pushed = await push({ name: 'amd:1', reference: `${host}/app:1`, home });
    expect(pushed.digest).toBe(made.images[0]?.descriptor.digest);
    const copied = await copy({ source: 'multi:1', target: `docker://${host}/app:all`, allPlatforms: true, home });
    expect(copied.digest).toBe(made.descriptor.digest);
    const tags = await listTags({ repository: `${host}/app`, home });
    expect(plain(tags)).toEqual(await tareJson(['tags', `${host}/app`], { home }));
    const other = join(dir, 'other');
    const pulled = await pull({ reference: `${host}/app:1`, name: 'mine:1', home: other });
    expect(pulled).toMatchObject({ reference: 'mine:1', digest: pushed.digest });
    const lines = [
      { source: `docker://${host}/app:1`, target: `oci:${dir}/layout:x` },
      { source: `docker://${host}/nothing:1`, target: `oci:${dir}/layout:y` },
    ];
    const list = await copyList({ lines, home });
    expect(list.copies.map(({ error }) => error?.code)).toEqual([undefined, 'E_IMAGE_NOT_FOUND']);
    const repositories = [`docker://${host}/app`];
    expect(plain(await costOf({ repositories, pulls: 10, home }))).toEqual(
      await tareJson(['cost', ...repositories, '--pulls', '10'], { home }),
    );
  });

  it('makes, fills and annotates an index', async () => {
    const { home, host } = await surroundings();
    const target = `docker://${host}/all:1`;
    await createIndex({ target, images: ['amd:1'], home });
    await addToIndex({ target, images: ['arm:1'], home });
    const { platforms } = await annotateIndex({ target, entries: ['linux/arm64'], annotations: { a: 'b' }, home });
    expect(platforms.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
  });

  it('writes bills of materials', async () => {
    const { home } = await surroundings();
    const document = await sbomOf({ image: 'amd:1', format: 'cyclonedx', home });
    expect(plain(document)).toEqual(await tareJson(['sbom', 'amd:1', '--format', 'cyclonedx'], { home }));
  });

  it('takes credentials from the file that it is told', async () => {
    const { home, host } = await surroundings();
    const registry = { authFile: join(home, 'nothing.json'), insecure: [host] };
    await push({ name: 'amd:1', reference: `${host}/app:1`, home, registry });
    await expect(pull({ reference: 'UPPER', home })).rejects.toSatisfy((error) => isTareError(error, 'E_REFERENCE'));
  });
});
