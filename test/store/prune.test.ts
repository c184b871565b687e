import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hexOf, sha256, type Digest } from '../../src/base/digest.ts';
import { encodeIndex, encodeManifest } from '../../src/oci/encode.ts';
import { EVIDENCE_MEDIA_TYPE, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { openStore } from '../../src/store/index.ts';
import { thisProcess } from '../../src/store/process-identity.ts';
import type { Store } from '../../src/store/types.ts';
import { makeImage } from '../helpers/images.ts';
import { tempDir } from '../helpers/temp.ts';

const freshStore = (): Promise<Store> => openStore({ home: join(tempDir(), 'home') });
const layers = [[{ path: 'a', content: 'a' }], [{ path: 'b', content: 'b' }]];
const blobFile = (store: Store, digest: Digest): string => join(store.home, 'blobs/sha256', hexOf(digest));
const own = (store: Store, ...names: string[]): string => join(store.home, 'tare', ...names);
const put = (store: Store, text: string) => store.blobs.putBytes(Buffer.from(text));
const write = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
/** A process that has certainly ended: its PID and start may be in use again only by another start. */
const deadProcess = async (): Promise<string> => {
  const [, , place] = (await thisProcess()).split('-');
  return `${process.pid}-1-${place}-token`;
};
const digests = async (store: Store): Promise<Digest[]> => {
  const all: Digest[] = [];
  for await (const { digest } of store.blobs.list()) all.push(digest);
  return all;
};

describe('prune', () => {
  it('deletes what no name leads to, and says so before with dryRun', async () => {
    const store = await freshStore();
    const kept = await makeImage({ store, layers, name: 'kept' });
    const lost = await makeImage({ store, layers: [...layers, [{ path: 'c', content: 'c' }]], name: 'lost' });
    const stray = await put(store, 'stray');
    await store.untag('lost');
    const doomed = [lost.descriptor, lost.manifest.config, lost.layers[2]?.descriptor ?? stray, stray];
    const bytes = doomed.reduce((total, { size }) => total + size, 0);
    const expected = { blobs: 4, bytes, cacheBytes: 0 };
    expect(await store.prune({ dryRun: true })).toEqual(expected);
    expect(await digests(store)).toHaveLength(8);
    expect(await store.prune()).toEqual(expected);
    expect((await digests(store)).sort()).toEqual(
      [kept.descriptor, kept.manifest.config, ...kept.manifest.layers].map((item) => item.digest).sort(),
    );
    expect(await store.prune()).toEqual({ blobs: 0, bytes: 0, cacheBytes: 0 });
  });

  it('follows indexes in indexes, subjects, records of reasons and names of other tools', async () => {
    const store = await freshStore();
    const image = await makeImage({ store, layers });
    const subject = await makeImage({ store, layers: [[{ path: 'subject' }]] });
    const signature = {
      mediaType: OCI_MANIFEST,
      ...(await store.blobs.putBytes(encodeManifest({ ...image.manifest, subject: subject.descriptor }))),
    };
    const absent = { mediaType: OCI_MANIFEST, digest: sha256('absent'), size: 6 };
    const indexOf = async (...manifests: (typeof signature)[]) => ({
      mediaType: OCI_INDEX,
      ...(await store.blobs.putBytes(encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))),
    });
    const outer = await indexOf(await indexOf(image.descriptor, absent), signature);
    const evidence = { mediaType: EVIDENCE_MEDIA_TYPE, ...(await put(store, 'why')) };
    await store.tag('multi', outer, evidence);
    const before = await digests(store);
    expect(await store.prune()).toEqual({ blobs: 0, bytes: 0, cacheBytes: 0 });
    expect(await digests(store)).toEqual(before);
    await store.untag('multi');
    expect((await store.prune()).blobs).toBe(before.length);
  });

  it('lets what refers to an image go with it, names and all', async () => {
    const store = await freshStore();
    const indexOf = async (...manifests: { mediaType: string; digest: Digest; size: number }[]) => ({
      mediaType: OCI_INDEX,
      ...(await store.blobs.putBytes(encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))),
    });
    const about = async (subject: { mediaType: string; digest: Digest; size: number }, text: string) => {
      const layer = { mediaType: 'text/plain', ...(await put(store, text)) };
      const config = { mediaType: OCI_EMPTY, ...(await put(store, '{}')) };
      const bytes = encodeManifest({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer], subject });
      return { mediaType: OCI_MANIFEST, ...(await store.blobs.putBytes(bytes)) };
    };
    const tagOf = ({ digest }: { digest: Digest }): string => `sha256-${hexOf(digest)}`;
    const image = (await makeImage({ store, layers, name: 'app:1' })).descriptor;
    await store.tag('other:1', image);
    const sbom = await about(image, 'sbom');
    const signature = await about(sbom, 'signature of the sbom');
    await store.tag(`app:${tagOf(image)}`, await indexOf(sbom));
    await store.tag(`app:${tagOf(sbom)}`, await indexOf(signature));
    await store.tag(`app:${tagOf(image)}.sig`, await about(image, "cosign's"));
    const lonely = await about({ mediaType: OCI_MANIFEST, digest: sha256('elsewhere'), size: 9 }, 'lonely');
    await store.tag(`far:${tagOf({ digest: sha256('elsewhere') })}`, lonely);

    const count = (await digests(store)).length;
    for (const name of ['app:1', 'other:1']) {
      expect(await store.prune()).toEqual({ blobs: 0, bytes: 0, cacheBytes: 0 });
      expect(await store.images()).toHaveLength(name === 'app:1' ? 6 : 5);
      await store.untag(name);
    }
    // Somebody who is about to name it has a lease.
    const lease = await store.lease();
    await store.prune();
    expect(await store.images()).toHaveLength(4);
    await lease.release();

    const would = await store.prune({ dryRun: true });
    expect(await digests(store)).toHaveLength(count);
    expect(await store.images()).toHaveLength(4);
    expect(await store.prune()).toEqual(would);
    expect((await store.images()).map(({ name }) => name)).toEqual([`far:${tagOf({ digest: sha256('elsewhere') })}`]);
    // The manifest, its layer, and the config that all of them share.
    expect(await digests(store)).toHaveLength(3);
  });

  it('drops layer indexes with their blob, and caches always', async () => {
    const store = await freshStore();
    const { layers: made } = await makeImage({ store, layers, name: 'app' });
    const index = (digest: Digest): string => own(store, 'index', `sha256-${hexOf(digest)}.json`);
    const kept = index(made[0]?.descriptor.digest ?? sha256(''));
    write(kept, '{}');
    write(index(sha256('gone')), '{"a":1}');
    for (const cache of ['roots', 'layers', 'packed', 'stripped', 'builds'])
      write(own(store, cache, 'x/deep/y'), '12345');
    expect(await store.prune({ dryRun: true })).toEqual({ blobs: 0, bytes: 7 + 25, cacheBytes: 7 + 25 });
    expect(await store.prune()).toEqual({ blobs: 0, bytes: 7 + 25, cacheBytes: 7 + 25 });
    expect(readdirSync(own(store, 'index'))).toEqual([
      `sha256-${hexOf(made[0]?.descriptor.digest ?? sha256(''))}.json`,
    ]);
    for (const cache of ['roots', 'layers', 'packed', 'stripped', 'builds'])
      expect(readdirSync(own(store, cache))).toEqual([]);
  });

  it('removes roots with folders that may not be changed', async () => {
    const store = await freshStore();
    await put(store, 'x');
    write(own(store, 'roots/r/closed/file'), 'x');
    chmodSync(own(store, 'roots/r/closed'), 0o000);
    await store.prune();
    expect(existsSync(own(store, 'roots/r'))).toBe(false);
  });

  it('leaves what is younger than a lease, and every cache, until the lease ends', async () => {
    const store = await freshStore();
    const old = await put(store, 'old');
    const reused = await put(store, 'reused');
    const seen = await put(store, 'seen');
    for (const { digest } of [old, reused, seen]) utimesSync(blobFile(store, digest), 1000, 1000);
    write(own(store, 'roots/r/file'), 'x');
    const other = await openStore({ home: store.home });
    const lease = await store.lease();
    const fresh = await put(store, 'fresh');
    await put(store, 'reused');
    expect(await store.blobs.size(seen.digest)).toBe(4);
    await other.blobs.size(old.digest);
    expect(await other.prune()).toEqual({ blobs: 1, bytes: 3, cacheBytes: 0 });
    expect((await digests(store)).sort()).toEqual([fresh.digest, reused.digest, seen.digest].sort());
    expect(existsSync(own(store, 'roots/r/file'))).toBe(true);
    await lease.release();
    await lease.release();
    expect(await other.prune()).toEqual({ blobs: 3, bytes: 16, cacheBytes: 1 });
    expect(readdirSync(own(store, 'leases'))).toEqual([]);
  });

  it('honours the lease of another process, and not that of a dead one', async () => {
    const store = await freshStore();
    await put(store, 'x');
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const start = execFileSync('cut', ['-d', ' ', '-f', '22', `/proc/${child.pid}/stat`], {
        encoding: 'utf8',
      }).trim();
      const [, , place] = (await thisProcess()).split('-');
      write(own(store, 'leases', `${child.pid}-${start}-${place}-token`), '');
      expect(await store.prune()).toEqual({ blobs: 0, bytes: 0, cacheBytes: 0 });
    } finally {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.on('exit', resolve));
    }
    expect(await store.prune()).toEqual({ blobs: 1, bytes: 1, cacheBytes: 0 });
    expect(readdirSync(own(store, 'leases'))).toEqual([]);
  });

  it('counts the lease of a process that cannot be seen for a day', async () => {
    const store = await freshStore();
    await put(store, 'x');
    const lease = own(store, 'leases', '1-1-00000000-token');
    write(lease, '');
    expect(await store.prune()).toEqual({ blobs: 0, bytes: 0, cacheBytes: 0 });
    const longAgo = Date.now() / 1000 - 2 * 24 * 60 * 60;
    utimesSync(lease, longAgo, longAgo);
    expect(await store.prune()).toEqual({ blobs: 1, bytes: 1, cacheBytes: 0 });
  });

  it('clears away what dead processes left, and nothing of living ones', async () => {
    const store = await freshStore();
    await put(store, 'x');
    const writer = await store.blobs.writer();
    await writer.write(Buffer.from('on its way'));
    write(own(store, 'tmp', await deadProcess()), 'half');
    for (const name of ['of-no-process', 'of-no-process-old']) write(own(store, 'tmp', name), 'half');
    utimesSync(own(store, 'tmp/of-no-process-old'), 1000, 1000);
    expect(await store.prune()).toEqual({ blobs: 1, bytes: 9, cacheBytes: 8 });
    expect((await writer.commit()).size).toBe(10);
    expect(readdirSync(own(store, 'tmp'))).toEqual(['of-no-process']);
  });

  it('deletes nothing when a manifest is damaged, until its name is gone', async () => {
    const store = await freshStore();
    const { descriptor } = await makeImage({ store, layers, name: 'app' });
    await put(store, 'stray');
    const file = blobFile(store, descriptor.digest);
    const { size } = statSync(file);
    chmodSync(file, 0o644);
    writeFileSync(file, 'x'.repeat(size));
    await expect(store.prune()).rejects.toMatchObject({ code: 'E_STORE', hint: expect.stringContaining('tare rm') });
    expect(await digests(store)).toHaveLength(5);
    await store.untag('app');
    expect((await store.prune()).blobs).toBe(5);
  });

  it('collects a layout that another tool made', async () => {
    const home = tempDir();
    const source = await openStore({ home: join(home, 'a') });
    await makeImage({ store: source, layers, name: 'app' });
    await put(source, 'stray');
    execFileSync('rm', ['-r', join(home, 'a/tare')]);
    const store = await openStore({ home: join(home, 'a') });
    expect(await store.prune({ dryRun: true })).toEqual({ blobs: 1, bytes: 5, cacheBytes: 0 });
    expect(existsSync(join(home, 'a/tare'))).toBe(false);
    expect(await store.prune()).toEqual({ blobs: 1, bytes: 5, cacheBytes: 0 });
  });
});
