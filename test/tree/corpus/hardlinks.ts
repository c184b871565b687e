import { char, dir, fifo, file, hardlink, symlink, whiteout } from '../../helpers/layer-image.ts';
import type { Scenario } from './types.ts';

export const HARDLINKS: readonly Scenario[] = [
  { name: 'to a file before it', layers: [[file('a', 'x'), hardlink('b', 'a')]], makes: ['f /a = x', 'h /b -> /a'] },
  {
    name: 'to a file that sorts after it',
    layers: [[file('b', 'x'), hardlink('a', 'b')]],
    makes: ['h /a -> /b', 'f /b = x'],
  },
  {
    name: 'three names',
    layers: [[file('b', 'x'), hardlink('c', 'b'), hardlink('a', 'c')]],
    makes: ['h /a -> /b', 'f /b = x', 'h /c -> /b'],
  },
  {
    name: 'target with a slash before it',
    layers: [[dir('d'), file('d/a', 'x'), hardlink('b', '/d/a')]],
    makes: ['h /b -> /d/a', 'd /d', 'f /d/a = x'],
  },
  {
    name: 'target with a dot before it',
    layers: [[file('a', 'x'), hardlink('b', './a')]],
    makes: ['f /a = x', 'h /b -> /a'],
  },
  { name: 'to a lower layer', layers: [[file('a', 'x')], [hardlink('b', 'a')]], makes: ['f /a = x', 'h /b -> /a'] },
  {
    name: 'across three layers',
    layers: [[file('a', 'x')], [hardlink('b', 'a')], [hardlink('c', 'b')]],
    makes: ['f /a = x', 'h /b -> /a', 'h /c -> /a'],
  },
  {
    name: 'the file goes in the next layer',
    layers: [[file('a', 'x'), hardlink('b', 'a')], [whiteout('a')]],
    makes: ['f /b = x'],
  },
  {
    name: 'the file goes, two stay',
    layers: [[file('a', 'x'), hardlink('c', 'a'), hardlink('b', 'a')], [whiteout('a')]],
    makes: ['f /b = x', 'h /c -> /b'],
  },
  { name: 'a link goes', layers: [[file('a', 'x'), hardlink('b', 'a')], [whiteout('b')]], makes: ['f /a = x'] },
  {
    name: 'all go',
    layers: [
      [file('a', 'x'), hardlink('b', 'a')],
      [whiteout('a'), whiteout('b')],
    ],
    makes: [],
  },
  {
    name: 'the file is replaced in the next layer',
    layers: [[file('a', 'old'), hardlink('b', 'a')], [file('a', 'new')]],
    makes: ['f /a = new', 'f /b = old'],
  },
  {
    name: 'the link is replaced',
    layers: [[file('a', 'old'), hardlink('b', 'a')], [file('b', 'new')]],
    makes: ['f /a = old', 'f /b = new'],
  },
  {
    name: 'the file is replaced in the same layer',
    layers: [[file('a', 'old'), hardlink('b', 'a'), file('a', 'new')]],
    makes: ['f /a = new', 'f /b = old'],
  },
  {
    name: 'the folder of the file goes',
    layers: [[dir('d'), file('d/a', 'x'), hardlink('b', 'd/a')], [whiteout('d')]],
    makes: ['f /b = x'],
  },
  {
    name: 'the folder of the file becomes a file',
    layers: [[dir('d'), file('d/a', 'x'), hardlink('b', 'd/a')], [file('d', 'y')]],
    makes: ['f /b = x', 'f /d = y'],
  },
  {
    name: 'to a lower file that the same layer takes away afterwards',
    layers: [[file('a', 'x')], [hardlink('b', 'a'), whiteout('a')]],
    makes: ['f /b = x'],
  },
  {
    name: 'to a lower file that the same layer took away before',
    layers: [[file('a', 'x')], [whiteout('a'), hardlink('b', 'a')]],
    makes: { error: 'E_TAR' },
  },
  {
    name: 'to a new file that the same layer replaced',
    layers: [[file('a', 'old')], [file('a', 'new'), hardlink('b', 'a')]],
    makes: ['f /a = new', 'h /b -> /a'],
  },
  {
    name: 'over a file',
    layers: [[file('a', 'x'), file('b', 'y')], [hardlink('b', 'a')]],
    makes: ['f /a = x', 'h /b -> /a'],
  },
  {
    name: 'over a folder',
    layers: [[file('a', 'x'), dir('b'), file('b/y')], [hardlink('b', 'a')]],
    makes: ['f /a = x', 'h /b -> /a'],
  },
  {
    name: 'over a symbolic link',
    layers: [[file('a', 'x'), symlink('b', 'a')], [hardlink('b', 'a')]],
    makes: ['f /a = x', 'h /b -> /a'],
  },
  {
    name: 'into a folder that is not there',
    layers: [[file('a', 'x'), hardlink('d/e/b', 'a')]],
    makes: ['f /a = x', 'd /d', 'd /d/e', 'h /d/e/b -> /a'],
  },
  {
    name: 'attributes are those of the file',
    layers: [[file('a', 'x', 0o755, { owner: [1, 2] }), hardlink('b', 'a', { mode: 0o600, owner: [3, 4] })]],
    makes: ['f755@1:2 /a = x', 'h /b -> /a'],
  },
  {
    name: 'to a symbolic link',
    layers: [[symlink('l', 'no'), hardlink('h', 'l')]],
    makes: ['h /h -> /l', 'l /l -> no'],
  },
  {
    name: 'to a symbolic link to a file',
    layers: [[file('a', 'x'), symlink('l', 'a'), hardlink('m', 'l')]],
    makes: ['f /a = x', 'l /l -> a', 'h /m -> /l'],
  },
  { name: 'to a pipe', layers: [[fifo('p'), hardlink('q', 'p')]], makes: ['p /p', 'h /q -> /p'] },
  { name: 'to a device', layers: [[char('c', 1, 3), hardlink('d', 'c')]], makes: ['c /c 1:3', 'h /d -> /c'] },
  {
    name: 'through a link to a folder',
    layers: [[dir('d'), file('d/a', 'x'), symlink('l', 'd'), hardlink('b', 'l/a')]],
    makes: ['h /b -> /d/a', 'd /d', 'f /d/a = x', 'l /l -> d'],
  },
  {
    name: 'through a link out of the root',
    layers: [[dir('d'), file('d/a', 'x'), symlink('l', '/../../d'), hardlink('b', 'l/a')]],
    makes: ['h /b -> /d/a', 'd /d', 'f /d/a = x', 'l /l -> /../../d'],
  },
  {
    name: 'a target with two dots that stays inside',
    layers: [[dir('d'), file('a', 'x'), hardlink('b', 'd/../a')]],
    makes: ['f /a = x', 'h /b -> /a', 'd /d'],
  },
  { name: 'to nothing', layers: [[hardlink('b', 'a')]], makes: { error: 'E_TAR' } },
  { name: 'to what comes only later', layers: [[hardlink('b', 'a'), file('a')]], makes: { error: 'E_TAR' } },
  {
    name: 'to what an earlier layer took away',
    layers: [[file('a')], [whiteout('a')], [hardlink('b', 'a')]],
    makes: { error: 'E_TAR' },
  },
  { name: 'to a folder', layers: [[dir('d'), hardlink('b', 'd')]], makes: { error: 'E_TAR' } },
  { name: 'to the root', layers: [[hardlink('b', '/')]], makes: { error: 'E_TAR' } },
  { name: 'to itself', layers: [[hardlink('a', 'a')]], makes: { error: 'E_TAR' } },
  { name: 'to itself, where there is a file', layers: [[file('a')], [hardlink('a', 'a')]], makes: { error: 'E_TAR' } },
  {
    name: 'into the folder that it replaces',
    layers: [[dir('d'), file('d/a'), hardlink('d', 'd/a')]],
    makes: { error: 'E_TAR' },
  },
  { name: 'below a file', layers: [[file('a'), hardlink('b', 'a/x')]], makes: { error: 'E_TAR' } },
  { name: 'without a target', layers: [[hardlink('b', '')]], makes: { error: 'E_TAR' } },
  { name: 'out of the root', layers: [[hardlink('b', '../../../../etc/hostname')]], makes: { error: 'E_TAR_PATH' } },
  { name: 'to a file of the host', layers: [[hardlink('b', '/etc/hostname')]], makes: { error: 'E_TAR' } },
];
