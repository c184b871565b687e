import { block, char, dir, file, hardlink, symlink } from '../../helpers/layer-image.ts';
import type { Scenario } from './types.ts';

/** v2 of security.capability: net_bind_service, permitted and effective. */
const CAPABILITY = '\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00';

export const ATTRIBUTES: readonly Scenario[] = [
  {
    name: 'suid, sgid and sticky',
    layers: [[file('s', 'x', 0o4755), file('g', 'x', 0o2755), dir('t', 0o1777), dir('u', 0o2770)]],
    makes: ['f2755 /g = x', 'f4755 /s = x', 'd1777 /t', 'd2770 /u'],
  },
  {
    name: 'suid with a foreign owner',
    layers: [[file('s', 'x', 0o6755, { owner: [12, 34] })]],
    makes: ['f6755@12:34 /s = x'],
  },
  {
    name: 'no permissions at all',
    layers: [[file('f', 'x', 0), dir('d', 0), file('d/x', 'y', 0)]],
    makes: ['d0 /d', 'f0 /d/x = y', 'f0 /f = x'],
  },
  {
    name: 'large owners',
    layers: [[file('a', 'x', 0o644, { owner: [65534, 100000] })]],
    makes: ['f@65534:100000 /a = x'],
  },
  { name: 'the owner of a link', layers: [[{ ...symlink('l', 'x'), owner: [12, 34] }]], makes: ['l@12:34 /l -> x'] },
  {
    name: 'device numbers beyond 8 bits',
    layers: [[char('c', 300, 70000), block('b', 259, 65537)]],
    makes: ['b /b 259:65537', 'c /c 300:70000'],
  },
  {
    name: 'xattrs',
    layers: [[file('a', 'x', 0o644, { xattrs: { 'user.a': 'one' } })]],
    makes: ['f /a = x {user.a=one}'],
  },
  {
    name: 'xattrs: capabilities',
    layers: [[file('a', 'x', 0o755, { xattrs: { 'security.capability': CAPABILITY } })]],
    makes: [`f755 /a = x {security.capability=${CAPABILITY}}`],
  },
  {
    name: 'xattrs: binary, with newlines and an equals sign',
    layers: [[file('a', 'x', 0o644, { xattrs: { 'user.b': 'a=\n\xff\x01b' } })]],
    makes: ['f /a = x {user.b=a=\n\xff\x01b}'],
  },
  {
    name: 'xattrs: of a folder',
    layers: [[dir('d', 0o755, { xattrs: { 'user.d': 'v' } })]],
    makes: ['d /d {user.d=v}'],
  },
  {
    name: 'xattrs: a folder without them over one with',
    layers: [[dir('d', 0o755, { xattrs: { 'user.d': 'v' } }), file('d/x')], [dir('d')]],
    makes: ['d /d', 'f /d/x ='],
  },
  {
    name: 'xattrs: a file without them over one with',
    layers: [[file('a', '1', 0o644, { xattrs: { 'user.a': 'v' } })], [file('a', '2')]],
    makes: ['f /a = 2'],
  },
  {
    name: 'xattrs: an implied folder keeps them',
    layers: [[dir('d', 0o755, { xattrs: { 'user.d': 'v' } })], [file('d/x')]],
    makes: ['d /d {user.d=v}', 'f /d/x ='],
  },
  {
    name: 'xattrs: a hard link shares them',
    layers: [[file('a', 'x', 0o644, { xattrs: { 'user.a': 'v' } }), hardlink('b', 'a')]],
    makes: ['f /a = x {user.a=v}', 'h /b -> /a'],
  },
  { name: 'an empty file', layers: [[file('a')]], makes: ['f /a ='] },
  {
    name: 'content with every byte',
    layers: [[file('a', String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)))]],
    makes: [`f /a = ${String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))}`.trimEnd()],
  },
  {
    name: 'content that looks like a tar header',
    layers: [[file('a', `${'x'.repeat(257)}ustar\x0000`)]],
    makes: [`f /a = ${'x'.repeat(257)}ustar\x0000`],
  },
];
