import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { ImageConfig } from '../../src/oci/types.ts';
import { storeImage } from '../../src/pack/store-image.ts';
import type { Store } from '../../src/store/types.ts';
import { openImage } from '../../src/transports/index.ts';
import { needs } from '../helpers/needs.ts';
import { blobFile, file, folder, freshStore, hardlink, noise, pack, symlink } from '../helpers/pack.ts';
import { tempDir } from '../helpers/temp.ts';

const BARE: ImageConfig = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } };

async function twoLayers(store: Store, compression = 'gzip:6') {
  const tool = file('/bin/tool', noise(5_000_000), { mode: 0o755 });
  const lower = [folder('/bin'), tool, hardlink('/bin/alias', tool), symlink('/bin/sh', 'tool')];
  const upper = [folder('/app'), file('/app/main', 'hello'), hardlink('/app/tool', tool)];
  return [await pack({ entries: lower, store, compression }), await pack({ entries: upper, store, compression })];
}

describe('storeImage', () => {
  it('stores config and manifest under the digests that it returns', async () => {
    const store = await freshStore();
    const layers = await twoLayers(store);
    const stored = await storeImage({ store, config: BARE, layers, annotations: { b: '2', a: '1' } });
    expect(stored.descriptor).toMatchObject({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      platform: { os: 'linux', architecture: 'amd64' },
    });
    const manifest = JSON.parse(readFileSync(blobFile(store, stored.descriptor.digest), 'utf8')) as unknown;
    expect(manifest).toEqual(stored.manifest);
    expect(manifest).toMatchObject({
      schemaVersion: 2,
      config: stored.config,
      layers: layers.map((layer) => layer.descriptor),
      annotations: { a: '1', b: '2' },
    });
    const config = JSON.parse(readFileSync(blobFile(store, stored.config.digest), 'utf8')) as ImageConfig;
    expect(config.rootfs).toEqual({ type: 'layers', diff_ids: layers.map((layer) => layer.diffId) });
  });

  it('gives equal values equal digests', async () => {
    const store = await freshStore();
    const layers = await twoLayers(store);
    const one = await storeImage({
      store,
      config: { ...BARE, variant: 'v2' },
      layers,
      annotations: { b: '2', a: '1' },
    });
    const diffIds = layers.map((layer) => layer.diffId);
    const config: ImageConfig = {
      rootfs: { diff_ids: diffIds, type: 'layers' },
      variant: 'v2',
      os: 'linux',
      architecture: 'amd64',
    };
    expect(await storeImage({ store, config, layers, annotations: { a: '1', b: '2' } })).toEqual(one);
    expect(one.descriptor.platform).toEqual({ os: 'linux', architecture: 'amd64', variant: 'v2' });
  });

  it('refuses a config that lists other layers', async () => {
    const store = await freshStore();
    const layers = await twoLayers(store);
    const diffIds = layers.map((layer) => layer.diffId);
    for (const wrong of [[...diffIds].reverse(), diffIds.slice(1)]) {
      const config: ImageConfig = { ...BARE, rootfs: { type: 'layers', diff_ids: wrong } };
      await expect(storeImage({ store, config, layers })).rejects.toMatchObject({ code: 'E_MANIFEST' });
    }
  });

  it('makes an image that can be opened again', async () => {
    const store = await freshStore();
    const layers = await twoLayers(store);
    const { descriptor, manifest } = await storeImage({ store, config: BARE, layers });
    await store.tag('packed:1', descriptor);
    const image = await openImage('packed:1', { store, ctx: createContext() });
    expect(image.manifest).toEqual(manifest);
    expect(image.descriptor.digest).toBe(descriptor.digest);
  });
});

describe('a stored image and other tools', () => {
  it.skipIf(!needs('skopeo')).each(['gzip:6', 'none', 'zstd'])('is taken by skopeo (%s)', async (compression) => {
    const store = await freshStore();
    const { descriptor } = await storeImage({ store, config: BARE, layers: await twoLayers(store, compression) });
    await store.tag('packed:1', descriptor);
    const target = join(tempDir(), 'copy');
    execFileSync('skopeo', [
      '--insecure-policy',
      'copy',
      '-q',
      '--preserve-digests',
      `oci:${store.home}:packed:1`,
      `oci:${target}:copied`,
    ]);
    expect(existsSync(join(target, 'blobs/sha256', descriptor.digest.slice('sha256:'.length)))).toBe(true);
  });

  it.skipIf(!needs('umoci'))('is unpacked by umoci to what was packed', async () => {
    const store = await freshStore();
    const { descriptor } = await storeImage({ store, config: BARE, layers: await twoLayers(store) });
    await store.tag('packed', descriptor);
    const bundle = join(tempDir(), 'bundle');
    // umoci takes no name with a colon in it.
    const layout = join(tempDir(), 'layout');
    execFileSync('cp', ['-a', store.home, layout]);
    const index = readFileSync(join(layout, 'index.json'), 'utf8');
    writeFileSync(join(layout, 'index.json'), index.replaceAll(/(ref\.name": *)"[^"]*"/g, '$1"plain"'));
    const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
    execFileSync('umoci', ['unpack', ...rootless, '--image', `${layout}:plain`, bundle], { stdio: 'pipe' });
    const root = join(bundle, 'rootfs');
    expect(readFileSync(join(root, 'app/main'), 'utf8')).toBe('hello');
    for (const path of ['bin/tool', 'bin/alias', 'app/tool', 'bin/sh'])
      expect(readFileSync(join(root, path)).equals(noise(5_000_000))).toBe(true);
  });
});
