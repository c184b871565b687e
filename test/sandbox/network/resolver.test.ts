import { expect, it } from 'vitest';
import { resolverFor, type Resolver } from '../../../src/sandbox/network/resolver.ts';

const direct = (text: string, ...servers: string[]): Resolver => ({ kind: 'direct', text, servers });

it.each<[name: string, text: string, behind: string, Resolver]>([
  [
    'one that can be reached',
    '# made by hand\nsearch a.test b.test\nnameserver 10.0.0.53\noptions ndots:2\n',
    '',
    direct('nameserver 10.0.0.53\nsearch a.test b.test\noptions ndots:2\n', '10.0.0.53'),
  ],
  [
    'some of several',
    'nameserver ::1\nnameserver 127.0.0.1\nnameserver 1.2.3.4\nnameserver fd00::1\n',
    'nameserver 9.9.9.9\n',
    direct('nameserver 1.2.3.4\n', '1.2.3.4'),
  ],
  [
    'systemd-resolved',
    'nameserver 127.0.0.53\noptions edns0\n',
    'nameserver 9.9.9.9\nnameserver 8.8.8.8\nsearch lan\n',
    direct('nameserver 9.9.9.9\nnameserver 8.8.8.8\nsearch lan\n', '9.9.9.9', '8.8.8.8'),
  ],
  [
    'a resolver of the machine',
    'nameserver 127.0.0.1\nsearch lan\n',
    '',
    { kind: 'relay', upstream: '127.0.0.1', rest: 'search lan\n' },
  ],
  ['one of IPv6', 'nameserver fd00::53\n', '', { kind: 'relay', upstream: 'fd00::53', rest: '' }],
  ['none', '', '', { kind: 'relay', upstream: '127.0.0.1', rest: '' }],
  ['no address', 'nameserver example.test\n', '', { kind: 'relay', upstream: '127.0.0.1', rest: '' }],
])('%s', (_name, text, behind, expected) => {
  expect(resolverFor(text, behind)).toEqual(expected);
});
