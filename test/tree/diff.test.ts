import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { diffTrees, type TreeDiffOptions } from '../../src/tree/diff.ts';
import { createTree } from '../../src/tree/memory.ts';
import type { Entry, Tree } from '../../src/tree/types.ts';
import { memoryTree } from '../helpers/memory-tree.ts';

const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
  path: pathOfText(path),
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  ...more,
});
const folder = (path: string): Entry => entry(path, { type: 'directory', mode: 0o755 });
const link = (path: string, target: string): Entry => entry(path, { type: 'symlink', link: target });
const hard = (path: string, target: string, more: Partial<Entry> = {}): Entry =>
  entry(path, { ...more, type: 'hardlink', link: target });
const bytes = (text: string): Partial<Entry> => ({
  size: text.length,
  content: { in: 'memory', bytes: Buffer.from(text) },
});
const known = (path: string, sha256: string | undefined, offset: number): Entry =>
  entry(path, {
    size: 3,
    ...(sha256 === undefined ? {} : { sha256 }),
    content: { in: 'layer', diffId: `sha256:${'0'.repeat(64)}`, offset, size: 3 },
  });

type Lines = Readonly<Record<'added' | 'removed' | 'changed' | 'unsure', readonly string[]>>;

/** `/path what,what`; of paths on one side their type and cost. */
function lines(a: Tree | readonly Entry[], b: Tree | readonly Entry[], options?: TreeDiffOptions): Partial<Lines> {
  const [one, two] = [a, b].map((side) => ('walk' in side ? side : createTree(side))) as [Tree, Tree];
  const { added, changed, removed, unsure } = diffTrees(one, two, options);
  const all: Lines = {
    added: added.map(({ cost, entry: { path }, type }) => `${path} ${type} ${cost}`),
    removed: removed.map(({ cost, entry: { path }, type }) => `${path} ${type} ${cost}`),
    changed: changed.map(({ before, what }) => `${before.entry.path} ${what.join()}`),
    unsure: unsure.map(({ before, what }) => `${before.entry.path} ${what.join()}`),
  };
  return Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
}

describe('diffTrees', () => {
  it('tells what came and what went, in byte order', () => {
    expect(
      lines(
        [entry('/gone'), entry('/same', bytes('x')), folder('/d'), entry('/d/gone', bytes('yy'))],
        [entry('/same', bytes('x')), folder('/d'), entry('/d/new', bytes('z')), folder('/d-')],
      ),
    ).toEqual({ added: ['/d- directory 0', '/d/new file 1'], removed: ['/d/gone file 2', '/gone file 0'] });
  });

  it.each<[string, Entry, Entry, string]>([
    ['type', entry('/x', bytes('a')), folder('/x'), 'type,mode'],
    ['mode', entry('/x', { mode: 0o600 }), entry('/x', { mode: 0o4600 }), 'mode'],
    ['mode of a link', link('/x', 'a'), entry('/x', { type: 'symlink', link: 'a', mode: 0o777 }), ''],
    ['owner', entry('/x', { uid: 1 }), entry('/x', { gid: 1 }), 'owner'],
    ['size', entry('/x', bytes('a')), entry('/x', bytes('ab')), 'content'],
    ['content', entry('/x', bytes('a')), entry('/x', bytes('b')), 'content'],
    ['content by its sha256', known('/x', 'aa', 0), known('/x', 'bb', 0), 'content'],
    ['the same content elsewhere', known('/x', 'aa', 0), known('/x', 'aa', 512), ''],
    ['unknown content at the same place', known('/x', undefined, 0), known('/x', 'aa', 0), ''],
    ['target of a link', link('/x', 'a'), link('/x', 'b'), 'link'],
    ['device', entry('/x', { type: 'char', device: [1, 3] }), entry('/x', { type: 'char', device: [1, 5] }), 'device'],
    [
      'xattrs',
      entry('/x', { xattrs: new Map([['user.a', Buffer.from('1')]]) }),
      entry('/x', { xattrs: new Map([['user.a', Buffer.from('2')]]) }),
      'xattrs',
    ],
    ['no xattrs and none', entry('/x', { xattrs: new Map() }), entry('/x'), ''],
    ['time', entry('/x', { mtime: 1 }), entry('/x', { mtime: 2 }), ''],
  ])('%s', (_name, a, b, what) => {
    const expected = what === '' ? {} : { changed: [`/x ${what}`] };
    expect(lines([a], [b])).toEqual(expected);
    expect(lines([b], [a])).toEqual(expected);
  });

  it('compares times when it is asked to, to the second', () => {
    const at = (mtime: number): readonly Entry[] => [entry('/x', { mtime }), entry('/', { type: 'directory', mtime })];
    expect(lines(at(1.25), at(2), { times: true })).toEqual({ changed: ['/x mtime'] });
    expect(lines(at(1.25), at(1), { times: true })).toEqual({});
  });

  it('compares attributes only where both have them', () => {
    const x = entry('/x', { xattrs: new Map([['user.a', Buffer.from('1')]]) });
    expect(lines([x], [entry('/x')], { xattrs: false })).toEqual({});
  });

  it('compares mode and owner of the root', () => {
    const root = entry('/', { type: 'directory', mode: 0o700, uid: 1 });
    expect(lines([root], [])).toEqual({ changed: ['/ mode,owner'] });
  });

  it('leaves open what would have to be read', () => {
    const [a, b] = [known('/x', undefined, 7), { ...known('/x', 'aa', 0), mode: 0 }];
    expect(lines([a], [b])).toEqual({ unsure: ['/x mode'] });
    expect(lines([a], [{ ...b, size: 2 }])).toEqual({ changed: ['/x content,mode'] });
  });

  it('finds nothing between a tree and itself', () => {
    const { tree } = memoryTree({ 'a/b': 'x', l: { link: 'a' } });
    expect(lines(tree, tree, { times: true })).toEqual({});
  });

  describe('with several names of one file', () => {
    const file = bytes('abc');

    it('makes no difference which of them an archive has first', () => {
      expect(lines([entry('/f', file), hard('/g', '/f', file)], [entry('/g', file), hard('/f', '/g', file)])).toEqual(
        {},
      );
    });

    it('makes no difference to the others when one is gone, and the bytes stay with them', () => {
      expect(
        lines(
          [entry('/f', file), hard('/g', '/f', file), hard('/h', '/f', file)],
          [entry('/g', file), hard('/h', '/g', file)],
        ),
      ).toEqual({ removed: ['/f hardlink 0'] });
    });

    it('tells of files that were one and are two', () => {
      const one = [entry('/f', file), hard('/g', '/f', file)];
      const two = [entry('/f', file), entry('/g', file)];
      expect(lines(one, two)).toEqual({ changed: ['/g link'] });
      expect(lines(two, one)).toEqual({ changed: ['/g link'] });
    });

    it('counts the bytes of a file once when all of its names are new', () => {
      expect(lines([], [entry('/g', file), hard('/f', '/g', file)])).toEqual({ added: ['/f file 3', '/g hardlink 0'] });
    });

    it('knows the other names of links and devices', () => {
      const a = [link('/a', 'x'), hard('/b', '/a')];
      expect(lines(a, [link('/a', 'x'), link('/b', 'x')])).toEqual({ changed: ['/b link'] });
      expect(lines(a, [link('/a', 'y'), hard('/b', '/a')])).toEqual({ changed: ['/a link', '/b link'] });
    });
  });
});
