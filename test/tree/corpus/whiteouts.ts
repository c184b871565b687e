import { char, dir, file, hardlink, opaque, symlink, whiteout } from '../../helpers/layer-image.ts';
import type { Scenario } from './types.ts';

const KEEPS_ATTRIBUTES =
  'umoci keeps the attributes of the lower folder when its whiteout comes after what is in it, and not when it comes before';

export const WHITEOUTS: readonly Scenario[] = [
  { name: 'one file', layers: [[file('a'), file('b')], [whiteout('a')]], makes: ['f /b ='] },
  {
    name: 'a file in a folder',
    layers: [[dir('d'), file('d/a'), file('d/b')], [whiteout('d/a')]],
    makes: ['d /d', 'f /d/b ='],
  },
  {
    name: 'a folder with all that is in it',
    layers: [[dir('d'), dir('d/e'), file('d/e/a')], [whiteout('d')]],
    makes: [],
  },
  {
    name: 'a symbolic link, not what it leads to',
    layers: [[file('a', 'x'), symlink('l', 'a')], [whiteout('l')]],
    makes: ['f /a = x'],
  },
  {
    name: 'what a link leads to, not the link',
    layers: [[file('a', 'x'), symlink('l', 'a')], [whiteout('a')]],
    makes: ['l /l -> a'],
  },
  { name: 'nothing that is there', layers: [[file('a')], [whiteout('b')]], makes: ['f /a ='] },
  { name: 'in a folder that is not there', layers: [[file('a')], [whiteout('no/such/b')]], makes: ['f /a ='] },
  { name: 'below a file', layers: [[file('a')], [whiteout('a/b')]], makes: ['f /a ='] },
  { name: 'in the base layer', layers: [[whiteout('a'), file('b')]], makes: ['f /b ='] },
  {
    name: 'not of its own layer, file first',
    layers: [[file('b')], [file('a', 'new'), whiteout('a')]],
    makes: ['f /a = new', 'f /b ='],
  },
  {
    name: 'not of its own layer, whiteout first',
    layers: [[file('a', 'old')], [whiteout('a'), file('a', 'new')]],
    makes: ['f /a = new'],
  },
  {
    name: 'the lower one of two, file first',
    layers: [[file('a', 'old')], [file('a', 'new'), whiteout('a')]],
    makes: ['f /a = new'],
  },
  {
    name: 'a folder that has a new member, whiteout first',
    layers: [
      [dir('d', 0o700), file('d/old')],
      [whiteout('d'), dir('d', 0o711), file('d/new')],
    ],
    makes: ['d711 /d', 'f /d/new ='],
  },
  {
    name: 'a folder that has a new member, whiteout last',
    layers: [
      [dir('d', 0o700), file('d/old')],
      [dir('d', 0o711), file('d/new'), whiteout('d')],
    ],
    makes: ['d711 /d', 'f /d/new ='],
  },
  {
    name: 'a folder with an implied successor, whiteout first',
    layers: [
      [dir('d', 0o700), file('d/old')],
      [whiteout('d'), file('d/new')],
    ],
    makes: ['d /d', 'f /d/new ='],
  },
  {
    name: 'a folder with an implied successor, whiteout last',
    layers: [
      [dir('d', 0o700), file('d/old')],
      [file('d/new'), whiteout('d')],
    ],
    makes: ['d /d', 'f /d/new ='],
    umoci: KEEPS_ATTRIBUTES,
  },
  {
    name: 'deep below, new files at three depths',
    layers: [
      [dir('d'), file('d/1'), dir('d/e'), file('d/e/1'), dir('d/e/f'), file('d/e/f/1')],
      [file('d/2'), file('d/e/f/2'), whiteout('d')],
    ],
    makes: ['d /d', 'f /d/2 =', 'd /d/e', 'd /d/e/f', 'f /d/e/f/2 ='],
  },
  {
    name: 'and back in the next layer',
    layers: [[file('a', '1')], [whiteout('a')], [file('a', '3')]],
    makes: ['f /a = 3'],
  },
  { name: 'in every other layer', layers: [[file('a')], [whiteout('a')], [file('a')], [whiteout('a')]], makes: [] },
  { name: 'twice in a layer', layers: [[file('a')], [whiteout('a'), whiteout('a')]], makes: [] },
  { name: 'of a name that starts with a dot', layers: [[file('.a'), file('a')], [whiteout('.a')]], makes: ['f /a ='] },
  {
    name: 'of a name with spaces and a newline',
    layers: [[file('a b\nc'), file('x')], [whiteout('a b\nc')]],
    makes: ['f /x ='],
  },
  {
    name: 'of a name that is not UTF-8',
    layers: [[file('caf\xe9'), file('x')], [whiteout('caf\xe9')]],
    makes: ['f /x ='],
  },
  {
    name: 'of a name that only starts alike',
    layers: [[file('ab'), dir('a'), file('a/x')], [whiteout('a')]],
    makes: ['f /ab ='],
  },
  { name: 'a folder as the whiteout', layers: [[file('a'), file('b')], [dir('.wh.a')]], makes: ['f /b ='] },
  { name: 'a link as the whiteout', layers: [[file('a'), file('b')], [symlink('.wh.a', 'b')]], makes: ['f /b ='] },
  {
    name: 'a hard link as the whiteout',
    layers: [[file('a'), file('b')], [hardlink('.wh.a', 'b')]],
    makes: ['f /b ='],
  },
  { name: 'a whiteout with content', layers: [[file('a'), file('b')], [file('.wh.a', 'text')]], makes: ['f /b ='] },
  {
    name: 'through a link to a folder',
    layers: [[dir('d'), file('d/a'), file('d/b'), symlink('l', 'd')], [whiteout('l/a')]],
    makes: ['d /d', 'f /d/b =', 'l /l -> d'],
  },
  {
    name: 'through an absolute link',
    layers: [[dir('d'), file('d/a'), symlink('l', '/d')], [whiteout('l/a')]],
    makes: ['d /d', 'l /l -> /d'],
  },
  {
    name: 'through a link out of the root',
    layers: [[dir('d'), file('d/a'), symlink('l', '../../../d')], [whiteout('l/a')]],
    makes: ['d /d', 'l /l -> ../../../d'],
  },
  {
    name: 'a device 0:0 is no whiteout',
    layers: [[file('a', 'x'), file('b')], [char('a', 0, 0)]],
    makes: ['c /a 0:0', 'f /b ='],
  },
  {
    name: 'a file replaced by a folder',
    layers: [[file('a')], [whiteout('a'), dir('a'), file('a/x')]],
    makes: ['d /a', 'f /a/x ='],
  },
  {
    name: 'a folder replaced by a file',
    layers: [
      [dir('a'), file('a/x')],
      [whiteout('a'), file('a', 'y')],
    ],
    makes: ['f /a = y'],
  },
  {
    name: 'a folder replaced by a file, whiteout last',
    layers: [
      [dir('a'), file('a/x')],
      [file('a', 'y'), whiteout('a')],
    ],
    makes: ['f /a = y'],
  },

  {
    name: 'opaque: an empty folder',
    layers: [[dir('d', 0o700), file('d/a'), dir('d/e'), file('d/e/b')], [opaque('d')]],
    makes: ['d700 /d'],
  },
  {
    name: 'opaque: new files before',
    layers: [
      [dir('d'), file('d/a')],
      [file('d/b'), opaque('d')],
    ],
    makes: ['d /d', 'f /d/b ='],
  },
  {
    name: 'opaque: new files after',
    layers: [
      [dir('d'), file('d/a')],
      [opaque('d'), file('d/b')],
    ],
    makes: ['d /d', 'f /d/b ='],
  },
  {
    name: 'opaque: the same file before',
    layers: [
      [dir('d'), file('d/a', '1')],
      [file('d/a', '2'), opaque('d')],
    ],
    makes: ['d /d', 'f /d/a = 2'],
  },
  {
    name: 'opaque: the same file after',
    layers: [
      [dir('d'), file('d/a', '1')],
      [opaque('d'), file('d/a', '2')],
    ],
    makes: ['d /d', 'f /d/a = 2'],
  },
  {
    name: 'opaque: the root',
    layers: [
      [dir('d'), file('d/a'), file('x')],
      [file('y'), opaque('')],
    ],
    makes: ['f /y ='],
  },
  { name: 'opaque: a folder that is not there', layers: [[file('a')], [opaque('d')]], makes: ['f /a ='] },
  { name: 'opaque: a file', layers: [[file('d')], [opaque('d')]], makes: ['f /d ='] },
  {
    name: 'opaque: folders below with new files',
    layers: [
      [dir('d'), dir('d/e'), file('d/e/a')],
      [file('d/e/b'), opaque('d')],
    ],
    makes: ['d /d', 'd /d/e', 'f /d/e/b ='],
  },
  {
    name: 'opaque: an implied folder below is plain again',
    layers: [
      [dir('d', 0o700), dir('d/e', 0o700), file('d/e/a')],
      [file('d/e/b'), opaque('d')],
    ],
    makes: ['d700 /d', 'd /d/e', 'f /d/e/b ='],
    umoci: KEEPS_ATTRIBUTES,
  },
  {
    name: 'opaque: with attributes for the folder',
    layers: [
      [dir('d', 0o700), file('d/a')],
      [dir('d', 0o711), opaque('d')],
    ],
    makes: ['d711 /d'],
  },
  {
    name: 'opaque: through a link',
    layers: [[dir('d'), file('d/a'), symlink('l', 'd')], [opaque('l')]],
    makes: ['d /d', 'l /l -> d'],
  },
  {
    name: 'opaque: twice',
    layers: [
      [dir('d'), file('d/a')],
      [opaque('d'), file('d/b'), opaque('d')],
    ],
    makes: ['d /d', 'f /d/b ='],
  },
  {
    name: 'opaque: inside and around',
    layers: [
      [dir('d'), dir('d/e'), file('d/e/a'), file('d/a')],
      [opaque('d/e'), file('d/e/b'), opaque('d')],
    ],
    makes: ['d /d', 'd /d/e', 'f /d/e/b ='],
  },
  {
    name: 'opaque: only in its own layer',
    layers: [[dir('d'), file('d/a')], [opaque('d'), file('d/b')], [file('d/c')]],
    makes: ['d /d', 'f /d/b =', 'f /d/c ='],
  },
  {
    name: 'opaque: then a whiteout in the same folder',
    layers: [
      [dir('d'), file('d/a')],
      [opaque('d'), whiteout('d/a'), file('d/b')],
    ],
    makes: ['d /d', 'f /d/b ='],
  },
];
