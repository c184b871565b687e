import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { hexOf, type Digest } from '../../../src/base/digest.ts';
import { encodeIndex, encodeManifest } from '../../../src/oci/encode.ts';
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/oci/types.ts';
import { push } from '../../../src/ship/registry.ts';
import type { RetentionResult } from '../../../src/ship/retention/prune.ts';
import { openStore } from '../../../src/store/index.ts';
import { openRegistry } from '../../../src/transports/registry/client.ts';
import { putWithSubject } from '../../../src/transports/registry/referrers.ts';
import type { RegistryClient } from '../../../src/transports/registry/types.ts';
import { tare, tareJson } from '../../helpers/cli.ts';
import { makeImage, type MadeImage } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { startDockerRegistry, startTareRegistry, type RunningRegistry } from '../../helpers/registry.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';

const DAY_MS = 86_400_000;
const ctx = createContext({});
const ago = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();

interface Site {
  readonly host: string;
  readonly home: string;
  readonly client: RegistryClient;
  readonly put: (reference: string, days?: number, content?: string) => Promise<MadeImage>;
}

async function site({ host, stop }: RunningRegistry): Promise<Site> {
  onTestFinished(async () => {
    await stop('SIGKILL');
  });
  const home = join(tempDir(), 'home');
  const store = await openStore({ home });
  const client = await openRegistry(host, { ctx, env: {} });
  return {
    host,
    home,
    client,
    put: async (reference, days, content = reference) => {
      const image = await makeImage({
        store,
        name: reference,
        layers: [[{ path: 'base', content: 'b'.repeat(1000) }], [{ path: 'own', content }]],
        ...(days === undefined ? {} : { config: { created: ago(days) } }),
      });
      await push({ store, ctx, name: reference, reference: `${host}/${reference}` });
      return image;
    },
  };
}

/** An artifact that refers to an image, as signatures and bills of materials do. */
async function attach(client: RegistryClient, repository: string, subject: Descriptor): Promise<Descriptor> {
  const config = Buffer.from('{}');
  const descriptor: Descriptor = {
    mediaType: OCI_EMPTY,
    digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    size: config.length,
  };
  await client.uploadBlob(repository, {
    descriptor,
    open: async function* () {
      yield config;
    },
  });
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: 'application/vnd.example.note',
    config: descriptor,
    layers: [descriptor],
    subject,
  });
  return putWithSubject(client, repository, { bytes, mediaType: OCI_MANIFEST });
}

async function tagsOf(client: RegistryClient, repository: string): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of client.tags(repository)) tags.push(tag);
  return tags.sort();
}

const isThere = async (client: RegistryClient, repository: string, digest: Digest): Promise<boolean> =>
  (await client.headManifest(repository, digest)) !== undefined;

const SERVERS: readonly [string, boolean, () => Promise<RunningRegistry>][] = [
  ['tare registry serve', true, () => startTareRegistry({ storage: join(tempDir(), 'storage'), args: ['-q'] })],
  ['docker-registry', needs('docker-registry'), startDockerRegistry],
];

describe.each(SERVERS)('retention in %s', (name, isHere, start) => {
  it.skipIf(!isHere)('deletes what no rule keeps, with what refers to it', async () => {
    const { client, home, host, put } = await site(await start());
    const old = await put('team/app:1', 40);
    const child = await put('team/app:2', 20);
    const newest = await put('team/app:3', 10);
    const other = await put('team/other:1', 90);
    const index = encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child.descriptor] });
    await client.putManifest('team/app', 'all', { bytes: index, mediaType: OCI_INDEX });
    const [gone, stays] = [
      await attach(client, 'team/app', old.descriptor),
      await attach(client, 'team/app', newest.descriptor),
    ];
    const args = ['prune', `docker://${host}`, '--keep-newest', '1', '--keep-tag', 'all', '--price', '0.10'];

    const dry = await tareJson<RetentionResult>([...args, '--dry-run'], { home });
    expectShape('retention', dry);
    expect(dry.repositories.map(({ repository }) => repository)).toEqual(['team/app', 'team/other']);
    const fates = dry.repositories[0]?.tags.filter(({ tag }) => !tag.startsWith('sha256-'));
    expect(fates?.map(({ keep, tag }) => [tag, keep])).toEqual([
      ['1', false],
      ['2', false],
      ['3', true],
      ['all', true],
    ]);
    expect(await isThere(client, 'team/app', old.descriptor.digest)).toBe(true);

    const done = await tareJson<RetentionResult>(args, { home });
    expect(done.frees).toBe(dry.frees);
    expect(done.repositories[0]?.manifests).toBe(dry.repositories[0]?.manifests);
    for (const digest of [old.descriptor.digest, gone.digest])
      expect(await isThere(client, 'team/app', digest)).toBe(false);
    for (const digest of [child.descriptor.digest, newest.descriptor.digest, stays.digest])
      expect(await isThere(client, 'team/app', digest)).toBe(true);
    expect((await client.referrers('team/app', newest.descriptor.digest)).map(({ digest }) => digest)).toEqual([
      stays.digest,
    ]);
    expect(await isThere(client, 'team/other', other.descriptor.digest)).toBe(true);
    // Of 2 only the tag was to go, since an index that stays needs its image.
    const row = done.repositories[0]?.tags.find(({ tag }) => tag === '2');
    const canDeleteTags = name === 'tare registry serve';
    expect(row?.keep).toBe(!canDeleteTags);
    if (!canDeleteTags) expect(row?.because).toMatch(/this registry deletes no tag/);
    const tags = (await tagsOf(client, 'team/app')).filter((tag) => !tag.startsWith('sha256-'));
    expect(tags).toEqual(canDeleteTags ? ['3', 'all'] : ['2', '3', 'all']);
    const again = await tareJson<RetentionResult>(args, { home });
    expect(again).toMatchObject({ frees: 0 });
  });

  it.skipIf(!isHere)('says of images without an age what could keep them', async () => {
    const { home, host, put } = await site(await start());
    await put('app:1');
    await put('app:2', 5);
    const args = ['prune', `docker://${host}/app`, '--keep-younger', '30d', '--dry-run'];
    expect((await tare(args, { home })).stdout).toMatch(/app:1 +kept .*its age is unknown, and only ages/);
    const { stdout } = await tare([...args, '--keep-newest', '0'], { home });
    expect(stdout).toMatch(/app:1 +deleted .*its age is unknown\napp:2 +kept .*it is 5 days old\n/);
    expect(stdout).toMatch(/note: --keep-younger keeps nothing whose age is unknown \(1 here\)/);
  });

  it.skipIf(!isHere)('keeps the image of a name that another one needs', async () => {
    const { client, home, host, put } = await site(await start());
    const { descriptor } = await put('app:1', 40);
    const { bytes, mediaType } = await client.getManifest('app', '1');
    await client.putManifest('app', 'stable', { bytes, mediaType });
    await tareJson(['prune', `docker://${host}/app`, '--keep-tag', 'stable'], { home });
    expect(await tagsOf(client, 'app')).toContain('stable');
    expect((await client.getManifest('app', 'stable')).digest).toBe(descriptor.digest);
  });
});

