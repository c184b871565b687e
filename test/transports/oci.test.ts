import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hexOf, sha256, type Digest } from '../../src/base/digest.ts';
import { encodeConfig, encodeIndex, encodeManifest } from '../../src/oci/encode.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Descriptor, ImageIndex } from '../../src/oci/types.ts';
import { openImage, writeImage } from '../../src/transports/index.ts';
import { makeImage } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { noise } from '../helpers/streams.ts';
import { tempDir } from '../helpers/temp.ts';
import { failure, NAME, readAll, run, sample, skopeo, type Sample } from './sample.ts';

const REF = 'org.opencontainers.image.ref.name';

const readIndex = (dir: string): ImageIndex => JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8')) as ImageIndex;
const blobFile = (dir: string, digest: Digest): string => join(dir, 'blobs', 'sha256', hexOf(digest));

/** A layout made by hand: what is put is there, whatever it says. */
function layout(dir: string) {
  mkdirSync(join(dir, 'blobs', 'sha256'), { recursive: true });
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const put = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = sha256(bytes);
    writeFileSync(blobFile(dir, digest), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  return {
    put,
    image: (architecture: string): Descriptor => {
      const config = encodeConfig({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: [] } });
      const manifest = {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: put(OCI_CONFIG, config),
        layers: [],
      } as const;
      return { ...put(OCI_MANIFEST, encodeManifest(manifest)), platform: { os: 'linux', architecture } };
    },
    nest: (...manifests: readonly Descriptor[]): Descriptor =>
      put(OCI_INDEX, encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })),
    index: (...manifests: readonly Descriptor[]): void =>
      writeFileSync(join(dir, 'index.json'), encodeIndex({ schemaVersion: 2, manifests })),
  };
}

const named = (descriptor: Descriptor, name: string): Descriptor => ({ ...descriptor, annotations: { [REF]: name } });

async function written(compression?: 'none' | 'gzip' | 'zstd'): Promise<Sample & { readonly out: string }> {
  const made = await sample(compression);
  const out = join(made.dir, 'out');
  await writeImage(await openImage(NAME, made.tools), `oci:${out}:v1`, made.tools);
  return { ...made, out };
}

