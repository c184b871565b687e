import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, freeSubnet, parseRange, type AddressRange } from '../../../src/sandbox/network/addresses.ts';

describe('parseRange', () => {
  it.each<[string, [string, string] | undefined]>([
    ['10.1.2.3', ['10.1.2.3', '10.1.2.3']],
    ['10.1.2.3/16', ['10.1.0.0', '10.1.255.255']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255']],
    ['192.168.1.128/25', ['192.168.1.128', '192.168.1.255']],
    ['default', undefined],
    ['10.1.2', undefined],
    ['10.1.2.256', undefined],
    ['10.1.2.3/33', undefined],
    ['fd00::1', undefined],
  ])('%s', (text, ends) => {
    const range = parseRange(text);
    expect(range === undefined ? undefined : [addressText(range.first), addressText(range.last)]).toEqual(ends);
  });
});

describe('freeSubnet', () => {
  const range = (text: string): AddressRange => parseRange(text) as AddressRange;

  it.each<[string, readonly string[], number, string | undefined]>([
    ['nothing is taken', [], 0, '10.231.0.0/30'],
    ['somewhere else is begun', [], 5, '10.231.0.20/30'],
    ['one is taken', ['10.231.0.2'], 0, '10.231.0.4/30'],
    ['a block is taken', ['10.0.0.0/8'], 0, '172.28.0.0/30'],
    ['all private ones are', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], 0, '198.18.0.0/30'],
    ['the end is reached', ['10.231.255.252/30'], 16_383, '10.231.0.0/30'],
    ['everything is taken', ['0.0.0.0/0'], 0, undefined],
  ])('%s', (_name, taken, start, expected) => {
    expect(freeSubnet(taken.map(range), start)?.text).toBe(expected);
  });

  it('never overlaps what is taken', () => {
    const nets = fc
      .tuple(
        fc.constantFrom(...['10.231.0.0/16', '172.28.0.0/16', '192.168.231.0/24'].map(range)),
        fc.nat(),
        fc.integer({ min: 16, max: 32 }),
      )
      .map(([{ first, last }, at, bits]) => range(`${addressText(first + (at % (last - first)))}/${bits}`));
    fc.assert(
      fc.property(fc.array(nets, { maxLength: 20 }), fc.nat(), (taken, start) => {
        const found = freeSubnet(taken, start);
        return (
          found !== undefined && taken.every(({ first, last }) => last < found.range.first || first > found.range.last)
        );
      }),
    );
  });
});
