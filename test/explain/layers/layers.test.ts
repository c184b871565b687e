import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { layers, type Dissection } from '../../../src/explain/layers/layers.ts';
import type { History } from '../../../src/oci/types.ts';
import { openStore } from '../../../src/store/index.ts';
import { openImage } from '../../../src/transports/index.ts';
import { makeImage, type LayerContent } from '../../helpers/images.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';

async function dissect(
  contents: readonly LayerContent[],
  options: { readonly history?: readonly History[]; readonly layer?: number; readonly limit?: number } = {},
): Promise<Dissection> {
  const store = await openStore({ home: tempDir() });
  const { history, ...rest } = options;
  await makeImage({ store, layers: contents, name: 'x', ...(history === undefined ? {} : { config: { history } }) });
  const ctx = createContext({});
  const answer = await layers({ image: await openImage('x', { store, ctx }), store, ctx, ...rest });
  expectShape('layers', answer);
  // Whatever the image: what the layers bring is what is seen and what is wasted.
  expect(answer.layers.reduce((sum, { disk }) => sum + disk, 0)).toBe(answer.size.disk + answer.wastedBytes);
  return answer;
}

const counts = ({ layers: rows }: Dissection): readonly (readonly number[])[] =>
  rows.map(({ added, changed, removed, wasted }) => [added, changed, removed, wasted]);

