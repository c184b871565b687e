import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreePath } from '../../../src/base/path.ts';
import {
  changesInWords,
  decodeFileList,
  encodeFileList,
  fileListOf,
  MAX_LISTED_FILES,
} from '../../../src/solve/explain/file-list.ts';
import type { Entry } from '../../../src/tree/types.ts';

const file = (path: string, changes: Partial<Entry> = {}): Entry => ({
  path: path as TreePath,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 1,
  mtime: 0,
  content: { in: 'memory', bytes: Buffer.from('x') },
  sha256: 'aa'.repeat(32),
  ...changes,
});
const folder = (path: string): Entry => {
  const { content: _content, sha256: _sha256, ...entry } = file(path, { type: 'directory', mode: 0o755, size: 0 });
  return entry;
};
const listOf = (...inside: readonly Entry[]) => {
  const list = fileListOf([{ name: '', entry: folder('/'), inside }], (entry) => entry.sha256 ?? '');
  if (list === undefined) throw new Error('too many');
  return list;
};

const BEFORE = [folder('/d'), file('/d/a'), file('/d/b'), file('/c')];

describe('changesInWords', () => {
  it.each<readonly [name: string, after: readonly Entry[], words: string | undefined]>([
    ['nothing', BEFORE, undefined],
    [
      'a content',
      [folder('/d'), file('/d/a', { sha256: 'bb' }), file('/d/b'), file('/c')],
      'd/a modified (1 of 3 files)',
    ],
    ['one more, in a new folder', [...BEFORE, folder('/e'), file('/e/f')], 'e/f added (1 of 4 files)'],
    ['a new folder alone', [...BEFORE, folder('/e')], 'e added (1 of 3 files)'],
    ['one less', BEFORE.slice(0, 3), 'c removed (1 of 3 files)'],
    [
      'a mode',
      [...BEFORE.slice(0, 3), file('/c', { mode: 0o755 })],
      'c changed its mode from 644 to 755 (1 of 3 files)',
    ],
    ['an owner', [...BEFORE.slice(0, 3), file('/c', { uid: 7 })], 'c changed its owner from 0:0 to 7:0 (1 of 3 files)'],
    [
      'a type',
      [...BEFORE.slice(0, 3), file('/c', { type: 'symlink', link: 'd/a' })],
      'c is of another type (1 of 3 files)',
    ],
    [
      'an attribute',
      [...BEFORE.slice(0, 3), file('/c', { xattrs: new Map([['user.x', Buffer.from('1')]]) })],
      'c modified (1 of 3 files)',
    ],
    [
      'many',
      [folder('/d'), ...'vwxyz'.split('').map((name) => file(`/${name}`))],
      'c removed, d/a removed, d/b removed and 5 more (8 of 8 files)',
    ],
    ['a name that would move the cursor', [...BEFORE, file('/\u001b[2J')], '\\x1b[2J added (1 of 4 files)'],
  ])('%s', (_name, after, words) => {
    expect(changesInWords(listOf(...BEFORE), listOf(...after))).toBe(words);
  });
});

describe('a list on disk', () => {
  it('comes back as it was', () => {
    const name = fc.string({
      minLength: 1,
      unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
        const list = listOf(...names.map((text) => file(`/${text}`)));
        expect(decodeFileList(encodeFileList(list))).toEqual(list);
      }),
    );
  });

  it.each([
    ['cut short', 'f 644 0:0 aa\t/x\0f 644'],
    ['without paths', 'f 644\0'],
  ])('is none when it is %s', (_name, text) => {
    expect(decodeFileList(Buffer.from(text))).toBeUndefined();
  });

  it('is not made of too many files', () => {
    const inside = Array.from({ length: MAX_LISTED_FILES }, (_, index) => file(`/${index}`));
    expect(fileListOf([{ name: '', entry: folder('/'), inside }], () => '')).toBeUndefined();
  });
});
