import { describe, expect, it } from 'vitest';
import type { Image } from '../../../src/oci/types.ts';
import type { Running } from '../../../src/sandbox/types.ts';
import { healthPlan, watchHealth, type HealthPlan } from '../../../src/systems/run/health.ts';

const PLAN: HealthPlan = { argv: ['ask'], intervalMs: 60_000, timeoutMs: 1000, retries: 3, startPeriodMs: 0 };
const ANSWER = { stdout: '', stderr: '' };

/** The pauses before each question to a container that is well at the third, and then once more. */
async function pausesOf(plan: HealthPlan): Promise<readonly number[]> {
  const pauses: number[] = [];
  const over = new AbortController();
  let asked = 0;
  const exec = () => Promise.resolve({ ...ANSWER, exit: { code: (asked += 1) < 3 ? 1 : 0 } });
  await watchHealth({
    plan,
    running: { exec } as unknown as Running,
    signal: over.signal,
    onChange: () => undefined,
    sleep(ms) {
      pauses.push(ms);
      if (pauses.length === 4) over.abort();
      return Promise.resolve();
    },
  });
  return pauses;
}

describe('a container that starts is asked', () => {
  it.each([
    ['sooner at first', {}, [100, 200, 400, 60_000]],
    ['never oftener than it wants later', { intervalMs: 150 }, [100, 150, 150, 150]],
    [
      'as it says within its start period',
      { startPeriodMs: 3_600_000, startIntervalMs: 7000 },
      [7000, 7000, 7000, 60_000],
    ],
    ['as others are after it', { startIntervalMs: 7000 }, [100, 200, 400, 60_000]],
  ])('%s', async (_, changes, expected) => {
    expect(await pausesOf({ ...PLAN, ...changes })).toEqual(expected);
  });
});

it.each([
  [
    'executable file `/bin/sh` not found in $PATH: No such file or directory',
    /its test needs \/bin\/sh, which the image/,
  ],
  ['exec failed: unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory', /needs/],
  ['/bin/sh: curl: not found', /^\/bin\/sh: curl: not found$/],
  ['', /^exit code 1$/],
])('says why a check fails: %j', async (stderr, expected) => {
  const over = new AbortController();
  let told = '';
  await watchHealth({
    plan: { ...PLAN, retries: 1, intervalMs: 0 },
    running: { exec: () => Promise.resolve({ stdout: '', stderr, exit: { code: 1 } }) } as unknown as Running,
    signal: over.signal,
    onChange(_, said) {
      told = said;
      over.abort();
    },
    sleep: () => Promise.resolve(),
  });
  expect(told).toMatch(expected);
});

it('takes from the image what the service does not say, in nanoseconds there', () => {
  const Healthcheck = { Test: ['CMD', 'own'], Interval: 2e9, StartPeriod: 5e9, StartInterval: 1e9, Retries: 7 };
  const image = { config: { config: { Healthcheck } } } as unknown as Image;
  expect(healthPlan({ disabled: false, intervalMs: 9 }, image)).toEqual({
    argv: ['own'],
    intervalMs: 9,
    timeoutMs: 30_000,
    retries: 7,
    startPeriodMs: 5000,
    startIntervalMs: 1000,
  });
  expect(healthPlan({ disabled: true }, image)).toBeUndefined();
});
