import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import type { TareEvent } from '../../src/base/events.ts';
import { blobFile, file, folder, freshStore, hardlink, noise, pack, symlink } from '../helpers/pack.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { openStore } from '../../src/store/index.ts';
import type { ContentReader, Entry } from '../../src/tree/types.ts';

/** Three chunks: some members within one, some over the edges. */
function someEntries(): Entry[] {
  const program = file('/bin/program', noise(5_000_000), { mode: 0o755 });
  return [
    folder('/bin'),
    program,
    hardlink('/bin/again', program),
    symlink('/bin/sh', 'program'),
    folder('/etc', { mode: 0o700, uid: 3, gid: 4 }),
    file('/etc/empty', ''),
    file('/etc/passwd', 'root:x:0:0::/:/bin/sh\n'),
    file(`/etc/${'long'.repeat(60)}`, noise(600, 2)),
    file('/etc/\u00e9', 'x', { xattrs: new Map([['user.note', Buffer.from([0, 255])]]) }),
    file('/var/data', noise(4_500_000, 3)),
  ];
}

describe('packLayer', () => {
  it('gives the same digest whatever the order, the number of threads and the way to the content', async () => {
    const entries = someEntries();
    const first = await pack({ entries });
    const dir = tempDir();
    const onHost = entries.map((entry, index) => {
      if (entry.content?.in !== 'memory' || entry.type !== 'file') return entry;
      const path = join(dir, String(index));
      writeFileSync(path, entry.content.bytes);
      return { ...entry, content: { in: 'host', path, size: entry.size } as const };
    });
    for (const other of [
      await pack({ entries: [...entries].reverse(), ctx: { concurrency: 1 } }),
      await pack({ entries, ctx: { concurrency: 7 } }),
      await pack({ entries: onHost }),
    ]) {
      expect(other).toEqual(first);
    }
  });

  it('counts what it wrote', async () => {
    const store = await freshStore();
    const entries = someEntries();
    const layer = await pack({ entries, store });
    const blob = readFileSync(blobFile(store, layer.descriptor.digest));
    const tar = gunzipSync(blob);
    expect(layer).toEqual({
      descriptor: {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: sha256(blob),
        size: blob.length,
      },
      diffId: sha256(tar),
      disk: 9_500_000 + 'root:x:0:0::/:/bin/sh\n'.length + 601,
      wire: blob.length,
      files: 8,
      tarSize: tar.length,
    });
  });

  it('writes independent gzip members of 4 MiB with plain headers', async () => {
    const store = await freshStore();
    const layer = await pack({ entries: [file('/x', noise(9_000_000))], store });
    const blob = readFileSync(blobFile(store, layer.descriptor.digest));
    const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    const starts: number[] = [];
    for (let at = blob.indexOf(header); at !== -1; at = blob.indexOf(header, at + 1)) starts.push(at);
    const sizes = starts.map((start, index) => gunzipSync(blob.subarray(start, starts[index + 1])).length);
    expect(sizes).toEqual([4 << 20, 4 << 20, layer.tarSize - (8 << 20)]);
  });

  it.each(['none', 'gzip:1', 'gzip:12', 'zstd:3'])(
    'leaves the index that reading a %s layer would give',
    async (compression) => {
      const store = await freshStore();
      const entries = someEntries();
      const layer = await pack({ entries, store, compression, epoch: 1_700_000_000 });
      const kept = await store.layerIndex(store.blobs, layer.descriptor, layer.diffId);
      const elsewhere = await openStore({ home: join(tempDir(), 'home') });
      const read = await elsewhere.layerIndex(store.blobs, layer.descriptor, layer.diffId);
      expect(kept).toEqual(read);
      expect(kept.disk).toBe(layer.tarSize);
    },
  );

  it('has the same tar under every compression', async () => {
    const entries = someEntries();
    const layers = await Promise.all(['none', 'gzip:1', 'zstd:1'].map((compression) => pack({ entries, compression })));
    expect(new Set(layers.map((layer) => layer.diffId)).size).toBe(1);
    expect(layers[0]?.descriptor.digest).toBe(layers[0]?.diffId);
  });

  it('packs nothing at all', async () => {
    expect(await pack({ entries: [] })).toMatchObject({ disk: 0, files: 0, tarSize: 1024 });
  });

  it('tells how far it is', async () => {
    const seen: TareEvent[] = [];
    const layer = await pack({
      entries: [file('/x', noise(9_000_000))],
      ctx: { onEvent: (event) => seen.push(event) },
    });
    const step = { kind: 'step.progress', step: 'pack', total: layer.tarSize, unit: 'bytes' };
    expect(seen).toEqual([4 << 20, 8 << 20, layer.tarSize].map((done) => ({ ...step, done })));
  });

  it('reads content of layers ahead of its turn, and streams what is large', async () => {
    const texts = new Map([...Array(200).keys()].map((index) => [`/f${index}`, noise(index * 37, index + 1)]));
    texts.set('/large', noise(3_000_000));
    const inLayer = [...texts].map(([path, bytes]): Entry => {
      const ref = { in: 'layer', diffId: sha256('layer'), offset: 0, size: bytes.length } as const;
      return { ...file(path, bytes), content: ref };
    });
    let reading = 0;
    let most = 0;
    const slow: ContentReader = {
      read: async (entry) => {
        most = Math.max(most, ++reading);
        await new Promise((resolve) => setTimeout(resolve, entry.size % 3));
        reading -= 1;
        return texts.get(entry.path) as Buffer;
      },
      async *stream(entry) {
        const bytes = texts.get(entry.path) as Buffer;
        for (let at = 0; at < bytes.length; at += 70_001) yield bytes.subarray(at, at + 70_001);
      },
    };
    const expected = await pack({ entries: [...texts].map(([path, bytes]) => file(path, bytes)) });
    expect(await pack({ entries: inLayer, content: slow })).toEqual(expected);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(64);
  });

  it.each(['shorter', 'longer'])('refuses content that is %s than its entry says', async (how) => {
    const bytes = Buffer.from(how === 'shorter' ? 'abc' : 'abcde');
    const ref = { in: 'layer', diffId: sha256('layer'), offset: 0, size: 4 } as const;
    const content: ContentReader = {
      read: () => Promise.resolve(bytes),
      // oxlint-disable-next-line typescript/require-await
      async *stream() {
        yield bytes;
      },
    };
    const small: Entry = { ...file('/x', 'abcd'), content: ref };
    await expect(pack({ entries: [small], content })).rejects.toMatchObject({ code: 'E_IO' });
    const large: Entry = { ...small, size: 2_000_000 };
    if (how === 'shorter') await expect(pack({ entries: [large], content })).rejects.toMatchObject({ code: 'E_IO' });
  });

  it('holds for any set of small files', async () => {
    const name = fc.stringMatching(/^[a-z\u00e9 ]{1,12}$/);
    const content = fc.uint8Array({ maxLength: 3000 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, content, { maxKeys: 12 }), async (files) => {
        const store = await freshStore();
        const entries = Object.entries(files).map(([path, bytes]) =>
          file(`/${path.trim() || '_'}${path.length}`, bytes),
        );
        const unique = [...new Map(entries.map((entry) => [entry.path, entry])).values()];
        const layer = await pack({ entries: unique, store });
        const { members } = await store.layerIndex(store.blobs, layer.descriptor, layer.diffId);
        const sums = unique.map((entry) =>
          createHash('sha256')
            .update(entry.content?.in === 'memory' ? entry.content.bytes : '')
            .digest('hex'),
        );
        expect(new Set(members.map((member) => member.sha256))).toEqual(new Set(sums));
        expect(layer.disk).toBe(unique.reduce((total, entry) => total + entry.size, 0));
      }),
      { numRuns: 25 },
    );
  });
});

