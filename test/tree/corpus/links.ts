import { dir, file, symlink } from '../../helpers/layer-image.ts';
import type { Scenario } from './types.ts';

export const LINKS: readonly Scenario[] = [
  {
    name: 'targets are kept as they are',
    layers: [
      [symlink('a', '/etc/passwd'), symlink('b', '../../../../x'), symlink('c', './d/../e//f'), symlink('d', 'no')],
    ],
    makes: ['l /a -> /etc/passwd', 'l /b -> ../../../../x', 'l /c -> ./d/../e//f', 'l /d -> no'],
  },
  { name: 'a target that is not UTF-8', layers: [[symlink('a', 'caf\xe9')]], makes: ['l /a -> caf\\xe9'] },
  {
    name: 'a member through a link to a folder',
    layers: [[dir('d', 0o711), symlink('l', 'd')], [file('l/x', '1')]],
    makes: ['d711 /d', 'f /d/x = 1', 'l /l -> d'],
  },
  {
    name: 'a member through a link of the same layer',
    layers: [[dir('d'), symlink('l', 'd'), file('l/x', '1')]],
    makes: ['d /d', 'f /d/x = 1', 'l /l -> d'],
  },
  {
    name: 'a member through an absolute link',
    layers: [[dir('d'), symlink('l', '/d'), file('l/x', '1')]],
    makes: ['d /d', 'f /d/x = 1', 'l /l -> /d'],
  },
  {
    name: 'a member through a link to /etc of the host',
    layers: [[symlink('l', '/etc'), file('l/x', '1')]],
    makes: ['d /etc', 'f /etc/x = 1', 'l /l -> /etc'],
  },
  {
    name: 'a member through a link out of the root',
    layers: [[symlink('l', '../../../../tmp'), file('l/x', '1')]],
    makes: ['l /l -> ../../../../tmp', 'd /tmp', 'f /tmp/x = 1'],
  },
  {
    name: 'a member through a link to the root',
    layers: [[symlink('l', '/'), file('l/x', '1')]],
    makes: ['l /l -> /', 'f /x = 1'],
  },
  {
    name: 'a member through a link to above the root',
    layers: [[symlink('l', '..'), file('l/x', '1')]],
    makes: ['l /l -> ..', 'f /x = 1'],
  },
  {
    name: 'a member through a dangling link',
    layers: [[symlink('l', 'a/b'), file('l/x', '1')]],
    makes: ['d /a', 'd /a/b', 'f /a/b/x = 1', 'l /l -> a/b'],
  },
  {
    name: 'a member through a dangling link with two dots',
    layers: [[symlink('l', 'no/../b'), file('l/x', '1')]],
    makes: ['d /b', 'f /b/x = 1', 'l /l -> no/../b'],
  },
  {
    name: 'a member through two links',
    layers: [[dir('d'), symlink('l', 'm'), symlink('m', 'd'), file('l/x', '1')]],
    makes: ['d /d', 'f /d/x = 1', 'l /l -> m', 'l /m -> d'],
  },
  {
    name: 'a member through links inside linked folders',
    layers: [[dir('a'), dir('b'), symlink('a/l', '../b'), symlink('m', 'a'), file('m/l/x', '1')]],
    makes: ['d /a', 'l /a/l -> ../b', 'd /b', 'f /b/x = 1', 'l /m -> a'],
  },
  {
    name: 'a relative link counts from its own folder',
    layers: [[dir('a'), dir('a/d'), symlink('a/l', 'd'), file('a/l/x', '1')]],
    makes: ['d /a', 'd /a/d', 'f /a/d/x = 1', 'l /a/l -> d'],
  },
  {
    name: 'a folder through a link',
    layers: [
      [dir('d'), symlink('l', 'd')],
      [dir('l/e', 0o700), file('l/e/x')],
    ],
    makes: ['d /d', 'd700 /d/e', 'f /d/e/x =', 'l /l -> d'],
  },
  {
    name: 'a link through a link',
    layers: [[dir('d'), symlink('l', 'd'), symlink('l/m', '../x')]],
    makes: ['d /d', 'l /d/m -> ../x', 'l /l -> d'],
  },
  {
    name: 'a link that changes between layers',
    layers: [
      [dir('a'), dir('b'), symlink('l', 'a')],
      [file('l/x', '1'), symlink('l', 'b'), file('l/y', '2')],
    ],
    makes: ['d /a', 'f /a/x = 1', 'd /b', 'f /b/y = 2', 'l /l -> b'],
  },
  {
    name: 'a link that a folder replaces in between',
    layers: [[dir('d'), symlink('l', 'd'), file('l/x', '1'), dir('l'), file('l/y', '2')]],
    makes: ['d /d', 'f /d/x = 1', 'd /l', 'f /l/y = 2'],
  },
  {
    name: 'a folder that a link replaces in between',
    layers: [[dir('d'), dir('l'), file('l/x', '1'), symlink('l', 'd'), file('l/y', '2')]],
    makes: ['d /d', 'f /d/y = 2', 'l /l -> d'],
  },
  {
    name: 'the last place of a path is not followed',
    layers: [[file('t', 'old'), symlink('l', 't')], [file('l', 'new')]],
    makes: ['f /l = new', 'f /t = old'],
  },
  { name: 'through a file', layers: [[file('a'), file('a/x')]], makes: { error: 'E_NOT_DIRECTORY' } },
  {
    name: 'through a file of a lower layer',
    layers: [[file('a')], [file('a/x')]],
    makes: { error: 'E_NOT_DIRECTORY' },
  },
  {
    name: 'through a link to a file',
    layers: [[file('a'), symlink('l', 'a'), file('l/x')]],
    makes: { error: 'E_NOT_DIRECTORY' },
  },
  { name: 'through a link to itself', layers: [[symlink('l', 'l'), file('l/x')]], makes: { error: 'E_LOOP' } },
  {
    name: 'through a circle of two',
    layers: [[symlink('a', 'b'), symlink('b', 'a'), file('a/x')]],
    makes: { error: 'E_LOOP' },
  },
  { name: 'through a link that grows', layers: [[symlink('a', 'a/a'), file('a/x')]], makes: { error: 'E_LOOP' } },
  {
    name: 'a circle that nobody goes through',
    layers: [[symlink('a', 'b'), symlink('b', 'a'), file('x')]],
    makes: ['l /a -> b', 'l /b -> a', 'f /x ='],
  },
  { name: 'without a target', layers: [[symlink('a', '')]], makes: { error: 'E_TAR' } },
];
