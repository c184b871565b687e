import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hexOf, sha256 } from '../../src/base/digest.ts';
import type { Descriptor } from '../../src/oci/types.ts';
import { openImage, writeImage } from '../../src/transports/index.ts';
import { tarOf, type LayerEntry } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { failure, NAME, readAll, run, sample, skopeo, type Sample } from './sample.ts';

/** Both kinds of archive behave alike where they are files; what is inside has tests of its own. */
const KINDS = ['oci-archive', 'docker-archive'] as const;

describe.each(KINDS)('%s', (kind) => {
  it('gives the same bytes each time, and reads back as what it says', async () => {
    const { dir, tools } = await sample();
    const image = await openImage(NAME, tools);
    const first = await writeImage(image, `${kind}:${join(dir, 'a.tar')}:sample:1`, tools);
    await writeImage(image, `${kind}:${join(dir, 'b.tar')}:sample:1`, tools);
    expect(readFileSync(join(dir, 'a.tar'))).toEqual(readFileSync(join(dir, 'b.tar')));
    const back = await openImage(first.reference, tools);
    expect(back.reference).toBe(`${kind}:${join(dir, 'a.tar')}:sample:1`);
    expect(back.descriptor.digest).toBe(first.digest);
    expect(back.manifest.config.digest).toBe(image.manifest.config.digest);
    await readAll(back);
    expect(readdirSync(dir).sort()).toEqual(['a.tar', 'b.tar', 'home']);
  });

  it.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['bytes after its end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4096), Buffer.from('tail')])],
  ])('reads one with %s', async (_what, change) => {
    const { dir, tools } = await sample();
    const file = join(dir, 'a.tar');
    const { digest } = await writeImage(await openImage(NAME, tools), `${kind}:${file}`, tools);
    writeFileSync(file, change(readFileSync(file)));
    const image = await openImage(`${kind}:${file}`, tools);
    expect(image.descriptor.digest).toBe(digest);
    await readAll(image);
    expect(readdirSync(join(dir, 'home/tare/tmp'))).toEqual([]);
  });

  it('replaces the file only when all of it is written', async () => {
    const { dir, made, store, tools } = await sample();
    const image = await openImage(NAME, tools);
    const file = join(dir, 'a.tar');
    writeFileSync(file, 'old');
    writeFileSync((await store.blobs.file?.(made.manifest.layers[1] as Descriptor)) as string, 'damaged');
    expect((await failure(writeImage(image, `${kind}:${file}`, tools))).code).toMatch(/^E_(DIGEST|SIZE)$/);
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(dir).sort()).toEqual(['a.tar', 'home']);
  });

  const damages: readonly (readonly [what: string, code: string, prepare: (file: string, whole: Buffer) => void])[] = [
    ['that is not there', 'E_IMAGE_NOT_FOUND', () => undefined],
    ['that is a folder', 'E_NOT_FILE', (file) => mkdirSync(file)],
    ['that is a pipe', 'E_NOT_FILE', (file) => run('mkfifo', file)],
    ['that is empty', kind === 'oci-archive' ? 'E_LAYOUT' : 'E_ARCHIVE', (file) => writeFileSync(file, '')],
    ['that is text', 'E_ARCHIVE', (file) => writeFileSync(file, 'text '.repeat(1000))],
    ['that is cut off', 'E_ARCHIVE', (file, whole) => writeFileSync(file, whole.subarray(0, 5000))],
    [
      'that is cut off and compressed',
      'E_ARCHIVE',
      (file, whole) => writeFileSync(file, gzipSync(whole.subarray(0, 5000))),
    ],
    [
      'whose compression is cut off',
      'E_COMPRESSION',
      (file, whole) => writeFileSync(file, gzipSync(whole).subarray(0, 600)),
    ],
    ['that is compressed with xz', 'E_ARCHIVE', (file) => writeFileSync(file, Buffer.from('fd377a585a000004', 'hex'))],
    ['that is compressed with bzip2', 'E_ARCHIVE', (file) => writeFileSync(file, 'BZh91AY')],
    [
      'that expands without end',
      'E_LIMIT',
      (file) => writeFileSync(file, gzipSync(Buffer.alloc(400_000_000), { level: 9 })),
    ],
  ];
  it.each(damages)('refuses a file %s: %s', async (_what, code, prepare) => {
    const { dir, tools } = await sample();
    const whole = join(dir, 'whole.tar');
    await writeImage(await openImage(NAME, tools), `${kind}:${whole}`, tools);
    const file = join(dir, 'a.tar');
    prepare(file, readFileSync(whole));
    expect(await failure(openImage(`${kind}:${file}`, tools).then(readAll))).toMatchObject({ code });
  });

  it('refuses to write over what is no file, or into what is no folder', async () => {
    const { dir, tools } = await sample();
    const image = await openImage(NAME, tools);
    expect(await failure(writeImage(image, `${kind}:${dir}`, tools))).toMatchObject({ code: 'E_EXISTS' });
    const nowhere = `${kind}:${join(dir, 'no/such/a.tar')}`;
    expect(await failure(writeImage(image, nowhere, tools))).toMatchObject({ code: 'E_PATH_NOT_FOUND' });
  });
});