describe('tare registry prune', () => {
  it('works beside the server, and takes the bytes off the disk', async () => {
    const storage = join(tempDir(), 'storage');
    const { client, home, put } = await site(await startTareRegistry({ storage, args: ['-q'] }));
    const old = await put('team/app:1');
    const newest = await put('team/app:2');
    // Age is that of the tag's file; blobs of the last hour would stay, as their manifest may be on its way.
    const long = Date.now() / 1000 - 40 * 86_400;
    for (const folder of ['blobs', 'repositories'])
      for (const file of readdirSync(join(storage, folder), { recursive: true, encoding: 'utf8' }))
        utimesSync(join(storage, folder, file), long, long);
    utimesSync(join(storage, 'repositories', 'team+app', 'tags', '2'), new Date(), new Date());
    const args = ['registry', 'prune', '--storage', storage, '--keep-younger', '30d'];
    const dry = await tareJson<RetentionResult>([...args, '--dry-run'], { home });
    expectShape('retention', dry);
    expect(dry).toMatchObject({ collected: null, unreferenced: { blobs: 0, bytes: 0 } });
    const done = await tareJson<RetentionResult>(args, { home });
    expect(done).toMatchObject({ frees: dry.frees, collected: { bytes: dry.frees } });
    expect(await tagsOf(client, 'team/app')).toEqual(['2']);
    expect(await isThere(client, 'team/app', old.descriptor.digest)).toBe(false);
    for (const layer of newest.manifest.layers) expect(await client.hasBlob('team/app', layer.digest)).toBe(layer.size);
    expect(await tareJson(['registry', 'prune', '--storage', storage], { home })).toEqual({
      blobs: 0,
      bytes: 0,
      dryRun: false,
    });
  });

  it('deletes nothing of a repository with a damaged manifest, and ends with 1', async () => {
    const storage = join(tempDir(), 'storage');
    const { client, home, put } = await site(await startTareRegistry({ storage, args: ['-q'] }));
    const bad = await put('app:1');
    await put('app:2');
    writeFileSync(join(storage, 'blobs', 'sha256', hexOf(bad.descriptor.digest)), 'x');
    const args = ['registry', 'prune', '--storage', storage, '--keep-newest', '1'];
    const result = await tareJson<RetentionResult>(args, { home, code: 1 });
    expect(result.repositories).toMatchObject([{ tags: [], problem: expect.stringContaining('damaged') }]);
    expect(result.collected).toBeNull();
    expect(await tagsOf(client, 'app')).toEqual(['1', '2']);
    const remote = await tareJson<RetentionResult>(['prune', `docker://${client.registry}`, '--keep-newest', '1'], {
      home,
      code: 1,
    });
    expect(remote.repositories).toMatchObject([{ problem: expect.any(String) }]);
    expect(await tagsOf(client, 'app')).toEqual(['1', '2']);
  });
});

describe('what is refused', () => {
  it.each([
    [['prune', 'docker://127.0.0.1:1/app'], /needs a rule that says what stays/],
    [['prune', '--price', '1'], /needs a rule that says what stays/],
    [['prune', 'docker://127.0.0.1:1/app:1', '--keep-newest', '1'], /is one image/],
    [['prune', 'docker://node', '--keep-newest', '1'], /is not the host of a registry/],
    [['prune', 'app', '--keep-newest', '1'], /is no registry/],
    [['registry', 'prune', '--price', '1'], /is not the storage of a registry/],
  ])('%j', async (args, message) => {
    const answer = await tare(args, { home: tempDir() });
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(message);
  });
});
