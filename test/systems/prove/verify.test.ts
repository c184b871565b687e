import { describe, expect, it } from 'vitest';
import { TareError } from '../../../src/base/error.ts';
import type { ProbeOutcome } from '../../../src/sandbox/probes/index.ts';
import { neverUp } from '../../../src/systems/prove/drive.ts';
import type { SystemRun } from '../../../src/systems/prove/observe.ts';
import { verifiedProbes } from '../../../src/systems/prove/verify.ts';
import { compareRuns } from '../../../src/verify/compare-runs.ts';
import type { ObservedRun } from '../../../src/verify/observe.ts';

const run = (outcomes: readonly ProbeOutcome[], more: Partial<ObservedRun> = {}): SystemRun => ({
  probes: [],
  services: new Map(),
  run: { probes: [], outcomes, exec: [], ended: [], startMs: 5, readyMs: 9, output: '', ...more },
});
const [PASSES, FAILS]: readonly [ProbeOutcome, ProbeOutcome] = [
  { name: 'web: tcp 80', ok: true, ms: 1 },
  { name: 'web: tcp 80', ok: false, ms: 2, detail: 'refused' },
];
const [DIES, DONE] = [
  { service: 'worker', exit: { code: 1, signal: 'SIGSEGV' } },
  { service: 'job', exit: { code: 0 } },
];

const verdict = (small: SystemRun, original?: SystemRun) =>
  verifiedProbes(
    small,
    original,
    original === undefined ? undefined : compareRuns(original.run, small.run, 'auto').compared,
  );

describe('the verdict on a system', () => {
  it.each<[what: string, small: SystemRun, original: SystemRun | undefined, wrong: readonly string[]]>([
    ['all passes', run([PASSES]), undefined, []],
    ['as the original', run([PASSES]), run([PASSES]), []],
    ['a probe fails', run([FAILS]), undefined, ['web: tcp 80']],
    ['a probe fails that the original passes', run([FAILS]), run([PASSES]), ['web: tcp 80']],
    ['a probe fails in both', run([FAILS]), run([FAILS]), ['web: tcp 80']],
    ['the suite fails', run([], { run: { ...FAILS, name: 'run npm test' } }), undefined, ['run npm test']],
    ['a service dies, in several containers', run([PASSES], { ended: [DIES, DIES] }), undefined, ['worker: exit']],
    ['a task is done', run([PASSES], { ended: [DONE] }), undefined, []],
    [
      'a service dies, which stays up in the original',
      run([PASSES], { ended: [DIES] }),
      run([PASSES]),
      ['worker: exit'],
    ],
    ['a service dies in both', run([PASSES], { ended: [DIES] }), run([PASSES], { ended: [DIES] }), []],
    ['a task is done that the original never ends', run([PASSES], { ended: [DONE] }), run([PASSES]), ['job: exit']],
  ])('%s', (_what, small, original, wrong) => {
    const { ok, probes } = verdict(small, original);
    const bad = probes.filter((probe) => !probe.ok || probe.difference !== undefined);
    expect(bad.map(({ name }) => name)).toEqual(wrong);
    expect(ok).toBe(wrong.length === 0);
  });

  it('says how a service ended', () => {
    expect(verdict(run([PASSES], { ended: [DIES] })).probes[1]).toMatchObject({
      detail: 'it does not stay up: it ended with exit code 1 (SIGSEGV)',
    });
  });

  it('is bad for what did not come up, whatever it was to be asked', () => {
    const failed = new TareError('E_SYSTEM', 'db does not come up');
    const probe = { service: 'web', probe: { tcp: { port: 80 } } };
    for (const drive of [
      { probes: [], crawl: false },
      { probes: [probe], crawl: false },
      { probes: [], crawl: false, run: ['npm', 'test'] },
    ]) {
      const small: SystemRun = { ...run([]), ...neverUp(drive, failed), failed };
      const { ok, probes } = verdict(small);
      expect({ ok, probes }).toMatchObject({ ok: false, probes: [{ ok: false, detail: 'db does not come up' }] });
      expect(verifiedProbes({ ...small, run: { ...small.run, outcomes: [] } }, undefined, []).ok).toBe(false);
    }
  });
});