describe('oci-archive', () => {
  it('keeps digest and record of reasons', async () => {
    const { dir, evidence, made, tools } = await sample('zstd');
    const target = `oci-archive:${join(dir, 'a.tar')}`;
    expect(await writeImage(await openImage(NAME, tools), target, tools)).toMatchObject({
      digest: made.descriptor.digest,
      blobs: 5,
      reused: 0,
    });
    const image = await openImage(target, tools);
    expect(image.evidence).toEqual(evidence);
    await readAll(image);
  });

  it.skipIf(!needs('skopeo'))('skopeo reads what tare wrote, and tare what skopeo wrote', async () => {
    const { dir, made, tools } = await sample();
    const mine = join(dir, 'mine.tar');
    await writeImage(await openImage(NAME, tools), `oci-archive:${mine}:sample:1`, tools);
    expect(JSON.parse(skopeo('inspect', `oci-archive:${mine}:sample:1`))).toMatchObject({
      Digest: made.descriptor.digest,
    });
    skopeo('copy', `oci-archive:${mine}:sample:1`, `oci-archive:${join(dir, 'theirs.tar')}:sample:1`);
    const image = await openImage(`oci-archive:${join(dir, 'theirs.tar')}:sample:1`, tools);
    expect(image.descriptor.digest).toBe(made.descriptor.digest);
    await readAll(image);
  });
});

/** An archive by hand: what is in it need not be true. */
interface Saved {
  readonly config: string;
  readonly layer: Buffer;
  readonly json: (over?: object) => LayerEntry;
}

async function saved(): Promise<Saved & Pick<Sample, 'dir' | 'tools'>> {
  const { dir, tools } = await sample();
  const layer = await tarOf([{ path: 'etc/motd', content: 'hi\n' }]);
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
  });
  const entry = { Config: 'c.json', RepoTags: ['saved:1', 'host:5000/saved:2'], Layers: ['l/layer.tar'] };
  return {
    dir,
    tools,
    config,
    layer,
    json: (over = {}) => ({ path: 'manifest.json', content: JSON.stringify([{ ...entry, ...over }]) }),
  };
}

const whole = ({ config, json, layer }: Saved): LayerEntry[] => [
  json(),
  { path: 'c.json', content: config },
  { path: 'l/', mode: 0o755 },
  { path: 'l/layer.tar', content: layer },
];

/** The same members with one of them replaced, or taken out. */
const but = (made: Saved, path: string, ...instead: readonly LayerEntry[]): LayerEntry[] => [
  ...whole(made).filter((entry) => entry.path !== path),
  ...instead,
];

