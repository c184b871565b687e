import { afterEach, describe, expect, it, vi } from 'vitest';
import { EVIDENCE_MEDIA_TYPE, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { openImage, writeImage, identityOf } from '../../../src/transports/index.ts';
import { fallbackTag } from '../../../src/transports/attached.ts';
import { faultRegistry, respond, sha } from '../../helpers/fault-registry.ts';
import { failure, NAME, readAll, sample } from '../sample.ts';
import { bareEnvironment, testClient } from './client.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function isolate(): void {
  for (const name of ['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'REGISTRY_AUTH_FILE', 'DOCKER_CONFIG', 'TARE_INSECURE'])
    vi.stubEnv(name, '');
  for (const [name, value] of Object.entries(bareEnvironment())) vi.stubEnv(name, value);
}

describe('docker://', () => {
  it.each([
    ['docker://node', 'docker://docker.io/library/node:latest'],
    ['docker://node:20', 'docker://docker.io/library/node:20'],
    ['docker://localhost:5000/a/b', 'docker://localhost:5000/a/b:latest'],
    [`docker://r.io/a@sha256:${'0'.repeat(64)}`, `docker://r.io/a@sha256:${'0'.repeat(64)}`],
  ])('%s is %s', async (text, expected) => {
    expect(await identityOf(text)).toBe(expected);
  });

  it.each(['docker://', 'docker://UPPER', 'docker:///x', 'docker://host:port/x', 'docker://a/b:c:d', 'docker://a b'])(
    'refuses %s',
    async (text) => {
      const { tools } = await sample();
      expect((await failure(openImage(text, tools))).code).toBe('E_REFERENCE');
    },
  );

  it('goes with the record of reasons through the referrers API', async () => {
    isolate();
    const registry = await faultRegistry({ referrers: true });
    const { evidence, tools } = await sample();
    await writeImage(await openImage(NAME, tools), `docker://${registry.host}/a:1`, tools);
    expect([...registry.manifests.keys()].filter((key) => key.includes('@sha256-'))).toEqual([]);
    const image = await openImage(`docker://${registry.host}/a:1`, tools);
    expect(image.evidence).toEqual(evidence);
    await readAll(image);
  });

  it('tells how far it is, and what came to nothing', async () => {
    isolate();
    const registry = await faultRegistry();
    const { events, tools } = await sample();
    await writeImage(await openImage(NAME, tools), `docker://${registry.host}/a:1`, tools);
    const told = events.flatMap((event) => (event.kind === 'transfer' ? [event] : []));
    expect(told.at(-1)?.done).toBe(told.at(-1)?.total);
    expect(told.every(({ done, total }) => done <= total)).toBe(true);
  });

  it('is as good without a record of reasons that is not to be had, or is of another image', async () => {
    isolate();
    const registry = await faultRegistry();
    const { made, tools } = await sample();
    const reference = `docker://${registry.host}/a:1`;
    await writeImage(await openImage(NAME, tools), reference, tools);
    const tag = `a@${fallbackTag(made.descriptor.digest)}`;
    for (const bytes of ['nonsense', '{"schemaVersion":2,"manifests":5}']) {
      registry.manifests.set(tag, { mediaType: OCI_INDEX, bytes: Buffer.from(bytes) });
      expect((await openImage(reference, tools)).evidence).toBeUndefined();
    }
    const other = Buffer.from(
      JSON.stringify({ ...made.manifest, artifactType: EVIDENCE_MEDIA_TYPE, subject: made.manifest.config }),
    );
    registry.manifests.set(`a@${sha(other)}`, { mediaType: OCI_MANIFEST, bytes: other });
    const entry = {
      mediaType: OCI_MANIFEST,
      digest: sha(other),
      size: other.length,
      artifactType: EVIDENCE_MEDIA_TYPE,
    };
    const index = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] });
    registry.manifests.set(tag, { mediaType: OCI_INDEX, bytes: Buffer.from(index) });
    expect((await openImage(reference, tools)).evidence).toBeUndefined();
  });

  it('adds to a fallback tag that others have written, and repairs one that is none', async () => {
    isolate();
    const registry = await faultRegistry();
    const { made, tools } = await sample();
    const { digest } = made.descriptor;
    const foreign = { mediaType: OCI_MANIFEST, digest: sha(Buffer.from('x')), size: 1, artifactType: 'other/type' };
    const key = `a@${fallbackTag(digest)}`;
    const index = JSON.stringify({ schemaVersion: 2, manifests: [foreign], annotations: { kept: 'yes' } });
    registry.manifests.set(key, { mediaType: OCI_INDEX, bytes: Buffer.from(index) });
    await writeImage(await openImage(NAME, tools), `docker://${registry.host}/a:1`, tools);
    const written = JSON.parse(registry.manifests.get(key)?.bytes.toString('utf8') ?? '') as Record<string, unknown>;
    expect(written).toMatchObject({
      mediaType: OCI_INDEX,
      manifests: [foreign, { artifactType: EVIDENCE_MEDIA_TYPE }],
      annotations: { kept: 'yes' },
    });
    const { client } = await testClient(registry.host);
    expect(await client.referrers('a', digest, 'other/type')).toEqual([foreign]);
  });

  it("names Docker's schema 1 when it refuses it", async () => {
    isolate();
    const registry = await faultRegistry();
    const mediaType = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    registry.manifests.set('a@1', { mediaType, bytes: Buffer.from('{"schemaVersion":1}') });
    const { tools } = await sample();
    const error = await failure(openImage(`docker://${registry.host}/a:1`, tools));
    expect(error.code).toBe('E_MEDIA_TYPE');
    expect(error.hint).toContain('schema 1');
  });

  it('waits for a registry that is about to start', async () => {
    const registry = await faultRegistry();
    registry.manifests.set('a@1', { mediaType: OCI_MANIFEST, bytes: Buffer.from('{}') });
    registry.fault({ path: /^\/v2\/$/, times: 3, respond: respond(503) });
    const { client, slept } = await testClient(registry.host);
    expect((await client.getManifest('a', '1')).mediaType).toBe(OCI_MANIFEST);
    expect(slept).toHaveLength(2);
  });

  it('finishes a push that was stopped with what is missing alone', async () => {
    isolate();
    const registry = await faultRegistry();
    const { made, tools } = await sample();
    const image = await openImage(NAME, tools);
    registry.fault({ method: 'PUT', path: /manifests/, respond: respond(403) });
    expect((await failure(writeImage(image, `docker://${registry.host}/a:1`, tools))).code).toBe('E_DENIED');
    const before = registry.seen.length;
    await writeImage(image, `docker://${registry.host}/a:1`, tools);
    const sent = registry.seen
      .slice(before)
      .filter(({ method, path }) => method === 'PUT' && path.includes('/uploads/'));
    // The record of reasons and its empty config had not begun.
    expect(sent).toHaveLength(2);
    expect(registry.manifests.get('a@1')?.bytes.length).toBe(made.descriptor.size);
  });
});
