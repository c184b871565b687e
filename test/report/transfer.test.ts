import { describe, expect, it } from 'vitest';
import { transferText } from '../../src/report/progress.ts';

describe('transferText', () => {
  it.each([
    [0, 100e6, 10, '0 B of 100.0 MB (0%)'],
    [10e6, 100e6, 100, '10.0 MB of 100.0 MB (10%)'],
    [10e6, 100e6, 1000, '10.0 MB of 100.0 MB (10%), 10.0 MB/s, 9 s left'],
    [1e6, 1e9, 1000, '1.0 MB of 1.0 GB (0%), 1.0 MB/s, 17 min left'],
    [1e6, 8e9, 1000, '1.0 MB of 8.0 GB (0%), 1.0 MB/s, 2 h 14 min left'],
    [100e6, 100e6, 2000, '100.0 MB of 100.0 MB (100%), 50.0 MB/s, 0 s left'],
  ])('%d of %d after %d ms', (done, total, ms, text) => {
    expect(transferText({ done, total }, ms)).toBe(text);
  });
});
