import { block, char, dir, fifo, file, symlink, whiteout } from '../../helpers/layer-image.ts';
import type { Scenario } from './types.ts';

export const REPLACING: readonly Scenario[] = [
  { name: 'no layers', layers: [], makes: [] },
  { name: 'an empty layer', layers: [[]], makes: [] },
  {
    name: 'every type',
    layers: [[dir('d'), file('f', 'x'), symlink('l', 'f'), fifo('p'), char('c', 1, 3), block('b', 7, 0)]],
    makes: ['b /b 7:0', 'c /c 1:3', 'd /d', 'f /f = x', 'l /l -> f', 'p /p'],
  },
  { name: 'a file by a file', layers: [[file('a', '1', 0o600)], [file('a', '2', 0o640)]], makes: ['f640 /a = 2'] },
  { name: 'a file by a folder', layers: [[file('a')], [dir('a'), file('a/x')]], makes: ['d /a', 'f /a/x ='] },
  {
    name: 'a folder by a file',
    layers: [[dir('a'), dir('a/b'), file('a/b/x')], [file('a', 'y')]],
    makes: ['f /a = y'],
  },
  {
    name: 'a folder by a file and back',
    layers: [[dir('a', 0o700), file('a/x')], [file('a')], [dir('a'), file('a/y')]],
    makes: ['d /a', 'f /a/y ='],
  },
  {
    name: 'a folder by a link',
    layers: [[dir('a'), file('a/x'), dir('b')], [symlink('a', 'b')]],
    makes: ['l /a -> b', 'd /b'],
  },
  {
    name: 'a link by a folder',
    layers: [[dir('b'), file('b/x'), symlink('a', 'b')], [dir('a')]],
    makes: ['d /a', 'd /b', 'f /b/x ='],
  },
  {
    name: 'a link by a folder, with files',
    layers: [
      [dir('b'), symlink('a', 'b')],
      [dir('a'), file('a/x')],
    ],
    makes: ['d /a', 'f /a/x =', 'd /b'],
  },
  { name: 'a dangling link by a folder', layers: [[symlink('a', 'no')], [dir('a')]], makes: ['d /a'] },
  {
    name: 'a link by a file, not its target',
    layers: [[file('t', 'old'), symlink('a', 't')], [file('a', 'new')]],
    makes: ['f /a = new', 'f /t = old'],
  },
  { name: 'a link by a link', layers: [[symlink('a', 'x')], [symlink('a', 'y')]], makes: ['l /a -> y'] },
  { name: 'a pipe by a device', layers: [[fifo('a')], [char('a', 1, 3)]], makes: ['c /a 1:3'] },
  { name: 'a device by a file', layers: [[char('a', 1, 3)], [file('a', 'x')]], makes: ['f /a = x'] },
  {
    name: 'attributes of a folder',
    layers: [[dir('a', 0o755), file('a/x')], [dir('a', 0o1777, { owner: [5, 6] })]],
    makes: ['d1777@5:6 /a', 'f /a/x ='],
  },
  { name: 'the root folder', layers: [[dir('./', 0o700), file('./a')], [dir('/', 0o711)]], makes: ['f /a ='] },
  {
    name: 'duplicates: the last file',
    layers: [[file('a', '1'), file('a', '2'), file('a', '3')]],
    makes: ['f /a = 3'],
  },
  { name: 'duplicates: file, then folder', layers: [[file('a'), dir('a'), file('a/x')]], makes: ['d /a', 'f /a/x ='] },
  { name: 'duplicates: folder, then file', layers: [[dir('a'), file('a/x'), file('a', 'y')]], makes: ['f /a = y'] },
  {
    name: 'duplicates: the folder twice',
    layers: [[dir('a', 0o700), file('a/x'), dir('a', 0o711)]],
    makes: ['d711 /a', 'f /a/x ='],
  },
  {
    name: 'duplicates: in three spellings',
    layers: [[file('a', '1'), file('./a', '2'), file('/a', '3')]],
    makes: ['f /a = 3'],
  },
  {
    name: 'duplicates: link, then file',
    layers: [[file('t', 'old'), symlink('a', 't'), file('a', 'new')]],
    makes: ['f /a = new', 'f /t = old'],
  },
  { name: 'folders that no member makes', layers: [[file('a/b/c', 'x')]], makes: ['d /a', 'd /a/b', 'f /a/b/c = x'] },
  {
    name: 'a folder that comes after what is in it',
    layers: [[file('a/b', 'x'), dir('a', 0o700)]],
    makes: ['d700 /a', 'f /a/b = x'],
  },
  {
    name: 'an implied folder keeps what it was',
    layers: [[dir('a', 0o711, { owner: [7, 8] })], [file('a/b', 'x')]],
    makes: ['d711@7:8 /a', 'f /a/b = x'],
  },
  {
    name: 'three layers, a file of each',
    layers: [[file('a', '1'), file('b', '1'), file('c', '1')], [file('b', '2'), file('c', '2')], [file('c', '3')]],
    makes: ['f /a = 1', 'f /b = 2', 'f /c = 3'],
  },
  {
    name: 'moved by whiteout and new name',
    layers: [
      [dir('a'), file('a/x', '1')],
      [whiteout('a'), dir('b'), file('b/x', '1')],
    ],
    makes: ['d /b', 'f /b/x = 1'],
  },
  {
    name: 'swapped types in one layer',
    layers: [
      [dir('a'), file('a/x'), file('b', 'y')],
      [whiteout('a'), whiteout('b'), file('a', 'y'), dir('b'), file('b/x')],
    ],
    makes: ['f /a = y', 'd /b', 'f /b/x ='],
  },
  {
    name: 'an old tar of folders as files with a slash',
    layers: [[{ path: 'd/', type: '\0' }, file('d/x')]],
    makes: ['d644 /d', 'f /d/x ='],
  },
  {
    name: 'usrmerge: files by both names',
    layers: [
      [dir('usr'), dir('usr/lib'), symlink('lib', 'usr/lib')],
      [file('lib/a', '1')],
      [file('usr/lib/a', '2'), file('lib/b', '3')],
    ],
    makes: ['l /lib -> usr/lib', 'd /usr', 'd /usr/lib', 'f /usr/lib/a = 2', 'f /usr/lib/b = 3'],
  },
  {
    name: 'usrmerge: undone by a layer that brings the folder',
    layers: [
      [dir('usr'), dir('usr/lib'), file('usr/lib/a'), symlink('lib', 'usr/lib')],
      [dir('lib'), file('lib/b')],
    ],
    makes: ['d /lib', 'f /lib/b =', 'd /usr', 'd /usr/lib', 'f /usr/lib/a ='],
  },
  {
    name: 'a hundred layers',
    layers: Array.from({ length: 100 }, (_, i) => [file('a', String(i)), file(`f${i % 10}`, String(i))]),
    makes: ['f /a = 99', ...Array.from({ length: 10 }, (_, i) => `f /f${i} = ${90 + i}`)],
  },
];
