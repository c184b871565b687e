import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { layers, type Dissection } from '../../../src/explain/layers/layers.ts';
import { openStore } from '../../../src/store/index.ts';
import { openImage, writeImage } from '../../../src/transports/index.ts';
import { makeImage, type LayerContent, type LayerEntry } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const DIVE = process.env['TARE_DIVE'] ?? fileURLToPath(new URL('../../../.tools/dive', import.meta.url));
const hasDive = existsSync(DIVE);

/** What dive says of an archive, and what tare says of the same file. */
async function both(contents: readonly LayerContent[]): Promise<{ dive: readonly number[]; tare: readonly number[] }> {
  const dir = tempDir();
  const store = await openStore({ home: join(dir, 'home') });
  const tools = { store, ctx: createContext({}) };
  await makeImage({
    store,
    layers: contents,
    name: 'x',
    config: { history: contents.map(() => ({ created_by: 'x' })) },
  });
  const archive = `docker-archive:${join(dir, 'x.tar')}`;
  await writeImage(await openImage('x', tools), archive, tools);
  const out = join(dir, 'dive.json');
  execFileSync(DIVE, ['--source', 'docker-archive', join(dir, 'x.tar'), '--json', out], { stdio: 'ignore' });
  const { image } = JSON.parse(readFileSync(out, 'utf8')) as {
    image: { inefficientBytes: number; efficiencyScore: number };
  };
  const found = await layers({ image: await openImage(archive, tools), ...tools });
  return {
    dive: [image.efficiencyScore, image.inefficientBytes],
    tare: [found.efficiency, found.diveWastedBytes],
  };
}

describe.skipIf(!hasDive)('efficiency, as dive counts it', () => {
  const base: readonly LayerEntry[] = [
    { path: 'd/' },
    { path: 'd/a', content: 'a'.repeat(100) },
    { path: 'd/e/' },
    { path: 'd/e/b', content: 'b'.repeat(50) },
    { path: 'f', content: 'f'.repeat(30) },
    { path: 'h', type: 'hardlink', link: 'f' },
    { path: 'l', type: 'symlink', link: 'f' },
  ];

  it.each<readonly [string, readonly LayerContent[]]>([
    ['one layer', [base]],
    ['a file that is written again', [base, [{ path: 'f', content: 'f'.repeat(10) }], [{ path: 'f', content: '' }]]],
    ['a file that is deleted', [base, [{ path: '.wh.f' }]]],
    ['a folder that is deleted', [base, [{ path: '.wh.d' }]]],
    [
      'a folder that is deleted and made again',
      [base, [{ path: '.wh.d' }, { path: 'd/' }, { path: 'd/a', content: 'x' }]],
    ],
    [
      'an inner folder that is deleted',
      [base, [{ path: 'd/' }, { path: 'd/.wh.e' }], [{ path: 'd/e/b', content: 'again' }]],
    ],
    ['an opaque folder', [base, [{ path: 'd/' }, { path: 'd/.wh..wh..opq' }, { path: 'd/a', content: 'new' }]]],
    ['a folder that is deleted after it grew', [base, [{ path: 'd/n', content: 'n'.repeat(9) }], [{ path: '.wh.d' }]]],
    ['folders that are nowhere named', [[{ path: 'p/q/r', content: 'rrr' }], [{ path: 'p/.wh.q' }]]],
    ['a file in place of a folder', [base, [{ path: 'd', content: 'file' }]]],
    ['a layer without anything', [base, [], [{ path: 'f', content: 'g' }]]],
  ])('of %s', async (_, contents) => {
    const { dive, tare } = await both(contents);
    expect(tare).toEqual(dive);
  });

  it('of any layers', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
      size: fc.integer({ min: 0, max: 40 }),
      does: fc.constantFrom('file', 'directory', 'delete'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 4 }), async (steps) => {
        const { dive, tare } = await both(consistent(steps));
        expect(tare[1]).toBe(dive[1]);
        expect(tare[0]).toBeCloseTo(dive[0] ?? 0, 12);
      }),
      { numRuns: 15 },
    );
  });
});

interface Step {
  readonly path: string;
  readonly size: number;
  readonly does: string;
}

/** Layers as a builder would write them: it deletes what is there, and writes below folders. */
function consistent(layersOf: readonly (readonly Step[])[]): readonly LayerContent[] {
  const there = new Map<string, string>();
  return layersOf.map((steps) => {
    const entries = new Map<string, LayerEntry>();
    const gone = new Set<string>();
    const below = (path: string): string[] => [...there.keys()].filter((other) => other.startsWith(`${path}/`));
    const before = new Set(there.keys());
    for (const { does, path, size } of steps) {
      const parents = path
        .split('/')
        .slice(0, -1)
        .map((_, at, all) => all.slice(0, at + 1).join('/'));
      if (parents.some((parent) => there.get(parent) === 'file' || gone.has(parent)) || gone.has(path)) continue;
      if (does === 'delete') {
        if (!before.has(path) || [path, ...below(path)].some((each) => entries.has(each))) continue;
        for (const each of [path, ...below(path)]) there.delete(each);
        gone.add(path);
        const cut = path.lastIndexOf('/') + 1;
        entries.set(`!${path}`, { path: `${path.slice(0, cut)}.wh.${path.slice(cut)}` });
        continue;
      }
      if (there.has(path) && there.get(path) !== does) continue;
      for (const parent of parents) {
        there.set(parent, 'directory');
        entries.set(parent, { path: `${parent}/` });
      }
      there.set(path, does);
      entries.set(path, does === 'directory' ? { path: `${path}/` } : { path, content: 'x'.repeat(size) });
    }
    return [...entries.values()];
  });
}

describe.skipIf(!needs('tar'))('layers, against GNU tar', () => {
  it('counts the bytes and members that tar lists', async () => {
    const dir = tempDir();
    const tree = join(dir, 'tree');
    mkdirSync(join(tree, 'some/folder'), { recursive: true });
    for (let at = 0; at < 50; at++)
      writeFileSync(join(tree, `some/folder/${'n'.repeat(at * 4)}${at}`), 'c'.repeat(at * 700));
    const pack = (name: string): Buffer => {
      execFileSync('tar', ['--format', name, '-cf', join(dir, `${name}.tar`), '-C', tree, '.']);
      return readFileSync(join(dir, `${name}.tar`));
    };
    const archives = ['gnu', 'pax'].map(pack);
    rmSync(join(tree, 'some'), { recursive: true });
    const listed = (name: string): readonly { type: string; size: number }[] =>
      execFileSync('tar', ['-tvf', join(dir, `${name}.tar`)], { encoding: 'utf8' })
        .trimEnd()
        .split('\n')
        .map((line) => ({ type: line[0] ?? '', size: Number(line.split(/\s+/)[2]) }));
    const store = await openStore({ home: join(dir, 'home') });
    const ctx = createContext({});
    await makeImage({ store, layers: archives, name: 'x', compression: 'none' });
    const found: Dissection = await layers({ image: await openImage('x', { store, ctx }), store, ctx });
    expect(found.verified).toBe(false);
    for (const [at, name] of ['gnu', 'pax'].entries()) {
      const lines = listed(name);
      const disk = lines.reduce((sum, { size, type }) => sum + (type === '-' ? size : 0), 0);
      expect(found.layers[at]).toMatchObject({ disk, entries: lines.length });
    }
    // The second has every file of the first again.
    expect(found.wastedBytes).toBe(found.layers[0]?.disk);
    expect(found.layers[1]).toMatchObject({ added: 0, removed: 0, changed: 50, wasted: 0 });
  });
});
