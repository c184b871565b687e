import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { createStyle } from '../../src/report/style.ts';
import { systemCostText } from '../../src/report/system-cost.ts';
import { systemCost, type ServiceImages, type SystemLayer } from '../../src/ship/system-cost.ts';
import { expectShape } from '../helpers/schema.ts';

const layer = (name: string, wire: number, isApplication = false): SystemLayer => ({
  digest: sha256(name),
  wire,
  disk: wire * 3,
  isApplication,
});

const MB = 1_000_000;
const services: readonly ServiceImages[] = [
  {
    service: 'gateway',
    before: [layer('debian', 50 * MB), layer('copy', 2 * MB, true), layer('npm ci', 40 * MB)],
    after: [layer('shared', 20 * MB), layer('gateway deps', 5 * MB), layer('gateway app', 1 * MB, true)],
  },
  {
    service: 'customers',
    before: [layer('debian', 50 * MB), layer('npm ci 2', 30 * MB), layer('copy 2', 1 * MB, true)],
    after: [layer('shared', 20 * MB), layer('customers app', 1 * MB, true)],
  },
  { service: 'db', before: [layer('debian', 50 * MB), layer('postgres', 70 * MB)], after: [layer('pg', 30 * MB)] },
];

describe('the cost of a system', () => {
  it('counts each layer once, and what a new version of one service changes', () => {
    const cost = systemCost(services);
    expectShape('system-cost', cost);
    expect(cost.before).toEqual({
      stored: 193 * MB,
      pull: 193 * MB,
      disk: 579 * MB,
      update: 21.5 * MB,
      month: { stored: null, pulls: null },
    });
    expect(cost.after).toMatchObject({ stored: 57 * MB, disk: 171 * MB, update: 1 * MB });
    expect(
      cost.services.map(({ after, before, service }) => [service, before.update, after.update, after.pull]),
    ).toEqual([
      ['gateway', 42 * MB, 1 * MB, 26 * MB],
      ['customers', 1 * MB, 1 * MB, 21 * MB],
      ['db', null, null, 30 * MB],
    ]);
    expect(cost.percent.stored).toBeCloseTo((57 / 193) * 100);
    expect(cost).toMatchObject({ currency: '', pulls: null });
  });

  it('has money where there are prices', () => {
    const [price, pullPrice] = [
      { perGbMonth: 0.1, currency: '$' },
      { perGbMonth: 0.09, currency: '$' },
    ];
    expect(systemCost(services, { price }).before.month).toEqual({ stored: 0.0193, pulls: null });
    expect(systemCost(services, { pullPrice }).before.month).toEqual({ stored: null, pulls: null });
    const { after, currency } = systemCost(services, { price, pullPrice, pulls: 1000 });
    expect(currency).toBe('$');
    expect(after.month.pulls?.whole).toBeCloseTo(5.13);
    expect(after.month.pulls?.update).toBeCloseTo(0.09);
  });

  it('of nothing is nothing', () => {
    expectShape('system-cost', systemCost([]));
    expect(systemCost([])).toMatchObject({
      services: [],
      before: { stored: 0, update: null },
      percent: { stored: null, update: null },
    });
  });

  it('is told as a table', () => {
    const style = createStyle({ colour: false, width: 80 });
    const cost = systemCost(services, {
      price: { perGbMonth: 100, currency: '$' },
      pullPrice: { perGbMonth: 0.09, currency: '$' },
      pulls: 1000,
    });
    expect(systemCostText(cost)(style)).toMatchInlineSnapshot(`
      "service                  disk    a pull  an update
      gateway    original  276.0 MB   92.0 MB    42.0 MB
                 shrunk     78.0 MB   26.0 MB     1.0 MB  72% smaller
      customers  original  243.0 MB   81.0 MB     1.0 MB
                 shrunk     63.0 MB   21.0 MB     1.0 MB  74% smaller
      db         original  360.0 MB  120.0 MB
                 shrunk     90.0 MB   30.0 MB             75% smaller

      all services                      original    shrunk
      stored in a registry              193.0 MB   57.0 MB  70% smaller
      on disk                           579.0 MB  171.0 MB  70% smaller
      first pull of all                 193.0 MB   57.0 MB  70% smaller
      pull of a new version of one       21.5 MB    1.0 MB  95% smaller
      a month of storage                  $19.30     $5.70  70% smaller
      a month of first pulls              $17.37     $5.13  70% smaller
      a month of pulls of new versions     $1.93     $0.09  95% smaller
      assumed: a registry, and a machine that runs all services, have each layer once; manifests and configs are not counted
      assumed: a new version of an original has new layers from the lowest one with a file of the application upwards; that of a microcontainer has new layers of the application alone
      assumed: there are 1000 pulls a month: of the whole system by machines that have nothing, or of a new version of one service by machines that have the others
      assumed: a gigabyte is 10^9 bytes; nothing is paid for requests"
    `);
    const plain = systemCostText(systemCost(services.slice(2)))(style);
    expect(plain).not.toMatch(/month|new version of one/);
  });

  it('is never more for one system than for its services apart, whatever they share', () => {
    const layers = fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()), { maxLength: 5 })
      .map((all) => all.map(([name, app]) => layer(name, name.charCodeAt(0), app)));
    fc.assert(
      fc.property(fc.array(fc.tuple(layers, layers), { maxLength: 4 }), (all) => {
        const cost = systemCost(all.map(([before, after], at) => ({ service: `s${at}`, before, after })));
        for (const which of ['before', 'after'] as const) {
          const apart = cost.services.map((service) => service[which].pull);
          expect(cost[which].pull).toBeLessThanOrEqual(apart.reduce((sum, pull) => sum + pull, 0));
          expect(cost[which].pull).toBeGreaterThanOrEqual(Math.max(0, ...apart));
          for (const service of cost.services)
            expect(service[which].update ?? 0).toBeLessThanOrEqual(service[which].pull);
        }
      }),
    );
  });
});
