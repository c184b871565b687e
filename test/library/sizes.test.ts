import { describe, expect, it } from 'vitest';
import { compare } from '../../src/explain/compare.ts';
import { files } from '../../src/explain/files.ts';
import { inspect } from '../../src/explain/inspect.ts';
import { createContext } from '../../src/base/context.ts';
import { images } from '../../src/ship/store.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import { tareJson } from '../helpers/cli.ts';
import { EXAMPLES, exampleDir, offered } from '../helpers/examples.ts';
import { makeImage } from '../helpers/images.ts';
import { seededHome } from '../helpers/seed.ts';
import { tempDir } from '../helpers/temp.ts';

interface Sized {
  readonly size: { readonly disk: number; readonly wire: number };
  readonly files: number;
  readonly layers: readonly { readonly disk: number; readonly wire: number }[];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** What each command says of one image. */
async function answersOf(home: string, name: string) {
  const store = await openStore({ home });
  const ctx = createContext({});
  const image = await openImage(name, { store, ctx });
  const [inspected, [compared], rows, listed] = [
    await inspect({ image, store, ctx }),
    await compare({ images: [image], store, ctx }),
    await files({ image, store, ctx }),
    (await images({ store, disk: true })).find(({ reference }) => reference === image.reference),
  ];
  return { inspected, compared, rows, listed };
}

describe('one image has one size', () => {
  it.each(EXAMPLES.map((example) => [example.name, example] as const))(
    'in every command: %s',
    async (name, example) => {
      if (!offered(example)) return;
      const home = seededHome();
      const built = await tareJson<Sized>(['build', exampleDir(name), '--no-verify', '--name', 'app'], { home });
      const options = { home, cwd: tempDir() };
      const static_ = ['shrink', 'app', '--static', '--no-verify', '--name', 'small', '--tightness', 'packages'];
      const shrunk = await tareJson<Sized & { original: Sized }>(static_, options);
      const { compared, inspected, listed, rows } = await answersOf(home, 'app');
      const disk = sum(rows.filter(({ type }) => type === 'file').map(({ size }) => size));
      const wire = sum(inspected.layers.map((layer) => layer.wire));
      for (const said of [built, inspected, compared, listed, shrunk.original])
        expect(said?.size).toEqual({ disk, wire });
      const paths = rows.filter(({ type }) => type !== 'directory').length;
      for (const said of [built, inspected, compared, shrunk.original]) expect(said?.files).toBe(paths);
      expect(inspected.layers.map((layer) => layer.disk)).toEqual(built.layers.map((layer) => layer.disk));
      const small = await answersOf(home, 'small');
      expect(small.inspected.size).toEqual(shrunk.size);
      expect(small.inspected.files).toBe(shrunk.files);
      expect(small.inspected.layers.map((layer) => layer.disk)).toEqual(shrunk.layers.map((layer) => layer.disk));
    },
  );

  it('counts a hard link and what a later layer replaces once', async () => {
    const home = tempDir();
    const store = await openStore({ home });
    const layers = [
      [
        { path: 'a', content: 'aaaa' },
        { path: 'b', type: 'hardlink' as const, link: 'a' },
        { path: 'c', content: 'cc' },
      ],
      [
        { path: 'c', content: 'c' },
        { path: 'l', type: 'symlink' as const, link: 'a' },
        { path: '.wh.none', content: '' },
      ],
    ];
    await makeImage({ store, layers, name: 'app' });
    const { compared, inspected, listed } = await answersOf(home, 'app');
    expect([inspected.size.disk, compared?.size.disk, listed?.size.disk]).toEqual([5, 5, 5]);
    expect([inspected.files, compared?.files]).toEqual([4, 4]);
    expect(inspected.layers.map(({ disk }) => disk)).toEqual([6, 1]);
  });
});
