import { expect, it } from 'vitest';
import { patienceFor } from '../../src/verify/patience.ts';

it.each([
  [50, 30_000, { timeoutMs: 10_000, patienceMs: 1000 }],
  [4000, 30_000, { timeoutMs: 20_000, patienceMs: 4000 }],
  [20_000, 30_000, { timeoutMs: 30_000, patienceMs: 20_000 }],
  [50, 3000, { timeoutMs: 3000, patienceMs: 1000 }],
])('an original ready after %d ms, with %d ms at most', (readyMs, timeoutMs, patience) => {
  expect(patienceFor({ readyMs }, timeoutMs)).toEqual(patience);
});