describe('writing a layout', () => {
  it('keeps digest and record of reasons, and reads back', async () => {
    const { made, evidence, out, tools } = await written();
    const image = await openImage(`oci:${out}:v1`, tools);
    expect(image.reference).toBe(`oci:${out}:v1`);
    expect(image.descriptor).toEqual(made.descriptor);
    expect(image.evidence).toEqual(evidence);
    await readAll(image);
    expect(readdirSync(out).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('replaces its own name, keeps others, and counts what was there', async () => {
    const { out, tools } = await written();
    const image = await openImage(NAME, tools);
    const again = await writeImage(image, `oci:${out}:v1`, tools);
    expect(again).toMatchObject({ bytes: 0, blobs: 0, reused: 5 });
    await writeImage(image, `oci:${out}:v2`, tools);
    expect(readIndex(out).manifests.map((item) => item.annotations?.[REF])).toEqual(['v1', 'v2']);
  });

  it('keeps every name when several write at once', async () => {
    const { dir, tools } = await sample();
    const image = await openImage(NAME, tools);
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => writeImage(image, `oci:${join(dir, 'shared')}:${name}`, tools)));
    expect(
      readIndex(join(dir, 'shared'))
        .manifests.map((item) => item.annotations?.[REF] ?? '')
        .sort(),
    ).toEqual(names);
  });

  it('mends a damaged blob that is already there', async () => {
    const { out, made, tools } = await written();
    const layer = made.manifest.layers[0] as Descriptor;
    writeFileSync(blobFile(out, layer.digest), Buffer.alloc(layer.size));
    expect(await writeImage(await openImage(NAME, tools), `oci:${out}:v1`, tools)).toMatchObject({
      blobs: 1,
      reused: 4,
    });
    await readAll(await openImage(`oci:${out}:v1`, tools));
  });

  it('reads a large blob again only when its file is another one', async () => {
    const { dir, store, tools } = await sample();
    const files = [{ path: 'app', content: noise(2_000_000) }];
    const { descriptor } = await makeImage({ store, name: 'large:1', compression: 'none', layers: [files] });
    const out = join(dir, 'large');
    const image = await openImage('large:1', tools);
    expect(image.descriptor.digest).toBe(descriptor.digest);
    const write = async (): Promise<number> => (await writeImage(image, `oci:${out}:v1`, tools)).blobs;
    await write();
    expect(await write()).toBe(0);
    const file = blobFile(out, image.manifest.layers[0]?.digest as Digest);
    const whole = readFileSync(file);
    const spoilt = Buffer.from(whole).fill(0, 1_000_000, 1_000_010);
    // In place, with another time.
    writeFileSync(file, spoilt);
    expect(await write()).toBe(1);
    expect(readFileSync(file).equals(whole)).toBe(true);
    // Another file of its name and time.
    const { mtime } = statSync(file);
    rmSync(file);
    writeFileSync(file, spoilt);
    utimesSync(file, mtime, mtime);
    expect(await write()).toBe(1);
    expect(readFileSync(file).equals(whole)).toBe(true);
    // Somebody takes care not to be seen.
    const { mtimeNs } = statSync(file, { bigint: true });
    writeFileSync(file, spoilt);
    execFileSync('touch', ['-d', `@${mtimeNs / 10n ** 9n}.${String(mtimeNs % 10n ** 9n).padStart(9, '0')}`, file]);
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(mtimeNs);
    expect(await write()).toBe(0);
  });

  it('leaves the old state when a blob of the source lies', async () => {
    const { out, made, store, tools } = await written();
    const before = readFileSync(join(out, 'index.json'));
    const image = await openImage(NAME, tools);
    const layer = made.manifest.layers[1] as Descriptor;
    writeFileSync((await store.blobs.file?.(layer)) as string, Buffer.alloc(layer.size));
    rmSync(blobFile(out, layer.digest));
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).sort();
    expect(await failure(writeImage(image, `oci:${out}:v2`, tools))).toMatchObject({ code: 'E_DIGEST' });
    expect(readFileSync(join(out, 'index.json'))).toEqual(before);
    expect(readdirSync(out, { recursive: true, encoding: 'utf8' }).sort()).toEqual(files);
  });

  it.each([
    ['a folder with something else in it', 'E_LAYOUT', (dir: string) => writeFileSync(join(dir, 'x'), '')],
    [
      'a layout of the future',
      'E_LAYOUT',
      (dir: string) => writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}'),
    ],
    ['a marker that is not JSON', 'E_LAYOUT', (dir: string) => writeFileSync(join(dir, 'oci-layout'), 'x')],
  ])('refuses %s', async (_what, code, prepare) => {
    const { dir, tools } = await sample();
    const out = join(dir, 'other');
    mkdirSync(out);
    prepare(out);
    const before = readdirSync(out);
    expect(await failure(writeImage(await openImage(NAME, tools), `oci:${out}:v1`, tools))).toMatchObject({ code });
    expect(readdirSync(out)).toEqual(before);
  });

  it('refuses a file in place of the folder, and names that no tool reads back', async () => {
    const { dir, tools } = await sample();
    const image = await openImage(NAME, tools);
    writeFileSync(join(dir, 'file'), '');
    expect(await failure(writeImage(image, `oci:${join(dir, 'file')}:v1`, tools))).toMatchObject({ code: 'E_EXISTS' });
    expect(await failure(writeImage(image, `oci:${join(dir, 'x')}:a b`, tools))).toMatchObject({ code: 'E_REFERENCE' });
    expect(await failure(writeImage(image, 'oci:', tools))).toMatchObject({ code: 'E_REFERENCE' });
    expect(await failure(writeImage(image, 'oci:x:', tools))).toMatchObject({ code: 'E_REFERENCE' });
  });

  it('stops at the signal and names nothing', async () => {
    const { dir, store, tools } = await sample();
    const image = await openImage(NAME, tools);
    const stop = new AbortController();
    stop.abort();
    const ctx = { ...tools.ctx, signal: stop.signal };
    expect(await failure(writeImage(image, `oci:${join(dir, 'x')}:v1`, { store, ctx }))).toMatchObject({
      code: 'E_CANCELLED',
    });
  });

  it('goes without a record of reasons that is missing, and says so', async () => {
    const { dir, events, evidence, out, tools } = await written();
    const image = await openImage(`oci:${out}:v1`, tools);
    rmSync(blobFile(out, evidence.digest));
    await writeImage(image, `oci:${join(dir, 'next')}`, tools);
    expect((await openImage(`oci:${join(dir, 'next')}`, tools)).evidence).toBeUndefined();
    expect(events.filter(({ kind }) => kind === 'warning')).toHaveLength(1);
  });
});

