import { expect, it } from 'vitest';
import { addressText } from '../../../src/sandbox/network/addresses.ts';
import { parseTrie } from '../../../src/sandbox/network/routes.ts';

it('reads the routes of all tables', () => {
  const text = `Id 51820:
  +-- 0.0.0.0/0 0 0 0
     |-- 0.0.0.0
        /0 link UNICAST
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /25 link UNICAST
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
`;
  expect(parseTrie(text).map(({ first, last }) => `${addressText(first)}-${addressText(last)}`)).toEqual([
    '0.0.0.0-255.255.255.255',
    '0.0.0.0-255.255.255.255',
    '192.0.2.0-192.0.2.127',
    '192.0.2.0-192.0.2.255',
    '192.0.2.2-192.0.2.2',
  ]);
});