describe('docker-archive', () => {
  const good: readonly (readonly [what: string, members: (made: Saved) => LayerEntry[]])[] = [
    ['the old form', whole],
    ['names that start with ./', (made) => whole(made).map((entry) => ({ ...entry, path: `./${entry.path}` }))],
    [
      'a layer that is a link to another, as Docker writes it',
      (made) =>
        but(
          made,
          'l/layer.tar',
          { path: 'm/layer.tar', content: made.layer },
          { path: 'l/layer.tar', type: 'symlink', link: '../m/layer.tar' },
        ),
    ],
    [
      'a hard link',
      (made) =>
        but(
          made,
          'l/layer.tar',
          { path: 'm/layer.tar', content: made.layer },
          { path: 'l/layer.tar', type: 'hardlink', link: 'm/layer.tar' },
        ),
    ],
    ['a compressed layer', (made) => but(made, 'l/layer.tar', { path: 'l/layer.tar', content: gzipSync(made.layer) })],
    [
      'a config that is named by its digest',
      (made) => {
        const name = `${hexOf(sha256(made.config))}.json`;
        return [
          made.json({ Config: name }),
          { path: name, content: made.config },
          { path: 'l/layer.tar', content: made.layer },
        ];
      },
    ],
    ['no names', (made) => but(made, 'manifest.json', made.json({ RepoTags: null }))],
    ['a name that is none', (made) => but(made, 'manifest.json', made.json({ RepoTags: ['UPPER CASE', 'saved:1'] }))],
  ];
  it.each(good)('reads %s', async (_what, members) => {
    const made = await saved();
    const file = join(made.dir, 'a.tar');
    writeFileSync(file, await tarOf(members(made)));
    const image = await openImage(`docker-archive:${file}`, made.tools);
    expect(image.config.rootfs.diff_ids).toEqual([sha256(made.layer)]);
    expect(image.manifest.config.digest).toBe(sha256(made.config));
    await readAll(image);
    await made.tools.store.layerIndex(image.blobs, image.manifest.layers[0] as Descriptor, sha256(made.layer));
  });

  const outside = (link: string) => (made: Saved) =>
    but(made, 'l/layer.tar', { path: 'l/layer.tar', type: 'symlink', link });
  const bad: readonly (readonly [what: string, code: string, members: (made: Saved) => LayerEntry[]])[] = [
    ['no manifest.json', 'E_ARCHIVE', (made) => but(made, 'manifest.json')],
    [
      'an archive older than manifest.json',
      'E_ARCHIVE',
      (made) => but(made, 'manifest.json', { path: 'repositories', content: '{}' }),
    ],
    [
      'a manifest.json that is not JSON',
      'E_MANIFEST',
      (made) => but(made, 'manifest.json', { path: 'manifest.json', content: '[{' }),
    ],
    [
      'a manifest.json that is no list',
      'E_MANIFEST',
      (made) => but(made, 'manifest.json', { path: 'manifest.json', content: '{}' }),
    ],
    [
      'a manifest.json with a hole',
      'E_MANIFEST',
      (made) => but(made, 'manifest.json', { path: 'manifest.json', content: '[null]' }),
    ],
    [
      'deep JSON',
      'E_LIMIT',
      (made) => but(made, 'manifest.json', { path: 'manifest.json', content: '['.repeat(100_000) }),
    ],
    [
      'a manifest.json that is too large',
      'E_LIMIT',
      (made) => but(made, 'manifest.json', { path: 'manifest.json', content: Buffer.alloc(5_000_000, 0x20) }),
    ],
    [
      'a config that is too large',
      'E_LIMIT',
      (made) => but(made, 'c.json', { path: 'c.json', content: Buffer.alloc(9_000_000, 0x20) }),
    ],
    ['no image', 'E_IMAGE_NOT_FOUND', (made) => but(made, 'manifest.json', { path: 'manifest.json', content: '[]' })],
    ['no config', 'E_ARCHIVE', (made) => but(made, 'c.json')],
    ['a config that is a number', 'E_MANIFEST', (made) => but(made, 'manifest.json', made.json({ Config: 5 }))],
    [
      'a config path with ..',
      'E_TAR_PATH',
      (made) => but(made, 'manifest.json', made.json({ Config: '../../etc/passwd' })),
    ],
    [
      'a config that is not what its name says',
      'E_DIGEST',
      (made) => [
        ...but(made, 'manifest.json', made.json({ Config: `${'a'.repeat(64)}.json` })),
        { path: `${'a'.repeat(64)}.json`, content: made.config },
      ],
    ],
    ['no layer', 'E_ARCHIVE', (made) => but(made, 'l/layer.tar')],
    ['fewer layers than diff IDs', 'E_MANIFEST', (made) => but(made, 'manifest.json', made.json({ Layers: [] }))],
    [
      'more layers than diff IDs',
      'E_MANIFEST',
      (made) => but(made, 'manifest.json', made.json({ Layers: ['l/layer.tar', 'l/layer.tar'] })),
    ],
    [
      'very many layers',
      'E_LIMIT',
      (made) => but(made, 'manifest.json', made.json({ Layers: Array.from({ length: 5000 }, () => 'l/layer.tar') })),
    ],
    [
      'a layer of another content',
      'E_DIGEST',
      (made) => but(made, 'l/layer.tar', { path: 'l/layer.tar', content: Buffer.alloc(made.layer.length) }),
    ],
    [
      'a layer that is compressed with xz',
      'E_ARCHIVE',
      (made) => but(made, 'l/layer.tar', { path: 'l/layer.tar', content: Buffer.from('fd377a585a0000', 'hex') }),
    ],
    [
      'a layer that is there twice',
      'E_ARCHIVE',
      (made) => [...whole(made), { path: './l/layer.tar', content: 'other' }],
    ],
    ['a manifest.json that is there twice', 'E_ARCHIVE', (made) => [...whole(made), made.json()]],
    ['a layer that is a folder', 'E_ARCHIVE', (made) => but(made, 'l/layer.tar', { path: 'l/layer.tar/' })],
    [
      'a layer that is a device',
      'E_ARCHIVE',
      (made) => but(made, 'l/layer.tar', { path: 'l/layer.tar', type: 'char', device: [1, 5] }),
    ],
    ['a layer that is a pipe', 'E_ARCHIVE', (made) => but(made, 'l/layer.tar', { path: 'l/layer.tar', type: 'fifo' })],
    ['a link to the host', 'E_ARCHIVE', outside('/etc/passwd')],
    ['a link out of the archive', 'E_TAR_PATH', outside('../../../../etc/passwd')],
    ['a link to nothing', 'E_ARCHIVE', outside('nothing')],
    ['a link to itself', 'E_ARCHIVE', outside('layer.tar')],
    [
      'a hard link out of the archive',
      'E_TAR_PATH',
      (made) => but(made, 'l/layer.tar', { path: 'l/layer.tar', type: 'hardlink', link: '../x' }),
    ],
    [
      'a member outside of the archive',
      'E_TAR_PATH',
      (made) => [...whole(made), { path: '../../etc/cron.d/x', content: 'x' }],
    ],
  ];
  it.each(bad)('refuses %s: %s', async (_what, code, members) => {
    const made = await saved();
    const file = join(made.dir, 'a.tar');
    writeFileSync(file, await tarOf(members(made)));
    const error = await failure(openImage(`docker-archive:${file}`, made.tools).then(readAll));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/[\n\0]/);
  });

  it('chooses by name, by position, or says what there is', async () => {
    const made = await saved();
    const file = join(made.dir, 'a.tar');
    const other = JSON.stringify({ architecture: 's390x', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } });
    const list = [
      { Config: 'c.json', RepoTags: ['saved:1', 'host:5000/saved:2'], Layers: ['l/layer.tar'] },
      { Config: 'o.json', RepoTags: null, Layers: null },
    ];
    const members = but(
      made,
      'manifest.json',
      { path: 'manifest.json', content: JSON.stringify(list) },
      { path: 'o.json', content: other },
    );
    writeFileSync(file, await tarOf(members));
    const open = (name: string) => openImage(`docker-archive:${file}${name}`, made.tools);
    for (const name of [':saved:1', ':docker.io/library/saved:1', ':host:5000/saved:2', ':@0'])
      expect((await open(name)).config.architecture).toBe('amd64');
    expect((await open(':@1')).config.architecture).toBe('s390x');
    expect(await failure(open(''))).toMatchObject({ code: 'E_REFERENCE' });
    expect((await failure(open(''))).message).toContain('"saved:1", "host:5000/saved:2", "@1"');
    expect(await failure(open(':saved:2'))).toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    expect(await failure(open(':@2'))).toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    expect(await failure(open(':UPPER'))).toMatchObject({ code: 'E_REFERENCE' });
  });

  it('takes the real manifest out of the new form', async () => {
    const { dir, made, tools } = await sample();
    const image = await openImage(NAME, tools);
    await writeImage(image, `oci-archive:${join(dir, 'oci.tar')}`, tools);
    const folder = join(dir, 'both');
    mkdirSync(folder);
    run('tar', '-xf', join(dir, 'oci.tar'), '-C', folder);
    const blob = ({ digest }: Descriptor): string => `blobs/sha256/${hexOf(digest)}`;
    const entry = {
      Config: blob(made.manifest.config),
      RepoTags: ['sample:1'],
      Layers: made.manifest.layers.map(blob),
    };
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify([entry]));
    run('tar', '-cf', join(dir, 'both.tar'), '-C', folder, '.');
    const back = await openImage(`docker-archive:${join(dir, 'both.tar')}:sample:1`, tools);
    expect(back.descriptor).toEqual(made.descriptor);
    await readAll(back);
    // Without one of its layers the real manifest is of no use.
    run('tar', '--delete', '-f', join(dir, 'both.tar'), `./${blob(made.manifest.layers[1] as Descriptor)}`);
    expect(await failure(openImage(`docker-archive:${join(dir, 'both.tar')}`, tools))).toMatchObject({
      code: 'E_ARCHIVE',
    });
  });

  it.each([
    [NAME, '', ['sample:1']],
    [NAME, ':other', ['other:latest']],
    [NAME, ':docker.io/library/node:20', ['node:20']],
    [NAME, ':ghcr.io/a/b:c', ['ghcr.io/a/b:c']],
  ])('names %s written to FILE%s %j', async (source, name, tags) => {
    const { dir, tools } = await sample();
    const file = join(dir, 'a.tar');
    await writeImage(await openImage(source, tools), `docker-archive:${file}${name}`, tools);
    const list = JSON.parse(run('tar', '-xOf', file, 'manifest.json')) as { RepoTags: string[] }[];
    expect(list[0]?.RepoTags).toEqual(tags);
  });

  it.each(['none', 'gzip', 'zstd'] as const)(
    'unpacks layers (%s) when it writes, the same one once',
    async (compression) => {
      const { dir, made, tools } = await sample(compression);
      const file = join(dir, 'a.tar');
      expect(await writeImage(await openImage(NAME, tools), `docker-archive:${file}`, tools)).toMatchObject({
        blobs: 3,
      });
      const names = run('tar', '-tf', file).trim().split('\n');
      const layers = [...new Set(made.layers.map(({ diffId }) => `${hexOf(diffId)}.tar`))];
      expect(names).toEqual([...layers, `${hexOf(made.manifest.config.digest)}.json`].sort().concat('manifest.json'));
    },
  );

  it.skipIf(!needs('skopeo'))('skopeo reads what tare wrote, and tare what skopeo wrote', async () => {
    const { dir, made, tools } = await sample();
    const mine = join(dir, 'mine.tar');
    await writeImage(await openImage(NAME, tools), `docker-archive:${mine}:sample:1`, tools);
    const seen = JSON.parse(skopeo('inspect', '--config', `docker-archive:${mine}`)) as {
      rootfs: { diff_ids: string[] };
    };
    expect(seen.rootfs.diff_ids).toEqual(made.config.rootfs.diff_ids);
    skopeo('copy', `docker-archive:${mine}`, `docker-archive:${join(dir, 'theirs.tar')}:sample:2`);
    const image = await openImage(`docker-archive:${join(dir, 'theirs.tar')}:sample:2`, tools);
    expect(image.config.rootfs.diff_ids).toEqual(made.config.rootfs.diff_ids);
    await readAll(image);
    skopeo('copy', `docker-archive:${mine}`, `oci:${join(dir, 'layout')}:x`);
    await readAll(await openImage(`oci:${join(dir, 'layout')}:x`, tools));
  });

  it.skipIf(!needs('podman') || process.getuid?.() !== 0)('podman loads it', async () => {
    const { dir, made, tools } = await sample();
    const mine = join(dir, 'mine.tar');
    await writeImage(await openImage(NAME, tools), `docker-archive:${mine}:sample:1`, tools);
    const podman = (...args: readonly string[]) =>
      run('podman', '--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--storage-driver', 'vfs', ...args);
    podman('load', '-q', '-i', mine);
    const id = podman('image', 'inspect', '--format', '{{.Id}}', 'sample:1').trim();
    expect(id).toBe(hexOf(made.manifest.config.digest));
  });
});
