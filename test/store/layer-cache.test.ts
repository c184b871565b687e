import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, type Digest } from '../../src/base/digest.ts';
import { isTareError } from '../../src/base/error.ts';
import { bytesOf } from '../../src/base/streams.ts';
import type { BlobSource } from '../../src/oci/types.ts';
import { createLayerCache } from '../../src/store/layer-cache.ts';
import {
  blobLayer,
  dir,
  file,
  gzipLayer,
  hardlink,
  layerTar,
  memoryBlobs,
  OCI_GZIP,
  OCI_TAR,
  symlink,
  type BlobLayer,
} from '../helpers/layer-image.ts';
import { needs } from '../helpers/needs.ts';
import { noise } from '../helpers/streams.ts';
import { GNU, member, octal } from '../helpers/tar-blocks.ts';
import { tempDir } from '../helpers/temp.ts';

const tar = layerTar([
  dir('d'),
  file('d/a', 'hello'),
  file('caf\xe9\n', 'x', 0o644, { xattrs: { 'user.x': '\xff\x00=' } }),
  symlink('l', 'd/a'),
  hardlink('h', 'd/a'),
  file('empty'),
]);
const gz = gzipLayer(tar);

/** A source whose blobs are files, as a layout's are. */
function fileBlobs(
  dir: string,
  layers: readonly BlobLayer[],
): BlobSource & { readonly opened: Digest[]; path(digest: Digest): string } {
  const opened: Digest[] = [];
  const path = (digest: Digest): string => join(dir, digest.slice('sha256:'.length));
  for (const { blob, descriptor } of layers) writeFileSync(path(descriptor.digest), blob);
  return {
    opened,
    path,
    open: ({ digest }) => {
      opened.push(digest);
      return bytesOf(readFileSync(path(digest)));
    },
    // oxlint-disable-next-line typescript/require-await
    file: async ({ digest }) => path(digest),
  };
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (isTareError(error)) return error.code;
    throw error;
  }
};

