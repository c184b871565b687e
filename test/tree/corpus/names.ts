import { dir, file, hardlink, symlink, whiteout } from '../../helpers/layer-image.ts';
import type { Scenario } from './types.ts';

const CLAMPS = 'umoci puts what leaves the root into the root; tare refuses it, as the image is a lie';
const long = 'n'.repeat(200);

export const NAMES: readonly Scenario[] = [
  { name: 'a slash before', layers: [[file('/a', 'x')]], makes: ['f /a = x'] },
  { name: 'a dot before', layers: [[file('./a', 'x')]], makes: ['f /a = x'] },
  {
    name: 'double slashes and dots inside',
    layers: [[file('a//b/./c', 'x')]],
    makes: ['d /a', 'd /a/b', 'f /a/b/c = x'],
  },
  { name: 'two dots that stay inside', layers: [[file('a/../b', 'x')]], makes: ['f /b = x'] },
  { name: 'two dots out of the root', layers: [[file('../a', 'x')]], makes: { error: 'E_TAR_PATH' }, umoci: CLAMPS },
  {
    name: 'two dots far out of the root',
    layers: [[file('a/../../../../../../tmp/x', 'x')]],
    makes: { error: 'E_TAR_PATH' },
    umoci: CLAMPS,
  },
  {
    name: 'two dots out of the root, absolute',
    layers: [[file('/../a', 'x')]],
    makes: { error: 'E_TAR_PATH' },
    umoci: CLAMPS,
  },
  { name: 'three dots are a name', layers: [[dir('...'), file('.../a', 'x')]], makes: ['d /...', 'f /.../a = x'] },
  { name: 'a newline', layers: [[file('a\nb', 'x')]], makes: ['f /a\\x0ab = x'] },
  {
    name: 'spaces, tabs, quotes, backslashes',
    layers: [[file(' a\t"b\'\\c ', 'x')]],
    makes: ['f / a\\x09"b\'\\c  = x'],
  },
  { name: 'glob characters', layers: [[file('*?[a]{b}', 'x')]], makes: ['f /*?[a]{b} = x'] },
  { name: 'UTF-8', layers: [[file('\xc3\xa9\xe2\x82\xac', 'x')]], makes: ['f /é€ = x'] },
  {
    name: 'not UTF-8',
    layers: [[dir('d\xff'), file('d\xff/caf\xe9', 'x')]],
    makes: ['d /d\\xff', 'f /d\\xff/caf\\xe9 = x'],
  },
  {
    name: 'the same in two encodings',
    layers: [[file('\xe9', '1'), file('\xc3\xa9', '2')]],
    makes: ['f /é = 2', 'f /\\xe9 = 1'],
  },
  {
    name: 'upper and lower case',
    layers: [[file('A', '1'), file('a', '2'), dir('B'), file('B/x'), dir('b'), file('b/x')]],
    makes: ['f /A = 1', 'd /B', 'f /B/x =', 'f /a = 2', 'd /b', 'f /b/x ='],
  },
  {
    name: 'a whiteout minds the case',
    layers: [[file('A', '1'), file('a', '2')], [whiteout('A')]],
    makes: ['f /a = 2'],
  },
  {
    name: 'names around the slash in byte order',
    layers: [[file('a-b'), dir('a'), file('a/x'), file('a.b'), file('a0')]],
    makes: ['d /a', 'f /a-b =', 'f /a.b =', 'f /a/x =', 'f /a0 ='],
  },
  { name: 'a long name', layers: [[file(long, 'x')]], makes: [`f /${long} = x`] },
  {
    name: 'a long path',
    layers: [[file(`${long}/${long}/${long}`, 'x')]],
    makes: [`d /${long}`, `d /${long}/${long}`, `f /${long}/${long}/${long} = x`],
  },
  { name: 'a long link', layers: [[symlink('l', `${long}/${long}`)]], makes: [`l /l -> ${long}/${long}`] },
  {
    name: 'a long hard link',
    layers: [[file(`${long}/a`, 'x'), hardlink(`${long}/b`, `${long}/a`)]],
    makes: [`d /${long}`, `f /${long}/a = x`, `h /${long}/b -> /${long}/a`],
  },
  {
    name: 'a hundred folders deep',
    layers: [[file(`${'d/'.repeat(100)}x`, '1')]],
    makes: [...Array.from({ length: 100 }, (_, i) => `d ${'/d'.repeat(i + 1)}`), `f ${'/d'.repeat(100)}/x = 1`],
  },
  {
    name: 'a name that looks like an option',
    layers: [[file('-rf', 'x'), file('--help', 'y')]],
    makes: ['f /--help = y', 'f /-rf = x'],
  },
  {
    name: 'a name that only holds .wh.',
    layers: [[file('a.wh.b', 'x'), file('wh.c'), file('.whx')]],
    makes: ['f /.whx =', 'f /a.wh.b = x', 'f /wh.c ='],
  },
  { name: 'the root as a file', layers: [[file('/', 'x')]], makes: { error: 'E_TAR' } },
  { name: 'the root as a link', layers: [[symlink('./', '/etc')]], makes: { error: 'E_TAR' } },
  { name: 'the root by way of two dots', layers: [[dir('a/..'), file('b')]], makes: ['f /b ='] },
  {
    name: 'a whiteout of nothing',
    layers: [[dir('d'), file('d/x')], [file('d/.wh.')]],
    makes: { error: 'E_TAR_PATH' },
    umoci: 'umoci deletes the folder',
  },
  {
    name: 'a whiteout of the folder itself',
    layers: [[dir('d'), file('d/x')], [file('d/.wh..')]],
    makes: { error: 'E_TAR_PATH' },
    umoci: 'umoci deletes the folder',
  },
  {
    name: 'a whiteout of the folder above',
    layers: [[dir('d'), dir('d/e'), file('d/x')], [file('d/e/.wh...')]],
    makes: { error: 'E_TAR_PATH' },
    umoci: 'umoci deletes the folder above',
  },
  {
    name: 'a path through a whiteout',
    layers: [[dir('a')], [file('.wh.a/b')]],
    makes: { error: 'E_TAR_PATH' },
    umoci: 'umoci makes a folder of that name, which would delete something when it is packed',
  },
  {
    name: 'aufs: bookkeeping files',
    layers: [[file('a'), file('.wh..wh.aufs'), dir('.wh..wh.orph'), dir('.wh..wh.plnk')]],
    makes: ['f /a ='],
  },
  {
    name: 'aufs: what is in bookkeeping folders',
    layers: [[file('a'), dir('.wh..wh.plnk'), file('.wh..wh.plnk/123.456', 'x')]],
    makes: ['f /a ='],
    umoci: 'umoci unpacks it',
  },
  {
    name: 'aufs: hard links to files that it put aside',
    layers: [
      [
        dir('.wh..wh.plnk'),
        file('.wh..wh.plnk/123.456', 'x', 0o755),
        hardlink('a', '.wh..wh.plnk/123.456', { mode: 0o755 }),
        hardlink('b', './.wh..wh.plnk/123.456', { mode: 0o755 }),
        file('.wh..wh.plnk/7.8', 'y'),
        hardlink('c', '/.wh..wh.plnk/7.8'),
      ],
    ],
    makes: ['f755 /a = x', 'h /b -> /a', 'f /c = y'],
    umoci: 'umoci unpacks the folder too',
  },
  {
    name: 'aufs: a file put aside is gone in the next layer',
    layers: [[file('.wh..wh.plnk/123.456', 'x')], [hardlink('a', '.wh..wh.plnk/123.456')]],
    makes: { error: 'E_TAR' },
    umoci: 'umoci unpacks the folder too',
  },
  {
    name: 'aufs: the first link to a file put aside is replaced',
    layers: [
      [
        file('.wh..wh.plnk/1.2', 'x'),
        hardlink('a', '.wh..wh.plnk/1.2'),
        file('a', 'new'),
        hardlink('b', '.wh..wh.plnk/1.2'),
      ],
    ],
    makes: ['f /a = new', 'f /b = x'],
    umoci: 'umoci unpacks the folder too',
  },
  {
    name: 'aufs: in a folder of a lower layer',
    layers: [[dir('d'), file('d/a')], [file('d/.wh..wh.aufs')]],
    makes: ['d /d', 'f /d/a ='],
  },
];
