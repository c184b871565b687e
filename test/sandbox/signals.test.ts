import { expect, it } from 'vitest';
import { exitOf, signalNumber } from '../../src/sandbox/signals.ts';

it.each([
  ['SIGTERM', 15],
  ['TERM', 15],
  ['sigquit', 3],
  ['15', 15],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
])('%s is %i', (text, number) => {
  expect(signalNumber(text)).toBe(number);
});

it.each(['', '0', '65', '99', 'SIGNOPE', 'SIGRTMIN+99', 'TERM;', '-9'])('%j is none', (text) => {
  expect(() => signalNumber(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

it('tells a killed program by its exit code', () => {
  expect(exitOf(0)).toEqual({ code: 0 });
  expect(exitOf(128)).toEqual({ code: 128 });
  expect(exitOf(137)).toEqual({ code: 137, signal: 'SIGKILL' });
  expect(exitOf(255)).toEqual({ code: 255 });
});
