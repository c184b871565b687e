import { describe, expect, it } from 'vitest';
import { createStyle } from '../../src/report/style.ts';
import { verifyText } from '../../src/report/verify.ts';
import type { VerifiedProbe, VerifyResult } from '../../src/verify/verify.ts';

const probe = (name: string, more: Partial<VerifiedProbe> = {}): VerifiedProbe => ({ name, ok: true, ms: 5, ...more });

function textOf(probes: readonly VerifiedProbe[], more: Partial<VerifyResult> = {}, width?: number): string {
  const ok = probes.every((item) => item.ok && item.difference === undefined);
  const result: VerifyResult = { ok, probes, startMs: 7, output: '', missing: [], seconds: 1, ...more };
  return verifyText(
    'app:1',
    result,
  )(createStyle({ colour: false, width: width ?? 100, terminal: width !== undefined }));
}

describe('the answer of tare verify', () => {
  it.each([
    [[probe('a')], 'app:1: 1 probe passed, up after 7 ms'],
    [[probe('a', { ok: false })], 'app:1: 1 probe failed, up after 7 ms'],
    [[probe('a'), probe('b', { ok: false })], 'app:1: 1 of 2 probes failed, up after 7 ms'],
    [
      [probe('a', { ok: false }), probe('b', { difference: 'x' })],
      'app:1: 1 of 2 probes failed, 1 of 2 probes answered unlike the original, up after 7 ms',
    ],
  ])('%#', (probes, line) => {
    expect(textOf(probes).split('\n')[0]).toBe(line);
  });

  it('marks an answer that is unlike, and says below in what', () => {
    const text = textOf([probe('http GET 80/', { difference: 'status: the original answers 200, this 404' })]);
    expect(text).toContain('  ✗ http GET 80/  5 ms\n      status: the original answers 200, this 404\n');
  });

  it('does not say twice why nothing could be started, nor when it was up', () => {
    const detail = '"/bin/x" cannot be started';
    const text = textOf([probe('starts', { ok: false, detail })], { output: detail, exit: { code: 127 } });
    expect(text.split(detail)).toHaveLength(2);
    expect(text).not.toContain('up after');
    expect(text).not.toContain('the container said');
  });

  it.each([80, 120])('fits into a terminal of %i columns, and lets nobody command it', (columns) => {
    const long = 'word '.repeat(60);
    const probes = [
      probe(`http GET 8080/${'x'.repeat(200)}`, { original: { ok: true, ms: 12_345 } }),
      probe('starts', { ok: false, detail: `\u001b[2J${long}` }),
    ];
    const text = textOf(probes, {}, columns);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
    expect(text).not.toContain('\u001b');
  });
});
