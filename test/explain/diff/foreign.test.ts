import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { diffImages } from '../../../src/explain/diff/diff.ts';
import { openSide } from '../../../src/explain/diff/side.ts';
import type { ImageDiff } from '../../../src/explain/diff/types.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/types.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

/** What GNU diff says, as `+ /path`, `- /path` (what is in a folder that is on one side is not told) and `~ /path` of another type or content. */
function gnuDiff(a: string, b: string): readonly string[] {
  const { status, stdout } = spawnSync('diff', ['-rq', '--no-dereference', a, b], {
    encoding: 'utf8',
    // In this locale names come as they are.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(status).toBeLessThan(2);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const only = /^Only in (.*?): (.*)$/.exec(line);
      if (only !== null) {
        const [, folder = '', name = ''] = only;
        const mark = folder === a || folder.startsWith(`${a}/`) ? '-' : '+';
        return `${mark} ${folder.slice(mark === '-' ? a.length : b.length)}/${name}`;
      }
      const path = /^(?:Files|Symbolic links|File) (.*?) (?:and|is a|is an) /.exec(line)?.[1];
      if (path === undefined) throw new Error(line);
      return `~ ${path.slice(a.length)}`;
    })
    .sort();
}

function ours({ added, changed, removed }: ImageDiff): readonly string[] {
  const isBelow = (path: string, all: readonly { readonly path: string }[]): boolean =>
    all.some((other) => path.startsWith(`${other.path}/`));
  const folders = (list: ImageDiff['added']): ImageDiff['added'] => list.filter(({ type }) => type === 'directory');
  const typed = changed.filter(({ what }) => what.includes('type'));
  const top = (list: ImageDiff['added'], mark: string): readonly string[] =>
    list
      .filter(({ path }) => !isBelow(path, folders(list)) && !isBelow(path, typed))
      .map(({ path }) => `${mark} ${path}`);
  const rewritten = changed.filter(
    ({ type, what }) =>
      what.includes('type') || what.includes('content') || (type === 'symlink' && what.includes('link')),
  );
  return [...top(added, '+'), ...top(removed, '-'), ...rewritten.map(({ path }) => `~ ${path}`)].sort();
}

async function diffFolders(store: Store, a: string, b: string): Promise<ImageDiff> {
  const tools = { ctx: createContext(), store };
  return diffImages({ before: await openSide(`dir:${a}`, tools), after: await openSide(`dir:${b}`, tools), ...tools });
}

const leaf = fc.constantFrom('file', 'other', 'long', 'link', 'elsewhere', 'empty');
const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; node: string | Tree }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, leaf, tie('tree')),
  tree: fc.dictionary(fc.constantFrom('a', 'a b', 'a-', 'c', 'ü', '.d'), tie('node'), { maxKeys: 4 }),
})).tree;

interface Tree {
  readonly [name: string]: string | Tree;
}

const CONTENTS: Readonly<Record<string, string>> = { file: 'text', other: 'TEXT', long: 'text and more', empty: '' };

function write(root: string, nodes: Tree): void {
  mkdirSync(root, { recursive: true });
  for (const [name, node] of Object.entries(nodes)) {
    const path = join(root, name);
    if (typeof node !== 'string') write(path, node);
    else if (node === 'link' || node === 'elsewhere') symlinkSync(node, path);
    else writeFileSync(path, CONTENTS[node] ?? '');
  }
}

describe.skipIf(!needs('diff'))('diffImages beside `diff -rq --no-dereference`', () => {
  it('finds the same in any two folders', async () => {
    const store = await openStore({ home: tempDir() });
    const dir = tempDir();
    await fc.assert(
      fc.asyncProperty(tree, tree, async (one, two) => {
        const [a, b] = [join(dir, 'a'), join(dir, 'b')];
        for (const root of [a, b]) rmSync(root, { recursive: true, force: true });
        write(a, one);
        write(b, two);
        expect(ours(await diffFolders(store, a, b))).toEqual(gnuDiff(a, b));
      }),
      { numRuns: 60 },
    );
  });
});

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LAYOUT = process.env['TARE_ORIGINALS'] ?? join(ROOT, '.originals');
const available = process.getuid?.() === 0 && needs('diff', 'mmdebstrap', 'umoci', 'skopeo', 'flock', 'npm');

describe.skipIf(!available)('diffImages of real images', () => {
  beforeAll(() => {
    const names = ['node-hello', 'node-sharp'];
    execFileSync(join(ROOT, 'script/originals'), names, { stdio: ['ignore', 'ignore', 'inherit'] });
  }, 900_000);

  it('finds what GNU diff finds between the roots that umoci makes of them, and nothing between an image and its root', async () => {
    const store = await openStore({ home: tempDir() });
    const tools = { ctx: createContext(), store };
    const dir = tempDir();
    const rootOf = (name: string): string => {
      execFileSync('umoci', ['raw', 'unpack', '--image', `${LAYOUT}:${name}`, join(dir, name)], { stdio: 'ignore' });
      return join(dir, name);
    };
    const roots = [rootOf('node-hello'), rootOf('node-sharp')] as const;
    const before = await openSide(`oci:${LAYOUT}:node-hello`, tools);
    const after = await openSide(`oci:${LAYOUT}:node-sharp`, tools);
    const expected = gnuDiff(...roots);
    expect(expected.length).toBeGreaterThan(5);
    expect(ours(await diffImages({ before, after, ...tools }))).toEqual(expected);
    expect(ours(await diffFolders(store, ...roots))).toEqual(expected);
    const unpacked = await diffImages({ before, after: await openSide(`dir:${roots[0]}`, tools), ...tools });
    expect(unpacked).toMatchObject({ different: false, size: { disk: 0 } });
  }, 300_000);
});
