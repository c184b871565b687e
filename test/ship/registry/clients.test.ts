import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveRegistry, type Serving } from '../../../src/ship/registry/server.ts';
import { canRunDockerd, withDockerd } from '../../helpers/dockerd.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { digestOf, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from './fixtures.ts';

const run = promisify(execFile);
const CRANE = process.env['TARE_CRANE'] ?? fileURLToPath(new URL('../../../.tools/crane', import.meta.url));

/** An OCI layout with one image, `latest`, of one small layer. @returns the digest of its manifest */
function makeLayout(dir: string): string {
  const blobs = join(dir, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, bytes: Buffer): { mediaType: string; digest: string; size: number } => {
    const digest = digestOf(bytes);
    writeFileSync(join(blobs, digest.slice(7)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const files = tempDir();
  writeFileSync(join(files, 'hello.txt'), 'hello\n');
  const tar = execFileSync('tar', ['-C', files, '--owner=0', '--group=0', '-c', 'hello.txt']);
  // Compressed: clients compress what is not, and then the digest is another one.
  const layer = put(`${OCI_LAYER}+gzip`, gzipSync(tar));
  const config = put(
    OCI_CONFIG,
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Cmd: ['/hello'] },
        rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
      }),
    ),
  );
  const manifest = put(
    OCI_MANIFEST,
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] })),
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return manifest.digest;
}

async function serving(): Promise<{ readonly server: Serving; readonly host: string }> {
  const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: tempDir() });
  onTestFinished(() => server.stop());
  return { server, host: server.url.replace('http://', '') };
}

async function digestAt(url: string, repository: string, tag: string): Promise<string | null> {
  const answer = await fetch(`${url}/v2/${repository}/manifests/${tag}`, { method: 'HEAD' });
  return answer.headers.get('docker-content-digest');
}

const skopeoPush = (layout: string, target: string): Promise<unknown> =>
  run('skopeo', ['copy', '-q', '--dest-tls-verify=false', `oci:${layout}:latest`, `docker://${target}`]);

describe('clients push to the registry and pull from it', () => {
  it.skipIf(!needs('skopeo'))('skopeo', async () => {
    const { server, host } = await serving();
    const [layout, back] = [tempDir(), tempDir()];
    const digest = makeLayout(layout);
    await skopeoPush(layout, `${host}/a/app:1`);
    expect(await digestAt(server.url, 'a/app', '1')).toBe(digest);
    await run('skopeo', ['copy', '-q', '--src-tls-verify=false', `docker://${host}/a/app:1`, `oci:${back}:latest`]);
    expect(readFileSync(join(back, 'index.json'), 'utf8')).toContain(digest);
    const tags = await run('skopeo', ['list-tags', '--tls-verify=false', `docker://${host}/a/app`]);
    expect(JSON.parse(tags.stdout)).toMatchObject({ Tags: ['1'] });
    await run('skopeo', ['delete', '--tls-verify=false', `docker://${host}/a/app:1`]);
    expect(await digestAt(server.url, 'a/app', '1')).toBeNull();
  });

  it.skipIf(!needs('skopeo') || !existsSync(CRANE))('crane (made by script/crane)', async () => {
    const { server, host } = await serving();
    const layout = tempDir();
    const digest = makeLayout(layout);
    const crane = async (...args: readonly string[]): Promise<string> =>
      (await run(CRANE, ['--insecure', ...args])).stdout.trim();
    await crane('push', layout, `${host}/a/app:1`);
    expect(await crane('digest', `${host}/a/app:1`)).toBe(digest);
    await crane('copy', `${host}/a/app:1`, `${host}/b/app:2`);
    await crane('tag', `${host}/b/app:2`, '3');
    expect((await crane('ls', `${host}/b/app`)).split('\n')).toEqual(['2', '3']);
    expect((await crane('catalog', host)).split('\n')).toEqual(['a/app', 'b/app']);
    await crane('pull', '--format=oci', `${host}/b/app:3`, join(tempDir(), 'pulled'));
    await crane('validate', '--remote', `${host}/b/app:3`);
    await crane('delete', `${host}/b/app@${digest}`);
    expect(await digestAt(server.url, 'b/app', '3')).toBeNull();
  });

  it.skipIf(!needs('skopeo', 'podman') || process.getuid?.() !== 0)('podman', async () => {
    const { server, host } = await serving();
    const [layout, state] = [tempDir(), tempDir()];
    const digest = makeLayout(layout);
    await skopeoPush(layout, `${host}/a/app:1`);
    const podman = (...args: readonly string[]): Promise<{ stdout: string }> =>
      run('podman', [`--root=${state}/root`, `--runroot=${state}/run`, '--storage-driver=vfs', ...args]);
    await podman('pull', '-q', '--tls-verify=false', `${host}/a/app:1`);
    await podman('push', '-q', '--tls-verify=false', `${host}/a/app:1`, `${host}/b/app:2`);
    expect(await digestAt(server.url, 'b/app', '2')).toMatch(/^sha256:/);
    const inspected = await podman('image', 'inspect', '--format', '{{.Digest}}', `${host}/a/app:1`);
    expect(inspected.stdout.trim()).toBe(digest);
  });

  it.skipIf(!needs('skopeo', 'buildah') || process.getuid?.() !== 0)('buildah', async () => {
    const { server, host } = await serving();
    const [layout, state] = [tempDir(), tempDir()];
    makeLayout(layout);
    await skopeoPush(layout, `${host}/a/app:1`);
    const buildah = (...args: readonly string[]): Promise<unknown> =>
      run('buildah', [`--root=${state}/root`, `--runroot=${state}/run`, '--storage-driver=vfs', ...args]);
    await buildah('pull', '-q', '--tls-verify=false', `${host}/a/app:1`);
    await buildah('push', '-q', '--tls-verify=false', '--format=v2s2', `${host}/a/app:1`, `docker://${host}/b/app:2`);
    const answer = await fetch(`${server.url}/v2/b/app/manifests/2`);
    expect(answer.headers.get('content-type')).toBe('application/vnd.docker.distribution.manifest.v2+json');
  });

  it.skipIf(!needs('skopeo') || !canRunDockerd())('docker', { timeout: 120_000 }, async (context) => {
    const { server, host } = await serving();
    const layout = tempDir();
    makeLayout(layout);
    await skopeoPush(layout, `${host}/a/app:1`);
    const started = await withDockerd(async ({ docker }) => {
      await docker('pull', '-q', `${host}/a/app:1`);
      await docker('tag', `${host}/a/app:1`, `${host}/b/app:2`);
      await docker('push', '-q', `${host}/b/app:2`);
      await docker('rmi', `${host}/b/app:2`, `${host}/a/app:1`);
      await docker('pull', '-q', `${host}/b/app:2`);
      expect(await digestAt(server.url, 'b/app', '2')).toMatch(/^sha256:/);
    });
    context.skip(!started, 'dockerd does not start here');
  });
});