describe('choosing an image', () => {
  const cases: readonly {
    readonly what: string;
    readonly name?: string;
    readonly platform?: string;
    readonly make: (at: ReturnType<typeof layout>) => Descriptor[];
    readonly gives: string;
  }[] = [
    { what: 'the only one', make: (at) => [at.image('amd64')], gives: 'amd64' },
    { what: 'the only one of another machine', make: (at) => [at.image('s390x')], gives: 's390x' },
    {
      what: 'by name',
      name: 'b',
      make: (at) => [named(at.image('arm'), 'a'), named(at.image('s390x'), 'b')],
      gives: 's390x',
    },
    {
      what: 'by the name that containerd writes',
      name: 'docker.io/library/x:1',
      make: (at) => [
        { ...at.image('s390x'), annotations: { [REF]: '1', 'io.containerd.image.name': 'docker.io/library/x:1' } },
        named(at.image('arm'), '2'),
      ],
      gives: 's390x',
    },
    { what: 'a missing name', name: 'c', make: (at) => [named(at.image('arm'), 'a')], gives: 'E_IMAGE_NOT_FOUND "a"' },
    {
      what: 'several without a name',
      make: (at) => [named(at.image('arm'), 'a'), named(at.image('s390x'), 'b')],
      gives: 'E_REFERENCE "a", "b"',
    },
    {
      what: 'two names of one image',
      make: (at) => [named(at.image('s390x'), 'a'), named(at.image('s390x'), 'b')],
      gives: 's390x',
    },
    { what: 'none', make: () => [], gives: 'E_IMAGE_NOT_FOUND none' },
    {
      what: 'through an index',
      platform: 'linux/s390x',
      make: (at) => [at.nest(at.image('arm64'), at.image('s390x'))],
      gives: 's390x',
    },
    {
      what: 'through an index in an index',
      platform: 'linux/s390x',
      make: (at) => [at.nest(at.nest(at.image('s390x')))],
      gives: 's390x',
    },
    {
      what: 'through too many indexes',
      platform: 'linux/s390x',
      make: (at) => [at.nest(at.nest(at.nest(at.nest(at.nest(at.image('s390x'))))))],
      gives: 'E_LIMIT indexes',
    },
    {
      what: 'a platform that the index does not offer',
      platform: 'linux/riscv64',
      make: (at) => [at.nest(at.image('arm64'), at.image('s390x'))],
      gives: 'E_PLATFORM linux/arm64, linux/s390x',
    },
    {
      what: 'a platform that the only image is not of',
      platform: 'linux/arm64',
      make: (at) => [at.image('s390x')],
      gives: 'E_PLATFORM linux/s390x',
    },
    {
      what: 'one entry per platform, all of one name',
      name: 'a',
      platform: 'linux/s390x',
      make: (at) => [named(at.image('arm64'), 'a'), named(at.image('s390x'), 'a')],
      gives: 's390x',
    },
    {
      what: 'an artifact',
      make: (at) => [at.put('application/vnd.example+json', Buffer.from('{}'))],
      gives: 'E_IMAGE_NOT_FOUND none',
    },
    {
      what: 'an artifact that is named by an image manifest',
      make: (at) => {
        const config = at.put('application/vnd.example+json', Buffer.from('{}'));
        const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] } as const;
        return [at.put(OCI_MANIFEST, encodeManifest(manifest))];
      },
      gives: 'E_MEDIA_TYPE application/vnd.example+json',
    },
  ];
  it.each(cases)('$what', async ({ name, platform, make, gives }) => {
    const { tools } = await sample();
    const dir = tempDir();
    const at = layout(dir);
    at.index(...make(at));
    const opened = openImage(`oci:${dir}${name === undefined ? '' : `:${name}`}`, {
      ...tools,
      ...(platform === undefined ? {} : { platform }),
    });
    if (!gives.startsWith('E_')) return expect((await opened).config.architecture).toBe(gives);
    const error = await failure(opened);
    expect(error.code).toBe(gives.slice(0, gives.indexOf(' ')));
    expect(error.message).toContain(gives.slice(gives.indexOf(' ') + 1));
  });

  it('by digest', async () => {
    const { tools } = await sample();
    const dir = tempDir();
    const at = layout(dir);
    const wanted = at.image('s390x');
    at.index(at.image('arm'), wanted);
    expect((await openImage(`oci:${dir}:@${wanted.digest}`, tools)).config.architecture).toBe('s390x');
  });
});

