import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Digest } from '../../src/base/digest.ts';
import { encodeIndex } from '../../src/oci/encode.ts';
import { OCI_INDEX, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parseCompression } from '../../src/pack/compression.ts';
import { copyList, parseCopyList } from '../../src/ship/copy-list.ts';
import { copy } from '../../src/ship/copy.ts';
import { pull, push } from '../../src/ship/registry.ts';
import { openStore } from '../../src/store/index.ts';
import { cosignTags, fallbackTag } from '../../src/transports/attached.ts';
import { openBundle, openImage } from '../../src/transports/index.ts';
import { faultRegistry } from '../helpers/fault-registry.ts';
import { makeArtifact, makeIndex } from '../helpers/index-image.ts';
import { needs } from '../helpers/needs.ts';
import { startDockerRegistry, startTareRegistry, type RunningRegistry } from '../helpers/registry.ts';
import { bareEnvironment } from '../transports/registry/client.ts';
import { failure, NAME as SAMPLE, readAll, sample, skopeo } from '../transports/sample.ts';

const NAME = 'multi:1';
const SBOM = 'application/spdx+json';
const SIGNATURE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const HAS_DOCKER = needs('docker-registry');

const folder = mkdtempSync(join(tmpdir(), 'tare-copy-index-'));
const running = new Map<string, RunningRegistry>();
beforeAll(async () => {
  running.set('tare', await startTareRegistry({ storage: join(folder, 'registry') }));
  if (HAS_DOCKER) running.set('docker', await startDockerRegistry());
});
afterAll(async () => {
  for (const registry of running.values()) await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const [name, value] of Object.entries(bareEnvironment())) vi.stubEnv(name, value);
  for (const name of ['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'REGISTRY_AUTH_FILE', 'DOCKER_CONFIG', 'TARE_INSECURE'])
    vi.stubEnv(name, '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const MEDIA = ['store', 'oci', 'oci-archive', 'tare', ...(HAS_DOCKER ? (['docker'] as const) : [])] as const;
type Medium = (typeof MEDIA)[number];

let repositories = 0;
const fresh = (registry: 'tare' | 'docker', tag = '1'): string =>
  `docker://${running.get(registry)?.host}/r${(repositories += 1)}:${tag}`;

function referenceOf(medium: Medium, dir: string, name: string): string {
  if (medium === 'store') return `${name}:1`;
  if (medium === 'oci') return `oci:${join(dir, name)}:${name}`;
  return medium === 'oci-archive' ? `oci-archive:${join(dir, `${name}.tar`)}:${name}` : fresh(medium);
}

describe('copy --all-platforms', () => {
  const pairs = MEDIA.flatMap((from) => MEDIA.map((to) => [from, to] as const));
  it.each(pairs)('%s to %s keeps every digest', async (from, to) => {
    const { ctx, dir, store, tools } = await sample();
    const made = await makeIndex(store, NAME);
    const source = referenceOf(from, dir, 'source');
    const target = referenceOf(to, dir, 'target');
    await copy({ source: NAME, target: source, allPlatforms: true, ...tools });
    const result = await copy({ source, target, allPlatforms: true, ...tools });
    expect(result.digest).toBe(made.descriptor.digest);
    // Whoever reads it has nothing yet: every blob comes from the target.
    const elsewhere = to === 'store' ? store : await openStore({ home: join(dir, 'other') });
    const bundle = await openBundle(target, { store: elsewhere, ctx, all: true, referrers: false });
    expect(bundle.documents.map(({ descriptor }) => descriptor.digest)).toEqual([
      ...made.images.map(({ descriptor }) => descriptor.digest),
      made.descriptor.digest,
    ]);
    for (const { config } of made.images) {
      const platform = `linux/${config.architecture}`;
      const image = await openImage(target, { store: elsewhere, ctx, platform });
      expect(image.config.architecture).toBe(config.architecture);
      await readAll(image);
    }
  });

  it('counts what travels, and sends nothing again', async () => {
    const { store, tools } = await sample();
    await makeIndex(store, NAME);
    const target = fresh('tare');
    // Three layers, one of them shared; two configs, two manifests, one index.
    expect(await copy({ source: NAME, target, allPlatforms: true, ...tools })).toMatchObject({ blobs: 8, reused: 0 });
    expect(await copy({ source: NAME, target, allPlatforms: true, ...tools })).toMatchObject({
      blobs: 0,
      bytes: 0,
      reused: 8,
    });
    // One image is there already, under another name.
    const other = fresh('tare');
    await copy({ source: NAME, target: other.replace(/1$/, 'arm'), platform: 'linux/arm64', ...tools });
    expect(await copy({ source: NAME, target: other, allPlatforms: true, ...tools })).toMatchObject({
      blobs: 4,
      reused: 4,
    });
  });

  it('is what pull and push do too', async () => {
    const { ctx, dir, store, tools } = await sample();
    const made = await makeIndex(store, NAME);
    const target = fresh('tare').replace('docker://', '');
    await push({ ...tools, name: NAME, reference: target, allPlatforms: true });
    const other = await openStore({ home: join(dir, 'other') });
    await pull({ store: other, ctx, reference: target, name: 'pulled', allPlatforms: true });
    expect(await other.find('pulled')).toMatchObject({ descriptor: { digest: made.descriptor.digest } });
    expect(await other.prune()).toMatchObject({ blobs: 0 });
  });

  it.skipIf(!needs('skopeo'))('agrees with skopeo copy --all', async () => {
    const { dir, store, tools } = await sample();
    const made = await makeIndex(store, NAME);
    for (const to of ['tare', ...(HAS_DOCKER ? ['docker'] : [])] as const) {
      const target = fresh(to as 'tare');
      await copy({ source: NAME, target, allPlatforms: true, ...tools });
      const raw = skopeo('inspect', '--raw', '--tls-verify=false', target);
      expect(raw).toBe(Buffer.from(encodeIndex(made.index)).toString('utf8'));
      skopeo('copy', '-q', '--all', '--src-tls-verify=false', target, `oci:${dir}/${to}:all`);
      const back = await copy({ source: `oci:${dir}/${to}:all`, target: `back-${to}`, allPlatforms: true, ...tools });
      expect(back.digest).toBe(made.descriptor.digest);
    }
    await copy({ source: NAME, target: `oci-archive:${dir}/all.tar:x`, allPlatforms: true, ...tools });
    skopeo('copy', '-q', '--all', `oci-archive:${dir}/all.tar:x`, `oci:${dir}/unpacked:x`);
    expect(skopeo('inspect', '--raw', `oci:${dir}/unpacked:x`)).toContain(made.images[1]?.descriptor.digest);
  });

  it.each(['docker-archive:x.tar', 'docker-daemon:x:1'])('says why %s cannot hold it', async (target) => {
    const { store, tools } = await sample();
    await makeIndex(store, NAME);
    const error = await failure(copy({ source: NAME, target, allPlatforms: true, ...tools }));
    expect(error).toMatchObject({ code: 'E_TRANSPORT' });
    expect(error.message).toContain('one platform');
    expect(await failure(copy({ source: target, target: NAME, allPlatforms: true, ...tools }))).toMatchObject({
      code: 'E_TRANSPORT',
    });
  });

  it('refuses what excludes each other', async () => {
    const { tools } = await sample();
    const how = { source: NAME, target: 'x:1', ...tools };
    const compression = parseCompression('zstd:9');
    for (const wishes of [
      { allPlatforms: true, platform: 'linux/arm64' },
      { compression, referrers: true },
      { compression, dryRun: true },
    ])
      expect(await failure(copy({ ...how, ...wishes }))).toMatchObject({ code: 'E_USAGE' });
  });

  it('stops at indexes inside each other, and at more manifests than anybody needs', async () => {
    const { store, tools } = await sample();
    let inner = (await makeIndex(store, NAME)).descriptor;
    for (let depth = 0; depth < 6; depth++) {
      const bytes = encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [inner] });
      inner = { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(bytes)) };
    }
    await store.tag('deep:1', inner);
    const wish = { target: 'x:1', allPlatforms: true, ...tools };
    expect(await failure(copy({ source: 'deep:1', ...wish }))).toMatchObject({ code: 'E_LIMIT' });

    const missing = { mediaType: OCI_MANIFEST, digest: `sha256:${'0'.repeat(64)}` as Digest, size: 3 };
    const partial = encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [missing] });
    await store.tag('partial:1', { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(partial)) });
    expect(await failure(copy({ source: 'partial:1', ...wish }))).toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
  });
});

