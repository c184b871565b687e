import { describe, expect, it } from 'vitest';
import { explore } from '../../../src/explain/explore/explore.ts';
import type { ExploredImage } from '../../../src/explain/explore/types.ts';
import { layers } from '../../../src/explain/layers/layers.ts';
import { mostExpensive } from '../../../src/explain/most-expensive.ts';
import { why } from '../../../src/explain/why.ts';
import { createContext } from '../../../src/base/context.ts';
import { openStore } from '../../../src/store/index.ts';
import { openImage } from '../../../src/transports/index.ts';
import { makeImage } from '../../helpers/images.ts';
import { seededHome } from '../../helpers/seed.ts';
import { tempDir } from '../../helpers/temp.ts';

const ctx = createContext();
/** Paths by row. */
function pathsOf({ nodes: { depth, name } }: ExploredImage): readonly string[] {
  const open: string[] = [];
  return name.map((own, row) => {
    open.length = depth[row] as number;
    open.push(own);
    return open.length === 1 ? '/' : open.join('/');
  });
}

describe('what the page shows', () => {
  it('tells of every path what why tells, and of every need what it costs', async () => {
    const store = await openStore({ home: seededHome() });
    const image = await openImage('node-status', { store, ctx });
    const data = await explore({ image, store, ctx });
    const { chains, needs } = data;
    if (chains === null || needs === null) throw new Error('the image has a record of reasons');
    const paths = pathsOf(data.image);
    for (const [row, path] of paths.entries()) {
      if (row === 0) continue;
      const chain = [];
      for (let step = chains.last[row] as number; step !== -1; step = chains.before[step] as number)
        chain.unshift({
          path: chains.subjects[chains.subject[step] as number],
          kind: chains.kinds[chains.kind[step] as number],
          because: chains.texts[chains.because[step] as number],
        });
      expect(chain).toEqual((await why({ image, path, store, ctx })).chain);
    }
    const { expenses, size } = await mostExpensive({ image, store, ctx });
    expect(needs.keeps[0]).toBe(size);
    const told = needs.name.map((name, id) => `${name} ${needs.keeps[id]} ${needs.size[id]}`);
    for (const { keeps, name, size: own } of expenses) expect(told).toContain(`${name} ${keeps} ${own}`);
  });

  it('numbers folders before what they hold, in byte order', async () => {
    const { image } = await explored([
      [
        ['a/b', 3],
        ['a-b', 2],
        ['a/c/d', 1],
        ['b', 5],
      ],
    ]);
    expect(pathsOf(image)).toEqual(['/', '/a', '/a/b', '/a/c', '/a/c/d', '/a-b', '/b']);
    expect(image.nodes.size).toEqual([0, 0, 3, 0, 1, 2, 5]);
  });

  it('has the layers of tare layers, with what each did', async () => {
    const { dissection, image } = await explored([
      [
        ['a', 10],
        ['b', 20],
      ],
      [
        ['a', 30],
        ['.wh.b', 0],
      ],
    ]);
    expect(image.layers).toMatchObject({
      wastedBytes: dissection.wastedBytes,
      efficiency: dissection.efficiency,
      rows: dissection.layers.map(({ added, changed, disk, removed, wasted, wire }) => ({
        added,
        changed,
        disk,
        removed,
        wasted,
        wire,
      })),
    });
    expect(image.layers.rows[0]?.changes).toEqual([
      ['/b', 0, 20, 1],
      ['/a', 0, 10, 1],
    ]);
    expect(image.layers.rows[1]?.changes).toEqual([
      ['/a', 1, 30, 0],
      ['/b', 2, 20, 0],
    ]);
  });

  it('takes small files together when there are too many', async () => {
    const many = Array.from({ length: 300 }, (_, at): readonly [string, number] => [`d${at % 3}/s${at}`, 1]);
    const { image } = await explored([[...many, ['d0/large', 9000], ['x/y/z', 2]]], 40);
    const { folded, kind, name, size } = image.nodes;
    expect(name.length).toBeLessThan(40);
    expect(folded?.below).toBeGreaterThan(0);
    const together = folded?.rows.reduce((sum, [, files]) => sum + files, 0) ?? 0;
    expect(together + kind.filter((one) => one === 0).length).toBe(302);
    expect(size.reduce((sum, bytes) => sum + bytes, 0)).toBe(image.size.disk);
    expect(kind.filter((one) => one === 5).length).toBe(folded?.rows.length);
    expect(pathsOf(image)).toContain('/d0/large');
  });

  it('tells what became of the original', async () => {
    const store = await openStore({ home: tempDir() });
    const put = (name: string, files: Readonly<Record<string, string>>) =>
      makeImage({ store, name, layers: [Object.entries(files).map(([path, content]) => ({ path, content }))] });
    await put('before', { same: 'one', other: 'two', gone: 'three' });
    await put('after', { same: 'one', other: 'deux', new: 'five!' });
    const data = await explore({
      image: await openImage('after', { store, ctx }),
      original: await openImage('before', { store, ctx }),
      store,
      ctx,
    });
    expect(data.diff).toMatchObject({
      same: { files: 1, bytes: 3 },
      changed: { files: 1, bytes: 4 },
      added: { files: 1, bytes: 5 },
      dropped: { files: 1, bytes: 5 },
    });
    expect(pathsOf(data.image)).toEqual(['/', '/new', '/other', '/same']);
    expect(data.diff?.fate).toEqual([0, 2, 1, 0]);
    // gone, other, same
    expect(data.diff?.originalFate).toEqual([0, 2, 1, 0]);
    expect(data.diff?.changes).toEqual([[2, 2, 'content']]);
  });

  it('tells of a profile what was used when, behind links as well', async () => {
    const store = await openStore({ home: tempDir() });
    await makeImage({
      store,
      name: 'app',
      layers: [
        [
          { path: 'bin/app', content: 'app', mode: 0o755 },
          { path: 'lib/x.so.1', content: 'library' },
          { path: 'lib/x.so', type: 'symlink', link: 'x.so.1' },
          { path: 'cold', content: 'never' },
        ],
      ],
    });
    const { decodeProfile } = await import('../../../src/evidence/observed/index.ts');
    const profile = decodeProfile(
      Buffer.from(
        JSON.stringify({
          tareProfile: 1,
          platforms: ['linux/amd64'],
          ports: [],
          paths: [
            ['/gone', 'open', ['start'], []],
            ['/lib/x.so', 'open', ['http GET 80/'], ['/bin/app']],
          ],
        }),
      ),
      'a profile',
    );
    const data = await explore({ image: await openImage('app', { store, ctx }), profile, store, ctx });
    const { timeline } = data;
    if (timeline === null) throw new Error('there is a profile');
    const paths = pathsOf(data.image);
    const told = timeline.rows.map(([row, phases, how]) => [
      paths[row],
      phases.map((at) => timeline.phases[at]),
      how.map((at) => timeline.accesses[at]),
    ]);
    expect(timeline.missing).toBe(1);
    expect(told).toEqual([
      ['/bin/app', ['http GET 80/'], ['exec']],
      ['/lib/x.so', ['http GET 80/'], ['open']],
      ['/lib/x.so.1', ['http GET 80/'], ['open']],
    ]);
  });
});

/** An image of these layers: paths with the sizes of their files. */
async function explored(made: readonly (readonly (readonly [path: string, size: number])[])[], maxRows?: number) {
  const store = await openStore({ home: tempDir() });
  await makeImage({
    store,
    name: 'app',
    layers: made.map((files, layer) => files.map(([path, size]) => ({ path, content: String(layer).repeat(size) }))),
  });
  const image = await openImage('app', { store, ctx });
  const data = await explore({ image, store, ctx, ...(maxRows === undefined ? {} : { maxRows }) });
  return { image: data.image, dissection: await layers({ image, store, ctx }) };
}
