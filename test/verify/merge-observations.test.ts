import { expect, it } from 'vitest';
import type { Observation } from '../../src/sandbox/types.ts';
import { mergeObservations } from '../../src/verify/merge-observations.ts';

const seen = (path: string, phase: string, more: Partial<Observation> = {}): Observation => ({
  paths: [{ path, how: ['open'], by: ['/b'], phase }],
  ports: [],
  ...more,
});

it('joins what several containers asked for', () => {
  const first = seen('/x', 'start', { ports: [80], syscalls: ['read', 'write'] });
  expect(mergeObservations([first])).toBe(first);
  const second: Observation = {
    paths: [
      { path: '/a', how: ['stat'], by: ['/c'], phase: 'b' },
      { path: '/x', how: ['exec'], by: ['/a'], phase: 'b' },
    ],
    ports: [8, 80],
    syscalls: ['close', 'read'],
    incomplete: 'too many',
  };
  expect(mergeObservations([first, second])).toEqual({
    paths: [
      { path: '/a', how: ['stat'], by: ['/c'], phase: 'b' },
      { path: '/x', how: ['exec', 'open'], by: ['/a', '/b'], phase: 'start' },
    ],
    ports: [8, 80],
    syscalls: ['close', 'read', 'write'],
    incomplete: 'too many',
  });
  // Not known of all is not known.
  expect(mergeObservations([first, seen('/y', 'z')])).not.toHaveProperty('syscalls');
});
