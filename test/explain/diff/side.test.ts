import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { diffImages, type DiffSide } from '../../../src/explain/diff/diff.ts';
import { openSide } from '../../../src/explain/diff/side.ts';
import { openStore } from '../../../src/store/index.ts';
import { openImage, writeImage } from '../../../src/transports/index.ts';
import { makeImage } from '../../helpers/images.ts';
import { dir, file, hardlink, layerTar, symlink, type Item } from '../../helpers/layer-image.ts';
import { tempDir } from '../../helpers/temp.ts';

const OWNER = [process.getuid?.() ?? 0, process.getgid?.() ?? 0] as const;
const more = { owner: OWNER, mtime: 1000 };
const ITEMS: readonly Item[] = [
  { ...dir('', 0o755, more), path: './' },
  file('one', 'one', 0o644, more),
  hardlink('two', 'one', more),
  dir('d', 0o755, more),
  { ...symlink('d/link', '../one'), ...more },
  file('d/\xc3\xa4', 'text', 0o4755, { ...more, xattrs: { 'user.a': 'b' } }),
];

/** The same on the disk. */
function folder(): string {
  const root = join(tempDir(), 'root');
  mkdirSync(join(root, 'd'), { recursive: true });
  writeFileSync(join(root, 'one'), 'one');
  linkSync(join(root, 'one'), join(root, 'two'));
  symlinkSync('../one', join(root, 'd/link'));
  writeFileSync(join(root, 'd/ä'), 'text');
  chmodSync(join(root, 'd/ä'), 0o4755);
  for (const path of ['one', 'd/ä', 'd', '.']) {
    if (path !== 'd/ä') chmodSync(join(root, path), path === 'one' ? 0o644 : 0o755);
    utimesSync(join(root, path), 1000, 1000);
  }
  return root;
}

describe('openSide', () => {
  it('takes images, folders and archives of a root file system', async () => {
    const store = await openStore({ home: tempDir() });
    const ctx = createContext();
    const tar = layerTar(ITEMS);
    const files = tempDir();
    writeFileSync(join(files, 'root.tar'), tar);
    writeFileSync(join(files, 'root.tar.gz'), gzipSync(tar));
    await makeImage({ store, name: 'x', layers: [tar] });
    const image = await openImage('x', { store, ctx });
    await writeImage(image, `docker-archive:${files}/docker.tar`, { store, ctx });
    await writeImage(image, `oci-archive:${files}/oci.tar`, { store, ctx });
    await writeImage(image, `oci:${files}/layout`, { store, ctx });
    const root = folder();
    const names = [
      `dir:${root}`,
      root,
      `tar:${files}/root.tar`,
      `${files}/root.tar`,
      `${files}/root.tar.gz`,
      'x',
      `${files}/docker.tar`,
      `${files}/oci.tar`,
      `${files}/layout`,
    ];
    const sides: DiffSide[] = [];
    for (const name of names) sides.push(await openSide(name, { ctx, store }));
    expect(sides.map((side) => ('image' in side ? side.image.reference : side.reference))).toEqual([
      `dir:${root}`,
      root,
      `tar:${files}/root.tar`,
      `${files}/root.tar`,
      `${files}/root.tar.gz`,
      'x:latest',
      `docker-archive:${files}/docker.tar`,
      `oci-archive:${files}/oci.tar`,
      `oci:${files}/layout`,
    ]);
    for (const after of sides) {
      const found = await diffImages({ before: sides[0] as DiffSide, after, ctx, store });
      // The time of a link that was just made is not ours to set.
      const changed = found.changed.filter(({ path }) => path !== '/d/link');
      expect({ ...found, changed }).toMatchObject({ added: [], removed: [], changed: [], size: { disk: 0 } });
      const again = await diffImages({ before: sides[0] as DiffSide, after, semantic: true, ctx, store });
      expect(again.different).toBe(false);
    }
  });

  it('reads contents out of an archive, compressed or not', async () => {
    const store = await openStore({ home: tempDir() });
    const ctx = createContext();
    const files = tempDir();
    const [one, two] = [
      layerTar([file('a', 'same'), file('b', 'one!')]),
      layerTar([file('b', 'two!'), file('a', 'same')]),
    ];
    writeFileSync(join(files, 'one.tar'), one);
    writeFileSync(join(files, 'two.tgz'), gzipSync(two));
    const found = await diffImages({
      before: await openSide(`${files}/one.tar`, { ctx, store }),
      after: await openSide(`${files}/two.tgz`, { ctx, store }),
      ctx,
      store,
    });
    expect(found.changed.map(({ path, what }) => [path, what])).toEqual([['/b', ['content']]]);
    expect(found).toMatchObject({ config: [], layers: { shared: [] }, size: { disk: 0, wire: null } });
  });

  it.each([
    ['dir:', 'E_USAGE'],
    ['dir:/nothing/here', 'E_PATH_NOT_FOUND'],
    ['/nothing/here', 'E_PATH_NOT_FOUND'],
    ['tar:/nothing/here', 'E_IMAGE_NOT_FOUND'],
    ['tar:/', 'E_NOT_FILE'],
    ['tar:FOLDER/text', 'E_TAR'],
    ['FOLDER/text', 'E_TAR'],
    ['dir:FOLDER/text', 'E_NOT_DIRECTORY'],
    ['nothing', 'E_IMAGE_NOT_FOUND'],
    ['docker-archive:FOLDER/text', 'E_ARCHIVE'],
    ['/dev/zero', 'E_NOT_FILE'],
  ])('refuses %s', async (text, code) => {
    const files = tempDir();
    writeFileSync(join(files, 'text'), 'no archive'.repeat(100));
    const store = await openStore({ home: tempDir() });
    await expect(openSide(text.replace('FOLDER', files), { ctx: createContext(), store })).rejects.toMatchObject({
      code,
    });
  });
});