describe('a packed layer and other tools', () => {
  it.skipIf(!needs('gzip', 'tar'))('is taken by gzip and by GNU tar', async () => {
    const store = await freshStore();
    const layer = await pack({ entries: someEntries(), store, epoch: 86_400 });
    const blob = blobFile(store, layer.descriptor.digest);
    execFileSync('gzip', ['-t'], { input: readFileSync(blob) });
    const dir = tempDir();
    const out = join(dir, 'out');
    mkdirSync(out);
    execFileSync('tar', ['--no-same-owner', '-xzf', blob, '-C', out]);
    expect(readdirSync(join(out, 'bin')).sort()).toEqual(['again', 'program', 'sh']);
    expect(readFileSync(join(out, 'bin/again')).equals(noise(5_000_000))).toBe(true);
    expect(statSync(join(out, 'bin/again')).ino).toBe(statSync(join(out, 'bin/program')).ino);
    expect(statSync(join(out, 'etc/passwd')).mtimeMs).toBe(86_400_000);
    const listed = execFileSync('tar', ['--numeric-owner', '-tvzf', blob], { encoding: 'utf8' });
    expect(listed.split('\n').find((line) => line.endsWith(' etc/'))).toContain('drwx------ 3/4');
  });

  it.skipIf(!needs('zstd'))('is taken by zstd', async () => {
    const store = await freshStore();
    const layer = await pack({ entries: someEntries(), store, compression: 'zstd' });
    const tar = execFileSync('zstd', ['-dc', blobFile(store, layer.descriptor.digest)], { maxBuffer: 1 << 26 });
    expect(sha256(tar)).toBe(layer.diffId);
  });
});