describe('layerIndex', () => {
  it('tells what is in a layer, once with and then without its bytes', async () => {
    const home = tempDir();
    const blobs = memoryBlobs([gz]);
    const first = await createLayerCache({ home }).layerIndex(blobs, gz.descriptor, gz.diffId);
    expect(first).toMatchObject({ diffId: gz.diffId, wire: gz.blob.length, disk: tar.length });
    expect(first.members.map(({ path, type, sha256: sum }) => [path, type, sum])).toEqual([
      ['d', 'directory', undefined],
      ['d/a', 'file', sha256('hello').slice(7)],
      ['caf\xe9\n', 'file', sha256('x').slice(7)],
      ['l', 'symlink', undefined],
      ['h', 'hardlink', undefined],
      ['empty', 'file', sha256('').slice(7)],
    ]);
    const second = await createLayerCache({ home }).layerIndex(blobs, gz.descriptor, gz.diffId);
    expect(second).toEqual(first);
    expect(Buffer.from(second.members[2]?.xattrs?.get('user.x') ?? []).toString('latin1')).toBe('\xff\x00=');
    expect(blobs.opened).toEqual([gz.descriptor.digest]);
    expect(readdirSync(join(home, 'tare/index'))).toEqual([gz.descriptor.digest.replace(':', '-')]);
    expect(readdirSync(join(home, 'tare/tmp'))).toEqual([]);
  });

  it.each([
    ['plain', tar, OCI_TAR],
    ['gzip', gzipSync(tar), OCI_GZIP],
    ['Docker gzip', gzipSync(tar), 'application/vnd.docker.image.rootfs.diff.tar.gzip'],
    ['gzip that says it is plain', gzipSync(tar), OCI_TAR],
    ['plain that says it is gzip', tar, OCI_GZIP],
    ['gzip members', Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]), OCI_GZIP],
  ])('%s', async (_name, blob, mediaType) => {
    const layer = blobLayer(blob, tar, mediaType);
    const index = await createLayerCache({ home: tempDir() }).layerIndex(
      memoryBlobs([layer], 100),
      layer.descriptor,
      layer.diffId,
    );
    expect(index.members).toHaveLength(6);
  });

  it.skipIf(!needs('zstd'))('zstd', async () => {
    const layer = blobLayer(
      execFileSync('zstd', ['-q', '-c'], { input: tar }),
      tar,
      'application/vnd.oci.image.layer.v1.tar+zstd',
    );
    const index = await createLayerCache({ home: tempDir() }).layerIndex(
      memoryBlobs([layer]),
      layer.descriptor,
      layer.diffId,
    );
    expect(index.members).toHaveLength(6);
  });

  it('refuses what is not what it promises', async () => {
    const ask = (
      blob: Uint8Array,
      promised: Partial<BlobLayer['descriptor']>,
      diffId: Digest = gz.diffId,
    ): Promise<string> => {
      const descriptor = { ...gz.descriptor, ...promised };
      const source = memoryBlobs([{ blob, descriptor, diffId }], 50);
      return codeOf(createLayerCache({ home: tempDir() }).layerIndex(source, descriptor, diffId));
    };
    const changed = Buffer.from(gz.blob);
    changed[40] = (changed[40] as number) ^ 4;
    expect(await ask(gz.blob, {})).toBe('none');
    expect(await ask(changed, {})).toBe('E_DIGEST');
    expect(await ask(gzipSync(tar.subarray(0, 600)), { size: gzipSync(tar.subarray(0, 600)).length })).toBe('E_DIGEST');
    expect(await ask(gz.blob.subarray(0, 100), {})).toBe('E_SIZE');
    expect(await ask(Buffer.concat([gz.blob, Buffer.alloc(1)]), {})).toBe('E_SIZE');
    expect(await ask(gz.blob, {}, sha256('other'))).toBe('E_DIGEST');
    expect(await ask(gz.blob, { mediaType: 'application/octet-stream' })).toBe('E_MEDIA_TYPE');
    expect(await ask(gz.blob, { mediaType: `${OCI_GZIP}+encrypted` })).toBe('E_MEDIA_TYPE');
  });

  it('refuses a layer that is malformed although its digest is right', async () => {
    const ask = (blob: Uint8Array, inner: Uint8Array): Promise<string> => {
      const layer = blobLayer(blob, inner, OCI_GZIP);
      return codeOf(
        createLayerCache({ home: tempDir() }).layerIndex(memoryBlobs([layer]), layer.descriptor, layer.diffId),
      );
    };
    const text = Buffer.from('no tar at all'.repeat(100));
    expect(await ask(gzipSync(text), text)).toBe('E_TAR');
    expect(await ask(gzipSync(tar.subarray(0, 1027)), tar.subarray(0, 1027))).toBe('E_TAR');
    expect(await ask(gzipSync(tar).subarray(0, 60), tar)).toBe('E_COMPRESSION');
    expect(await ask(Buffer.concat([gzipSync(tar), Buffer.from('more')]), tar)).toBe('E_COMPRESSION');
    const bomb = Buffer.alloc(400_000_000);
    expect(await ask(gzipSync(bomb), bomb)).toBe('E_LIMIT');
  });

  it('survives any flipped bit with a code, and keeps nothing of it', async () => {
    const home = tempDir();
    await fc.assert(
      fc.asyncProperty(fc.nat(tar.length * 8 - 1), async (bit) => {
        const bad = Buffer.from(tar);
        bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
        // As somebody would who makes the digests fit.
        const layer = gzipLayer(bad);
        expect(['none', 'E_TAR', 'E_LIMIT', 'E_TAR_PATH']).toContain(
          await codeOf(createLayerCache({ home }).layerIndex(memoryBlobs([layer]), layer.descriptor, layer.diffId)),
        );
        const truth = memoryBlobs([{ ...gz, blob: gzipSync(bad) }]);
        expect(['E_DIGEST', 'E_SIZE']).toContain(
          await codeOf(createLayerCache({ home }).layerIndex(truth, gz.descriptor, gz.diffId)),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('does not let a known index hide a lie of the descriptor or the config', async () => {
    const cache = createLayerCache({ home: tempDir() });
    const blobs = memoryBlobs([gz]);
    await cache.layerIndex(blobs, gz.descriptor, gz.diffId);
    expect(await codeOf(cache.layerIndex(blobs, { ...gz.descriptor, size: 7 }, gz.diffId))).toBe('E_SIZE');
    expect(await codeOf(cache.layerIndex(blobs, gz.descriptor, sha256('other')))).toBe('E_DIGEST');
    expect(await codeOf(cache.layerIndex(blobs, { ...gz.descriptor, mediaType: 'text/plain' }, gz.diffId))).toBe(
      'E_MEDIA_TYPE',
    );
  });

  it('hashes a blob file again when it is not the one that was verified', async () => {
    const [home, layout] = [tempDir(), tempDir()];
    const source = fileBlobs(layout, [gz]);
    const ask = (): Promise<string> => codeOf(createLayerCache({ home }).layerIndex(source, gz.descriptor, gz.diffId));
    expect(await ask()).toBe('none');
    const path = source.path(gz.descriptor.digest);
    // The same file with another time is read again, and is then known.
    utimesSync(path, 1, 1);
    expect(await ask()).toBe('none');
    const swapped = Buffer.from(gz.blob);
    swapped[50] = (swapped[50] as number) ^ 1;
    writeFileSync(`${path}.new`, swapped);
    utimesSync(`${path}.new`, 1, 1);
    renameSync(`${path}.new`, path);
    expect(await ask()).toBe('E_DIGEST');
    truncateSync(path, 20);
    expect(await ask()).toBe('E_SIZE');
    writeFileSync(path, gz.blob);
    expect(await ask()).toBe('none');
    expect(source.opened).toHaveLength(1);
  });

  it('makes a damaged index anew, whatever the damage', async () => {
    const home = tempDir();
    const blobs = memoryBlobs([gz]);
    const good = await createLayerCache({ home }).layerIndex(blobs, gz.descriptor, gz.diffId);
    const path = join(home, 'tare/index', gz.descriptor.digest.replace(':', '-'));
    const bytes = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.constantFrom('cut', 'flip'), async (at, how) => {
        const bad = how === 'cut' ? bytes.subarray(0, at) : Buffer.from(bytes);
        if (how === 'flip') bad[at] = (bad[at] as number) ^ 1;
        writeFileSync(path, bad);
        expect(await createLayerCache({ home }).layerIndex(blobs, gz.descriptor, gz.diffId)).toEqual(good);
        expect(readFileSync(path).equals(bytes)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('does not take the index of one layer for another', async () => {
    const home = tempDir();
    const other = gzipLayer(layerTar([file('other')]));
    const blobs = memoryBlobs([gz, other]);
    await createLayerCache({ home }).layerIndex(blobs, gz.descriptor, gz.diffId);
    const name = (layer: BlobLayer): string => join(home, 'tare/index', layer.descriptor.digest.replace(':', '-'));
    renameSync(name(gz), name(other));
    const index = await createLayerCache({ home }).layerIndex(blobs, other.descriptor, other.diffId);
    expect(index.members.map(({ path }) => path)).toEqual(['other']);
  });

  it('works without a home, does the work once, and removes its temporary files when the process ends', () => {
    const base = tempDir();
    writeFileSync(join(base, 'file'), '');
    writeFileSync(join(base, 'blob'), gz.blob);
    mkdirSync(join(base, 'tmp'));
    const script = `
      import { readFileSync } from 'node:fs';
      import { createLayerCache } from ${JSON.stringify(new URL('../../dist/store/layer-cache.js', import.meta.url).href)};
      const [home, blob, layer, diffId] = process.argv.slice(1);
      let opened = 0;
      const blobs = { async *open() { opened += 1; yield readFileSync(blob); } };
      const cache = createLayerCache({ home });
      const ask = (what) => cache[what](blobs, JSON.parse(layer), diffId);
      const indexes = [await ask('layerIndex'), await ask('layerIndex')];
      const tars = [await ask('layerTar'), await ask('layerTar')];
      const tar = readFileSync(tars[0], 'latin1');
      console.log(JSON.stringify({ opened, members: indexes.map((index) => index.members.length), tars, tar }));`;
    const args = [join(base, 'file/home'), join(base, 'blob'), JSON.stringify(gz.descriptor), gz.diffId];
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script, ...args], {
      env: { ...process.env, TMPDIR: join(base, 'tmp') },
    });
    const told = JSON.parse(out.toString()) as { opened: number; members: number[]; tars: string[]; tar: string };
    expect(told).toMatchObject({ opened: 2, members: [6, 6], tar: tar.toString('latin1') });
    expect(told.tars[0]?.startsWith(join(base, 'tmp'))).toBe(true);
    expect(told.tars[1]).toBe(told.tars[0]);
    expect(readdirSync(join(base, 'tmp'))).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('works with a home that is read-only', async () => {
    const home = tempDir();
    chmodSync(home, 0o500);
    const index = await createLayerCache({ home }).layerIndex(memoryBlobs([gz]), gz.descriptor, gz.diffId);
    expect(index.members).toHaveLength(6);
  });

  it('reads a layer once for several who ask at a time', async () => {
    const blobs = memoryBlobs([gz]);
    const cache = createLayerCache({ home: tempDir() });
    await Promise.all(Array.from({ length: 5 }, () => cache.layerIndex(blobs, gz.descriptor, gz.diffId)));
    expect(blobs.opened).toHaveLength(1);
  });

  it('can be stopped', async () => {
    const stop = new AbortController();
    stop.abort();
    const cache = createLayerCache({ home: tempDir() });
    expect(await codeOf(cache.layerIndex(memoryBlobs([gz]), gz.descriptor, gz.diffId, stop.signal))).toBe(
      'E_CANCELLED',
    );
    expect(await codeOf(cache.layerTar(memoryBlobs([gz]), gz.descriptor, gz.diffId, stop.signal))).toBe('E_CANCELLED');
    expect(await codeOf(cache.layerIndex(memoryBlobs([gz]), gz.descriptor, gz.diffId))).toBe('none');
  });

  it('hashes a sparse file as it unfolds, but not one of exabytes', async () => {
    const map = (offset: number, length: number): string => octal(offset, 12) + octal(length, 12);
    const sparse = (name: string, real: string): Buffer =>
      member({ name, type: 'S', magic: GNU, at: { 386: map(1000, 3), 483: real } }, 'abc');
    const huge = sparse('huge', '\x80\x00\x00\x00\x00\x0f\x00\x00\x00\x00\x00\x00');
    const layer = gzipLayer(Buffer.concat([sparse('small', octal(2000, 12)), huge, Buffer.alloc(1024)]));
    const index = await createLayerCache({ home: tempDir() }).layerIndex(
      memoryBlobs([layer]),
      layer.descriptor,
      layer.diffId,
    );
    const content = Buffer.alloc(2000);
    content.write('abc', 1000);
    expect(index.members.map(({ path, sha256: sum }) => [path, sum])).toEqual([
      ['small', sha256(content).slice(7)],
      ['huge', undefined],
    ]);
  });
});

describe('putLayerIndex', () => {
  it('spares the decompression', async () => {
    const home = tempDir();
    const blobs = memoryBlobs([gz]);
    const index = await createLayerCache({ home: tempDir() }).layerIndex(blobs, gz.descriptor, gz.diffId);
    await createLayerCache({ home }).putLayerIndex(gz.descriptor, index);
    const never: BlobSource = { open: () => bytesOf() };
    expect(await createLayerCache({ home }).layerIndex(never, gz.descriptor, gz.diffId)).toEqual(index);
  });
});

describe('layerTar', () => {
  it('unpacks once, whole and under its name', async () => {
    const home = tempDir();
    const blobs = memoryBlobs([gz]);
    const path = await createLayerCache({ home }).layerTar(blobs, gz.descriptor, gz.diffId);
    expect(path).toBe(join(home, 'tare/layers', `${gz.diffId.slice(7)}.tar`));
    expect(readFileSync(path).equals(tar)).toBe(true);
    expect(await createLayerCache({ home }).layerTar(blobs, gz.descriptor, gz.diffId)).toBe(path);
    // The pass that made the index wrote the tar.
    expect(blobs.opened).toHaveLength(1);
    truncateSync(path, 100);
    await createLayerCache({ home }).layerTar(blobs, gz.descriptor, gz.diffId);
    expect(statSync(path).size).toBe(tar.length);
  });

  it('is the blob itself when that is a plain tar on this machine', async () => {
    const [home, layout] = [tempDir(), tempDir()];
    const plain = blobLayer(tar, tar, OCI_TAR);
    const source = fileBlobs(layout, [plain]);
    const path = await createLayerCache({ home }).layerTar(source, plain.descriptor, plain.diffId);
    expect(path).toBe(source.path(plain.descriptor.digest));
    expect(existsSync(join(home, 'tare/layers'))).toBe(false);
  });

  it('leaves nothing of a layer that lies', async () => {
    const home = tempDir();
    const cache = createLayerCache({ home });
    await cache.layerIndex(memoryBlobs([gz]), gz.descriptor, gz.diffId);
    const lie = { ...gz, blob: gzipSync(noise(3000)) };
    expect(['E_DIGEST', 'E_SIZE']).toContain(
      await codeOf(cache.layerTar(memoryBlobs([lie]), gz.descriptor, gz.diffId)),
    );
    expect(existsSync(join(home, 'tare/layers')) ? readdirSync(join(home, 'tare/layers')) : []).toEqual([]);
    expect(readdirSync(join(home, 'tare/tmp'))).toEqual([]);
  });

  it.each([
    ['a blob', { ...gz, blob: gzipSync(noise(3000)) }],
    ['its tar', { ...gz, diffId: sha256('another') }],
  ])('leaves nothing when %s lies at first sight', async (_what, layer) => {
    const home = tempDir();
    const asked = createLayerCache({ home }).layerTar(memoryBlobs([layer]), layer.descriptor, layer.diffId);
    expect(['E_DIGEST', 'E_SIZE']).toContain(await codeOf(asked));
    expect(existsSync(join(home, 'tare/layers')) ? readdirSync(join(home, 'tare/layers')) : []).toEqual([]);
    expect(existsSync(join(home, 'tare/tmp')) ? readdirSync(join(home, 'tare/tmp')) : []).toEqual([]);
  });
});

describe('a large layer, which is read in a thread', () => {
  const largeTar = layerTar([file('noise', noise(5_000_000).toString('latin1')), file('small', 'x')]);
  const large = gzipLayer(largeTar);

  it('has the same index and the same tar', async () => {
    const [home, layout] = [tempDir(), tempDir()];
    const source = fileBlobs(layout, [large]);
    const path = await createLayerCache({ home }).layerTar(source, large.descriptor, large.diffId);
    expect(readFileSync(path).equals(largeTar)).toBe(true);
    const index = await createLayerCache({ home }).layerIndex(source, large.descriptor, large.diffId);
    expect(source.opened).toEqual([]);
    const inMemory = memoryBlobs([large]);
    expect(index).toEqual(
      await createLayerCache({ home: tempDir() }).layerIndex(inMemory, large.descriptor, large.diffId),
    );
  });

  it.each<[string, string, (path: string) => void]>([
    ['is cut short', 'E_SIZE', (path) => truncateSync(path, large.blob.length - 10)],
    ['has another byte', 'E_DIGEST', (path) => writeFileSync(path, large.blob.with(4_000_000, 1))],
    ['is gone', 'E_PATH_NOT_FOUND', (path) => renameSync(path, `${path}.away`)],
  ])('that %s is %s, and leaves nothing', async (_how, code, spoil) => {
    const [home, layout] = [tempDir(), tempDir()];
    const source = fileBlobs(layout, [large]);
    spoil(source.path(large.descriptor.digest));
    expect(await codeOf(createLayerCache({ home }).layerTar(source, large.descriptor, large.diffId))).toBe(code);
    expect(existsSync(join(home, 'tare/layers')) ? readdirSync(join(home, 'tare/layers')) : []).toEqual([]);
    expect(existsSync(join(home, 'tare/tmp')) ? readdirSync(join(home, 'tare/tmp')) : []).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const [home, layout] = [tempDir(), tempDir()];
    const source = fileBlobs(layout, [large]);
    const controller = new AbortController();
    const asked = createLayerCache({ home }).layerTar(source, large.descriptor, large.diffId, controller.signal);
    setTimeout(() => controller.abort(), 5);
    expect(await codeOf(asked)).toBe('E_CANCELLED');
    expect(existsSync(join(home, 'tare/tmp')) ? readdirSync(join(home, 'tare/tmp')) : []).toEqual([]);
  });
});