describe('a layout that lies', () => {
  const cases: readonly {
    readonly what: string;
    readonly code: string;
    readonly spoil: (dir: string, manifest: Digest, config: Digest) => void;
  }[] = [
    { what: 'no folder', code: 'E_LAYOUT', spoil: (dir) => rmSync(dir, { recursive: true }) },
    { what: 'no oci-layout', code: 'E_LAYOUT', spoil: (dir) => rmSync(join(dir, 'oci-layout')) },
    { what: 'no index.json', code: 'E_LAYOUT', spoil: (dir) => rmSync(join(dir, 'index.json')) },
    {
      what: 'an index that is not JSON',
      code: 'E_MANIFEST',
      spoil: (dir) => writeFileSync(join(dir, 'index.json'), '{'),
    },
    {
      what: 'a huge oci-layout',
      code: 'E_LIMIT',
      spoil: (dir) => writeFileSync(join(dir, 'oci-layout'), Buffer.alloc(1e6)),
    },
    {
      what: 'a missing manifest',
      code: 'E_IMAGE_NOT_FOUND',
      spoil: (dir, manifest) => rmSync(blobFile(dir, manifest)),
    },
    {
      what: 'a manifest of another size',
      code: 'E_SIZE',
      spoil: (dir, manifest) => writeFileSync(blobFile(dir, manifest), 'x'),
    },
    {
      what: 'a manifest of the same size and another content',
      code: 'E_DIGEST',
      spoil: (dir, manifest) => {
        const bytes = readFileSync(blobFile(dir, manifest));
        bytes[bytes.length - 2] = 0x20;
        writeFileSync(blobFile(dir, manifest), bytes);
      },
    },
    {
      what: 'a config of another content',
      code: 'E_DIGEST',
      spoil: (dir, _manifest, config) => {
        const bytes = readFileSync(blobFile(dir, config));
        bytes[bytes.length - 2] = 0x20;
        writeFileSync(blobFile(dir, config), bytes);
      },
    },
    {
      what: 'a longer config',
      code: 'E_SIZE',
      spoil: (dir, _manifest, config) => writeFileSync(blobFile(dir, config), Buffer.alloc(100_000)),
    },
    {
      what: 'a manifest of a size that nobody reads',
      code: 'E_LIMIT',
      spoil: (dir) => {
        const index = readIndex(dir);
        const manifests = index.manifests.map((item) => ({ ...item, size: 1e9 }));
        writeFileSync(join(dir, 'index.json'), JSON.stringify({ ...index, manifests }));
      },
    },
    {
      what: 'a digest that is a path',
      code: 'E_MANIFEST',
      spoil: (dir) => {
        const index = readIndex(dir);
        const manifests = index.manifests.map((item) => ({ ...item, digest: 'sha256:../../../../etc/passwd' }));
        writeFileSync(join(dir, 'index.json'), JSON.stringify({ ...index, manifests }));
      },
    },
    {
      what: 'a pipe in place of the index',
      code: 'E_NOT_FILE',
      spoil: (dir) => {
        rmSync(join(dir, 'index.json'));
        run('mkfifo', join(dir, 'index.json'));
      },
    },
    {
      what: 'an endless device in place of a blob',
      code: 'E_NOT_FILE',
      spoil: (dir, manifest) => {
        rmSync(blobFile(dir, manifest));
        symlinkSync('/dev/zero', blobFile(dir, manifest));
      },
    },
  ];
  it.each(cases)('$what: $code', async ({ code, spoil }) => {
    const { made, out, tools } = await written();
    spoil(out, made.descriptor.digest, made.manifest.config.digest);
    expect(await failure(openImage(`oci:${out}`, tools))).toMatchObject({ code });
  });

  it('a layer: found when it is read', async () => {
    const { made, out, tools } = await written();
    const layer = made.manifest.layers[1] as Descriptor;
    writeFileSync(blobFile(out, layer.digest), Buffer.alloc(layer.size));
    expect(await failure(openImage(`oci:${out}`, tools).then(readAll))).toMatchObject({ code: 'E_DIGEST' });
  });
});

describe('other tools', () => {
  it.skipIf(!needs('skopeo'))('skopeo reads what tare wrote, and tare what skopeo wrote', async () => {
    const { dir, made, out, tools } = await written();
    expect(JSON.parse(skopeo('inspect', `oci:${out}:v1`))).toMatchObject({
      Digest: made.descriptor.digest,
      Os: 'linux',
    });
    const copy = join(dir, 'copy');
    skopeo('copy', `oci:${out}:v1`, `oci:${copy}:other`);
    const image = await openImage(`oci:${copy}:other`, tools);
    expect(image.descriptor.digest).toBe(made.descriptor.digest);
    await readAll(image);
    // Both ways in one folder.
    await writeImage(image, `oci:${copy}:mine`, tools);
    expect(JSON.parse(skopeo('inspect', `oci:${copy}:other`))).toMatchObject({ Digest: made.descriptor.digest });
    expect(JSON.parse(skopeo('inspect', `oci:${copy}:mine`))).toMatchObject({ Digest: made.descriptor.digest });
  });

  it.skipIf(!needs('umoci') || process.getuid?.() !== 0)('umoci unpacks it, and tags beside it', async () => {
    const { dir, made, out, tools } = await written();
    run('umoci', 'unpack', '--image', `${out}:v1`, join(dir, 'bundle'));
    expect(readFileSync(join(dir, 'bundle/rootfs/etc/motd'), 'utf8')).toBe('hello\n');
    run('umoci', 'tag', '--image', `${out}:v1`, 'v2');
    expect((await openImage(`oci:${out}:v2`, tools)).descriptor.digest).toBe(made.descriptor.digest);
  });
});
