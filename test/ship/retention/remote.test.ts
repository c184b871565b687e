import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { encodeManifest } from '../../../src/oci/encode.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { remotePlace } from '../../../src/ship/retention/places/remote.ts';
import { pruneByPolicy, type RetentionResult } from '../../../src/ship/retention/prune.ts';
import { openRegistry } from '../../../src/transports/registry/client.ts';
import { errors, faultRegistry, respond, sha, type FaultRegistry } from '../../helpers/fault-registry.ts';

type Registry = FaultRegistry;

/** An image `app:TAG`; its bytes, for whoever puts it elsewhere too. */
function put(registry: Registry, tag: string, created: string): { readonly digest: string; readonly bytes: Buffer } {
  const config = Buffer.from(JSON.stringify({ created, os: 'linux', architecture: 'amd64' }));
  const digest = sha(config) as `sha256:${string}`;
  registry.blobs.set(digest, config);
  const bytes = Buffer.from(
    encodeManifest({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest, size: config.length },
      layers: [],
    }),
  );
  for (const reference of [tag, sha(bytes)])
    registry.manifests.set(`app@${reference}`, { mediaType: OCI_MANIFEST, bytes });
  return { digest: sha(bytes), bytes };
}

async function prune(registry: Registry, keep: readonly string[]): Promise<RetentionResult> {
  const client = await openRegistry(registry.host, { ctx: createContext({}), env: {} });
  const place = remotePlace({ client, repositories: ['app'] });
  return pruneByPolicy({ place, policy: { tags: keep }, dryRun: false, now: 0 });
}

const deletions = (registry: Registry): string[] =>
  registry.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path);

describe('a registry that does not do as it should', () => {
  it('is left alone when a manifest of it is wrong', async () => {
    const registry = await faultRegistry();
    put(registry, '1', '2020-01-01T00:00:00Z');
    put(registry, '2', '2021-01-01T00:00:00Z');
    registry.fault({
      method: 'GET',
      path: /manifests\/1$/,
      respond: respond(200, '<html>', { 'content-type': OCI_MANIFEST }),
    });
    const result = await prune(registry, ['2']);
    expect(result.repositories).toMatchObject([{ tags: [], problem: expect.stringMatching(/^nothing was deleted: /) }]);
    expect(deletions(registry)).toEqual([]);
  });

  it('is left alone when a tag is moved meanwhile', async () => {
    const registry = await faultRegistry();
    put(registry, '1', '2020-01-01T00:00:00Z');
    const kept = put(registry, '2', '2021-01-01T00:00:00Z');
    // Between reading and deleting, others let the kept tag point to the image that is to go.
    registry.fault({
      method: 'HEAD',
      path: /manifests\/2$/,
      respond: respond(200, '', {
        'content-type': OCI_MANIFEST,
        'content-length': '10',
        'docker-content-digest': sha(Buffer.from('another')),
      }),
    });
    const result = await prune(registry, ['2']);
    expect(result.repositories[0]?.problem).toMatch(/tag 2 of app was changed while the repository was read/);
    expect(deletions(registry)).toEqual([]);
    expect(registry.manifests.has(`app@${kept.digest}`)).toBe(true);
  });

  it('that does not delete says so, and keeps the tags', async () => {
    const registry = await faultRegistry();
    put(registry, '1', '2020-01-01T00:00:00Z');
    put(registry, '2', '2021-01-01T00:00:00Z');
    registry.fault({
      method: 'DELETE',
      times: 100,
      respond: respond(405, JSON.stringify(errors('UNSUPPORTED')), { 'content-type': 'application/json' }),
    });
    const result = await prune(registry, ['2']);
    expect(result.repositories).toMatchObject([
      { problem: expect.stringMatching(/^0 of 1 manifests were deleted, then: .*UNSUPPORTED/) },
    ]);
    expect(result.repositories[0]?.tags.map(({ keep }) => keep)).toEqual([true, true]);
  });

  it('that takes a manifest away with one of its tags gets it back', async () => {
    const registry = await faultRegistry();
    const { digest, bytes } = put(registry, 'old', '2020-01-01T00:00:00Z');
    registry.manifests.set('app@stable', { mediaType: OCI_MANIFEST, bytes });
    registry.fault({
      method: 'DELETE',
      path: /manifests\/old$/,
      respond: (request, response) => {
        for (const reference of ['old', 'stable', digest]) registry.manifests.delete(`app@${reference}`);
        return respond(202)(request, response);
      },
    });
    await prune(registry, ['stable']);
    expect([...registry.manifests.keys()].sort()).toEqual([`app@${digest}`, 'app@stable'].sort());
  });
});
