import { describe, expect, it } from 'vitest';
import { unpackedAtOnce, unpackOrder } from '../../../src/systems/run/unpack-order.ts';

/** `a<b,c`: a waits for b and c. */
function servicesOf(text: string) {
  return text.split(' ').map((word) => {
    const [name = '', needed = ''] = word.split('<');
    const names = needed.split(',').filter((other) => other !== '');
    return {
      name,
      dependsOn: names.map((service) => ({
        service,
        condition: 'service_started' as const,
        required: true,
        restart: false,
      })),
    };
  });
}

describe('unpackOrder', () => {
  it.each([
    ['a b c', 'a b c'],
    ['gateway<customers,orders customers<db orders db', 'db customers orders gateway'],
    ['a<b b<c c<d d', 'd c b a'],
    ['a<b b a2<gone', 'b a a2'],
  ])('of %s is %s', (text, expected) => {
    const services = servicesOf(text);
    const order = unpackOrder(
      services,
      services.map((service) => ({ service })),
    );
    expect(order.map((index) => services[index]?.name).join(' ')).toBe(expected);
  });

  it('takes the replicas of a service one behind the other', () => {
    const services = servicesOf('web<db db');
    const replicas = ['web', 'web', 'db'].map((name) => ({ service: { name } }));
    expect(unpackOrder(services, replicas)).toEqual([2, 0, 1]);
  });
});

describe('unpackedAtOnce', () => {
  it.each([
    [1, 1],
    [2, 1],
    [8, 4],
  ])('is, of %i processors, %i', (concurrency, expected) => expect(unpackedAtOnce({ concurrency })).toBe(expected));
});