describe('layers', () => {
  it('counts what each layer adds, changes, removes and wastes', async () => {
    const answer = await dissect([
      [
        { path: 'a/' },
        { path: 'a/kept', content: '1'.repeat(10) },
        { path: 'a/over', content: '2'.repeat(200) },
        { path: 'a/gone', content: '3'.repeat(3000) },
      ],
      [
        { path: 'a/' },
        { path: 'a/over', content: '4'.repeat(50) },
        { path: 'a/.wh.gone' },
        { path: 'b', content: '5' },
      ],
      [{ path: 'a/over', content: '6'.repeat(7) }],
    ]);
    expect(counts(answer)).toEqual([
      [4, 0, 0, 3200],
      [1, 1, 1, 50],
      [0, 1, 0, 0],
    ]);
    expect(answer.wastedBytes).toBe(3250);
    expect(answer.inefficiencies).toEqual([
      { path: '/a/gone', count: 1, bytes: 3000, layers: [0], visible: null },
      { path: '/a/over', count: 3, bytes: 250, layers: [0, 1, 2], visible: 2 },
    ]);
    expect(answer.layers[1]).toMatchObject({ entries: 4, whiteouts: 1, opaque: 0 });
  });

  it('sees a content while one of its names is there, and counts it once', async () => {
    const answer = await dissect([
      [
        { path: 'one', content: 'x'.repeat(100) },
        { path: 'two', type: 'hardlink', link: 'one' },
      ],
      [{ path: '.wh.one' }],
    ]);
    expect(answer.wastedBytes).toBe(0);
    expect((await dissect([[{ path: 'one', content: 'x'.repeat(100) }], [{ path: '.wh.one' }]])).wastedBytes).toBe(100);
  });

  it('empties folders: opaque ones, and those that something else takes the place of', async () => {
    const base: LayerContent = [
      { path: 'd/' },
      { path: 'd/a', content: 'aaaa' },
      { path: 'd/b/' },
      { path: 'd/b/c', content: 'cc' },
    ];
    const emptied = await dissect([base, [{ path: 'd/' }, { path: 'd/.wh..wh..opq' }, { path: 'd/a', content: 'a' }]]);
    expect(counts(emptied)).toEqual([
      [4, 0, 0, 6],
      [0, 1, 2, 0],
    ]);
    expect(emptied.layers[1]).toMatchObject({ opaque: 1, whiteouts: 0 });
    const replaced = await dissect([base, [{ path: 'd', content: 'file' }]]);
    expect(counts(replaced)).toEqual([
      [4, 0, 0, 6],
      [0, 1, 3, 0],
    ]);
    const made = await dissect([base, [{ path: '.wh.d' }, { path: 'd/' }, { path: 'd/new', content: 'n' }]]);
    expect(counts(made)[1]).toEqual([1, 0, 3, 0]);
  });

  it('follows links of lower layers on the way to a path', async () => {
    const answer = await dissect([
      [{ path: 'usr/bin/' }, { path: 'usr/bin/x', content: 'old' }, { path: 'bin', type: 'symlink', link: 'usr/bin' }],
      [{ path: 'bin/x', content: 'new!' }],
    ]);
    expect(counts(answer)).toEqual([
      [4, 0, 0, 3],
      [0, 1, 0, 0],
    ]);
  });

  it('tolerates what is twice in a layer, a layer that is there twice, and whiteouts of nothing', async () => {
    const doubled = await dissect([
      [
        { path: 'f', content: '12345' },
        { path: 'f', content: '123' },
      ],
      [{ path: 'x/.wh.none' }],
    ]);
    expect(counts(doubled)).toEqual([
      [1, 0, 0, 5],
      [0, 0, 0, 0],
    ]);
    const layer: LayerContent = [{ path: 'f', content: '12345' }];
    const twice = await dissect([layer, [{ path: '.wh.f' }], layer]);
    expect(counts(twice)).toEqual([
      [1, 0, 0, 5],
      [0, 0, 1, 0],
      [1, 0, 0, 0],
    ]);
    expect(twice.layers.map(({ sameAs }) => sameAs)).toEqual([undefined, undefined, 0]);
  });

  it('pairs the history with the layers, and says when it does not', async () => {
    const two: readonly LayerContent[] = [[{ path: 'a', content: 'a' }], [{ path: 'b', content: 'b' }]];
    const rows = [
      { created_by: '/bin/sh -c #(nop) ADD file:12ab in / ' },
      { created_by: '/bin/sh -c #(nop)  CMD ["sh"]', empty_layer: true },
      { created_by: 'RUN /bin/sh -c make # buildkit' },
    ];
    const told = await dissect(two, { history: rows });
    expect(told.history).toBe('complete');
    expect(told.steps).toEqual([
      { instruction: 'ADD file:12ab /', layer: 0 },
      { instruction: 'CMD ["sh"]', layer: null },
      { instruction: 'RUN make', layer: 1 },
    ]);
    expect(told.layers.map(({ createdBy }) => createdBy)).toEqual(['ADD file:12ab /', 'RUN make']);
    const short = await dissect(two, { history: rows.slice(0, 2) });
    expect([short.history, ...short.steps.map(({ layer }) => layer)]).toEqual(['mismatched', null, null]);
    expect(short.layers.every(({ createdBy }) => createdBy === undefined)).toBe(true);
    expect((await dissect(two)).history).toBe('missing');
  });

  it('lists what one layer did, and cuts lists where it is asked to', async () => {
    const answer = await dissect(
      [
        [
          { path: 'a', content: 'aaa' },
          { path: 'gone', content: 'gone!' },
        ],
        [{ path: 'a', content: 'a2' }, { path: 'new', content: 'newest' }, { path: '.wh.gone' }],
        [{ path: 'new', content: '' }],
      ],
      { layer: 1, limit: 2 },
    );
    expect(answer.changes).toEqual([
      { path: '/new', kind: 'added', type: 'file', size: 6, hidden: true },
      { path: '/gone', kind: 'removed', type: 'file', size: 5, hidden: false },
    ]);
    expect(answer.counts).toMatchObject({ changes: 3, inefficiencies: 3 });
    expect(answer.inefficiencies).toHaveLength(2);
    await expect(dissect([[]], { layer: 1 })).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  it('sums up folders, packages and kinds of files', async () => {
    const answer = await dissect([
      [
        { path: 'usr/lib/' },
        { path: 'usr/lib/libx.so.1', content: 'x'.repeat(1000) },
        { path: 'app/node_modules/dep/package.json', content: '{"name":"dep","version":"1.2.3"}' },
        { path: 'app/node_modules/dep/index.js', content: 'y'.repeat(68) },
        { path: 'app/run', content: '#!', mode: 0o755 },
      ],
    ]);
    expect(answer.packages).toEqual([{ manager: 'npm', name: 'dep', version: '1.2.3', bytes: 100, files: 2 }]);
    expect(answer.unowned).toEqual({ bytes: 1002, files: 2 });
    // /usr and /app hold little beside one folder of theirs.
    expect(answer.directories).toEqual([
      { path: '/usr/lib', bytes: 1000, files: 1 },
      { path: '/app/node_modules/dep', bytes: 100, files: 2 },
    ]);
    expect(answer.types).toEqual([
      { type: 'shared libraries', bytes: 1000, files: 1 },
      { type: 'JavaScript', bytes: 68, files: 1 },
      { type: 'text and settings', bytes: 32, files: 1 },
      { type: 'programs', bytes: 2, files: 1 },
    ]);
  });
});