describe('copy --referrers', () => {
  /** In a registry: an index, an SBOM of one of its images, a signature of that SBOM, and cosign's signature of the index. */
  async function signed(registry: 'tare' | 'docker', base: Awaited<ReturnType<typeof sample>>) {
    const { store, tools } = base;
    const made = await makeIndex(store, NAME);
    const subject = made.images[0]?.descriptor;
    if (subject === undefined) throw new Error('an index has images');
    const sbom = await makeArtifact(store, { type: SBOM, content: '{"sbom":1}', subject });
    const countersigned = await makeArtifact(store, { type: SIGNATURE, content: 'counter', subject: sbom });
    const signature = await makeArtifact(store, { type: SIGNATURE, content: 'signed' });
    const place = fresh(registry);
    await copy({ source: NAME, target: place, allPlatforms: true, ...tools });
    const [cosign = ''] = cosignTags(made.descriptor.digest);
    await store.tag('a:sbom', sbom);
    await store.tag('a:counter', countersigned);
    await store.tag('a:signature', signature);
    const artifact = async (name: string, tag: string): Promise<void> => {
      const bundle = await openBundle(name, { ...tools, all: true, referrers: false });
      const { writeBundle } = await import('../../src/transports/index.ts');
      await writeBundle(bundle, place.replace(/:1$/, `:${tag}`), tools);
    };
    await artifact('a:sbom', 'sbom');
    await artifact('a:counter', 'counter');
    await artifact('a:signature', cosign);
    return { made, place, sbom, countersigned, signature, cosign };
  }

  const ways = (['tare', ...(HAS_DOCKER ? (['docker'] as const) : [])] as const).flatMap((from) =>
    MEDIA.map((to) => [from, to] as const),
  );
  it.each(ways)('of %s to %s and on to a registry', async (from, to) => {
    const base = await sample();
    const { ctx, dir } = base;
    const { cosign, countersigned, made, place, sbom, signature } = await signed(from, base);
    const store = await openStore({ home: join(dir, 'other') });
    const how = { allPlatforms: true, referrers: true, store, ctx };
    const middle = referenceOf(to, dir, 'target');
    await copy({ source: place, target: middle, ...how });
    const last = fresh('tare');
    await copy({ source: middle, target: last, ...how });
    const bundle = await openBundle(last, { store: base.store, ctx, all: true, referrers: true });
    const digests = bundle.documents.map(({ descriptor }) => descriptor.digest);
    expect(digests).toEqual(
      expect.arrayContaining([made.descriptor, sbom, countersigned, signature].map(({ digest }) => digest)),
    );
    expect(bundle.documents.find(({ tag }) => tag === cosign)?.descriptor.digest).toBe(signature.digest);
    expect(bundle.documents.some(({ tag }) => tag === fallbackTag(sbom.digest))).toBe(true);
    if (to === 'store') {
      // In the store they have names, or a prune would take them.
      const before = (await store.images()).length;
      expect(before).toBe(4);
      expect(await store.prune()).toMatchObject({ blobs: 0 });
    }
    expect(await copy({ source: middle, target: last, ...how })).toMatchObject({ blobs: 0, bytes: 0 });
  });

  it('of one platform alone brings only what is about it', async () => {
    const base = await sample();
    const { ctx, dir } = base;
    const { made, place, sbom } = await signed('tare', base);
    const store = await openStore({ home: join(dir, 'other') });
    const one = await copy({ source: place, target: 'one', platform: 'linux/amd64', referrers: true, store, ctx });
    expect(one.digest).toBe(made.images[0]?.descriptor.digest);
    expect(await store.blobs.size(sbom.digest)).toBe(sbom.size);
    await copy({ source: place, target: 'two', platform: 'linux/arm64', referrers: true, store, ctx });
    expect((await store.images()).filter(({ name }) => name.startsWith('two:'))).toHaveLength(1);
  });
});

