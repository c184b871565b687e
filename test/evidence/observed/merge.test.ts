import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeProfiles } from '../../../src/evidence/observed/index.ts';
import { anyProfile, orderly, profileWith } from './profiles.ts';

describe('merged profiles', () => {
  it('do not depend on the order, the grouping, or how often one is given', () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyProfile, (a, b, c) => {
        expect(mergeProfiles(a, b)).toEqual(mergeProfiles(b, a));
        expect(mergeProfiles(mergeProfiles(a, b), c)).toEqual(mergeProfiles(a, mergeProfiles(b, c)));
        expect(mergeProfiles(a, b, c)).toEqual(mergeProfiles(mergeProfiles(a, b), c));
        expect(mergeProfiles(a, a)).toEqual(orderly(a));
        expect(mergeProfiles(a, mergeProfiles(a, b))).toEqual(mergeProfiles(a, b));
      }),
    );
  });

  it('hold what any of them knows', () => {
    const start = { ...profileWith([{ path: '/a', how: ['open'], by: ['/x'] }, { path: '/b' }]), ports: [8080, 80] };
    const worker = {
      ...profileWith([{ path: '/a', how: ['stat'], by: ['/w'], phases: ['command celery'] }]),
      platforms: ['linux/arm64'],
      ports: [443],
    };
    expect(mergeProfiles(start, worker)).toEqual({
      platforms: ['linux/amd64', 'linux/arm64'],
      ports: [80, 443, 8080],
      paths: [
        { path: '/a', how: ['open', 'stat'], by: ['/w', '/x'], phases: ['command celery', 'start'] },
        { path: '/b', how: ['open'], by: [], phases: ['start'] },
      ],
    });
  });

  it('know the system calls only when each does', () => {
    const none = profileWith([]);
    const some = { ...none, syscalls: ['read'] };
    expect(mergeProfiles(some, { ...none, syscalls: ['write', 'read'] }).syscalls).toEqual(['read', 'write']);
    expect(mergeProfiles(some, { ...none, syscalls: [] }).syscalls).toEqual(['read']);
    expect(mergeProfiles(some, none)).not.toHaveProperty('syscalls');
  });
});
