import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { EMPTY_CONFIG } from '../../src/oci/artifact.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { artifactManifest, besideImage, withArtifacts, type Artifact } from '../../src/transports/artifacts.ts';
import { fallbackTag } from '../../src/transports/attached.ts';
import { bundleOfImage } from '../../src/transports/bundle.ts';
import { openBundle, openImage, writeBundle } from '../../src/transports/index.ts';
import { makeIndex } from '../helpers/index-image.ts';
import { needs } from '../helpers/needs.ts';
import { startDockerRegistry, startTareRegistry, type RunningRegistry } from '../helpers/registry.ts';
import { bareEnvironment } from './registry/client.ts';
import { failure, NAME, sample, skopeo, type Sample } from './sample.ts';

const HAS_DOCKER = needs('docker-registry');
const MEDIA = ['store', 'oci', 'tare', ...(HAS_DOCKER ? (['docker'] as const) : [])] as const;

const folder = mkdtempSync(join(tmpdir(), 'tare-artifacts-'));
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
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const one: Artifact = { artifactType: 'application/spdx+json', bytes: Buffer.from('{"one":1}') };
const two: Artifact = {
  artifactType: 'application/vnd.in-toto+json',
  bytes: Buffer.from('{"two":2}'),
  annotations: { predicateType: 'https://slsa.dev/provenance/v1' },
};

let repositories = 0;
function placeIn(medium: (typeof MEDIA)[number], { dir }: Sample): string {
  if (medium === 'store') return 'copy:1';
  if (medium === 'oci') return `oci:${join(dir, 'layout')}:copy`;
  return `docker://${running.get(medium)?.host}/r${(repositories += 1)}:1`;
}

describe('a document about an image', () => {
  it('is a manifest with a subject and an empty config', async () => {
    const { made } = await sample();
    const { content, descriptor } = artifactManifest(made.descriptor, two);
    expect(descriptor.mediaType).toBe(OCI_MANIFEST);
    expect(content).toMatchObject({
      artifactType: two.artifactType,
      config: EMPTY_CONFIG,
      layers: [{ mediaType: two.artifactType, size: 9 }],
      subject: { digest: made.descriptor.digest, mediaType: made.descriptor.mediaType, size: made.descriptor.size },
      annotations: two.annotations,
    });
  });

  it.each(MEDIA)('goes to %s with its image, and another one joins it', async (medium) => {
    const base = await sample();
    const { tools } = base;
    const image = await openImage(NAME, tools);
    const place = placeIn(medium, base);
    await writeBundle(withArtifacts(bundleOfImage(image), [one]), place, tools);
    const found = await openImage(place, tools);
    expect(found.descriptor.digest).toBe(image.descriptor.digest);
    await writeBundle(besideImage(found, [two]), place, tools);
    await writeBundle(besideImage(found, [two]), place, tools);
    const { descriptor, documents } = await openBundle(place, { ...tools, all: true, referrers: true });
    expect(descriptor.digest).toBe(image.descriptor.digest);
    const own = documents.flatMap(({ content }) => ('config' in content ? (content.artifactType ?? 'image') : []));
    const expected = ['image', one.artifactType, two.artifactType];
    expect(own.filter((type) => !type.includes('evidence')).sort()).toEqual(expected.sort());
    // Lists of referrers are indexes; none of their entries looks like an image of an unknown platform.
    for (const { content } of documents)
      if ('manifests' in content) expect(content.manifests.some((item) => item.platform !== undefined)).toBe(false);
  });

  it.each(MEDIA)('about one image of an index leaves the name in %s with the index', async (medium) => {
    const base = await sample();
    const { store, tools } = base;
    const made = await makeIndex(store, 'multi:1');
    const place = placeIn(medium, base);
    await writeBundle(await openBundle('multi:1', { ...tools, all: true, referrers: false }), place, tools);
    const image = await openImage(place, { ...tools, platform: 'linux/amd64' });
    await writeBundle(besideImage(image, [one]), place, tools);
    const { descriptor, documents } = await openBundle(place, { ...tools, all: true, referrers: true });
    expect(descriptor.digest).toBe(made.descriptor.digest);
    expect(documents.filter(({ content }) => content.subject?.digest === image.descriptor.digest)).toHaveLength(1);
  });

  it('may be about what is named by its digest in a registry', async () => {
    const base = await sample();
    const { tools } = base;
    const place = placeIn('tare', base);
    const image = await openImage(NAME, tools);
    await writeBundle(bundleOfImage(image), place, tools);
    const byDigest = place.replace(/:1$/, `@${image.descriptor.digest}`);
    await writeBundle(besideImage(await openImage(byDigest, tools), [one]), byDigest, tools);
    const { documents } = await openBundle(byDigest, { ...tools, all: true, referrers: true });
    expect(documents.some(({ content }) => content.artifactType === one.artifactType)).toBe(true);
  });

  it('is found under any name of the image in the store', async () => {
    const { store, tools } = await sample();
    const image = await openImage(NAME, tools);
    await writeBundle(besideImage(image, [one]), NAME, tools);
    await store.tag('team/other:2', image.descriptor);
    await writeBundle(besideImage(image, [two]), 'team/other:2', tools);
    for (const name of [NAME, 'team/other:2']) {
      const { documents } = await openBundle(name, { ...tools, all: true, referrers: true });
      const types = documents.map(({ content }) => content.artifactType).filter((type) => type !== undefined);
      expect(types.sort()).toEqual([one.artifactType, two.artifactType]);
    }
  });

  it('does not hide the only image of a layout', async () => {
    const { dir, tools } = await sample();
    const image = await openImage(NAME, tools);
    for (const name of ['', ':app']) {
      const place = join(dir, `x${name.length}`);
      await writeBundle(withArtifacts(bundleOfImage(image), [one]), `oci:${place}${name}`, tools);
      expect((await openImage(`oci:${place}`, tools)).descriptor.digest).toBe(image.descriptor.digest);
    }
  });

  it.skipIf(!needs('skopeo'))('is no hindrance for other tools', async () => {
    const { dir, tools } = await sample();
    const image = await openImage(NAME, tools);
    const place = join(dir, 'layout');
    await writeBundle(withArtifacts(bundleOfImage(image), [one, two]), `oci:${place}:app`, tools);
    const raw = skopeo('inspect', '--raw', `oci:${place}:app`);
    expect(raw).toBe(Buffer.from(image.raw.manifest).toString('utf8'));
    const list = JSON.parse(skopeo('inspect', '--raw', `oci:${place}:${fallbackTag(image.descriptor.digest)}`)) as {
      manifests: { artifactType: string }[];
    };
    expect(list.manifests.map(({ artifactType }) => artifactType)).toEqual([one.artifactType, two.artifactType]);
  });

  it('cannot be added to an archive, which is written as a whole', async () => {
    const { dir, tools } = await sample();
    const image = await openImage(NAME, tools);
    const place = `oci-archive:${join(dir, 'a.tar')}:app`;
    await writeBundle(withArtifacts(bundleOfImage(image), [one]), place, tools);
    const bundle = await openBundle(place, { ...tools, all: true, referrers: true });
    expect(bundle.documents.some(({ content }) => content.artifactType === one.artifactType)).toBe(true);
    expect(await failure(writeBundle(besideImage(image, [two]), place, tools))).toMatchObject({ code: 'E_TRANSPORT' });
  });
});