describe('copy --compression', () => {
  it.each(['zstd:9', 'gzip:1', 'none'])('%s keeps order, history and diff IDs', async (text) => {
    const from = text.startsWith('gzip') ? 'zstd' : 'gzip';
    const { made, tools, ctx, dir } = await sample(from);
    const target = `oci:${join(dir, 'x')}:x`;
    const result = await copy({ source: 'sample:1', target, compression: parseCompression(text), ...tools });
    expect(result.digest).not.toBe(made.descriptor.digest);
    expect(result.sourceDigest).toBe(made.descriptor.digest);
    const image = await openImage(target, tools);
    expect(image.config).toEqual(made.config);
    expect(image.evidence).toBeDefined();
    await readAll(image);
    for (const [index, layer] of image.manifest.layers.entries()) {
      const scanned = await tools.store.layerIndex(
        image.blobs,
        layer,
        made.layers[index]?.diffId as Digest,
        ctx.signal,
      );
      expect(scanned.diffId).toBe(made.layers[index]?.diffId);
    }
    // Layers that are compressed so already stay as they are.
    const again = await copy({ source: target, target: 'again', compression: parseCompression(text), ...tools });
    expect(again.digest).toBe(result.digest);
    expect(again.sourceDigest).toBeUndefined();
  });

  it('packs all images of an index anew, a shared layer once', async () => {
    const { store, tools } = await sample();
    const made = await makeIndex(store, NAME);
    const target = fresh('tare');
    const compression = parseCompression('zstd:9');
    const result = await copy({ source: NAME, target, allPlatforms: true, compression, ...tools });
    expect(result).toMatchObject({ blobs: 8, sourceDigest: made.descriptor.digest });
    for (const { config } of made.images) {
      const image = await openImage(target, { ...tools, platform: `linux/${config.architecture}` });
      expect(image.manifest.layers.map(({ mediaType }) => mediaType)).toEqual([OCI_LAYER_ZSTD, OCI_LAYER_ZSTD]);
      expect(image.config).toEqual(config);
      await readAll(image);
    }
  });
});

describe('copy --dry-run', () => {
  it.each(MEDIA)('to %s tells what would travel, and writes nothing', async (to) => {
    const { ctx, dir, store, tools } = await sample();
    await makeIndex(store, NAME);
    const other = { store: await openStore({ home: join(dir, 'other') }), ctx };
    const source = `oci:${join(dir, 'source')}:s`;
    await copy({ source: NAME, target: source, allPlatforms: true, ...tools });
    const target = referenceOf(to, dir, 'target');
    const wish = { source, target, allPlatforms: true, ...other };
    const plan = await copy({ ...wish, dryRun: true });
    expect(plan).toMatchObject({ dryRun: true, blobs: 8, reused: 0 });
    expect(await failure(openImage(target, other))).toBeDefined();
    expect(await copy(wish)).toMatchObject({ blobs: 8, bytes: plan.bytes });
    if (to !== 'oci-archive')
      expect(await copy({ ...wish, dryRun: true })).toMatchObject({ blobs: 0, bytes: 0, reused: 8 });
  });

  it('knows what can be mounted', async () => {
    const { store, tools } = await sample();
    await makeIndex(store, NAME);
    const source = fresh('tare');
    await copy({ source: NAME, target: source, allPlatforms: true, ...tools });
    const plan = await copy({ source, target: fresh('tare'), allPlatforms: true, dryRun: true, ...tools });
    expect(plan).toMatchObject({ blobs: 3, mounts: { blobs: 5 } });
  });
});

describe('copy --from-file', () => {
  it('reads lines and comments, and names the line that it cannot read', () => {
    expect(parseCopyList('# all\n a b # why\n\nc\td\n', 'list')).toEqual([
      { source: 'a', target: 'b' },
      { source: 'c', target: 'd' },
    ]);
    expect(() => parseCopyList('a b\nc\n', 'list')).toThrow(/list:2/);
    expect(() => parseCopyList('a b c', 'list')).toThrow(/list:1/);
    expect(() => parseCopyList('a b\nc b', 'list')).toThrow(/target of line 1/);
  });

  it('goes on after a failure, and skips what is there when it is run again', async () => {
    const { store, tools } = await sample();
    await makeIndex(store, NAME);
    const lines = [
      { source: NAME, target: fresh('tare') },
      { source: 'nothing:1', target: fresh('tare') },
      { source: 'sample:1', target: fresh('tare') },
    ];
    const first = await copyList(lines, { ...tools, allPlatforms: true });
    expect(first.failed).toBe(1);
    expect(first.copies.map(({ error }) => error?.code)).toEqual([undefined, 'E_IMAGE_NOT_FOUND', undefined]);
    // A layer that both lines have travels with one of them, and is mounted by the other.
    expect([7, 8]).toContain(first.copies[0]?.result?.blobs);
    const again = await copyList(lines, { ...tools, allPlatforms: true });
    expect(again.copies.map(({ result }) => result?.blobs)).toEqual([0, undefined, 0]);
  });

  it('speaks to a registry as one client, and sends what the images share once', async () => {
    const registry = await faultRegistry({ referrers: true });
    const { made, tools } = await sample();
    const lines = [1, 2, 3, 4].map((tag) => ({ source: SAMPLE, target: `docker://${registry.host}/app:${tag}` }));
    const { copies, failed } = await copyList(lines, tools);
    expect(failed).toBe(0);
    expect(copies.map(({ result }) => result?.digest)).toEqual(lines.map(() => made.descriptor.digest));
    expect(registry.seen.filter(({ path }) => path === '/v2/')).toHaveLength(1);
    const uploads = registry.seen.filter(({ method, path }) => method === 'PUT' && path.includes('/uploads/'));
    expect(uploads.length).toBe(registry.blobs.size);
  });
});
