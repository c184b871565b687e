import { describe, expect, it } from 'vitest';
import { compareFairly, compareRuns, withAnswersOf } from '../../src/verify/compare-runs.ts';
import type { EndedService, ObservedRun } from '../../src/verify/observe.ts';

const run = (...ended: readonly EndedService[]): ObservedRun => ({
  probes: [],
  outcomes: [{ name: 'web: http GET 80/', ok: true, ms: 1 }],
  exec: [],
  ended,
  startMs: 1,
  readyMs: 2,
  output: '',
});
const ends = (service: string, code: number): EndedService => ({ service, exit: { code } });

describe('services that end', () => {
  it.each<[what: string, original: readonly EndedService[], small: readonly EndedService[], texts: readonly string[]]>([
    ['none', [], [], []],
    ['as in the original', [ends('worker', 1)], [ends('worker', 1)], []],
    ['only in the original', [ends('worker', 1)], [], []],
    [
      'only here',
      [],
      [ends('worker', 3)],
      ['worker: exit: exit code: the original stays up, this ends with exit code 3'],
    ],
    [
      'with success, and stays up there',
      [],
      [ends('worker', 0)],
      ['worker: exit: exit code: the original stays up, this ends with exit code 0'],
    ],
    [
      'otherwise',
      [ends('worker', 0), ends('other', 3)],
      [ends('worker', 3)],
      ['worker: exit: exit code: the original ends with exit code 0, this ends with exit code 3'],
    ],
    [
      'in several containers alike',
      [],
      [ends('worker', 3), ends('worker', 3)],
      ['worker: exit: exit code: the original stays up, this ends with exit code 3'],
    ],
  ])('%s', (_what, original, small, texts) => {
    const { compared, doubtful, ok } = compareRuns(run(...original), run(...small), 'status');
    expect(
      compared.flatMap(({ difference, name }) => (difference === undefined ? [] : `${name}: ${difference.text}`)),
    ).toEqual(texts);
    expect({ ok, doubtful }).toEqual({ ok: texts.length === 0, doubtful: texts.length > 0 });
  });

  it('another run of the original may do the same', async () => {
    const [original, small] = [run(), run(ends('worker', 0))];
    const fairly = (again: ObservedRun) => compareFairly({ original, small, mode: 'auto', again: async () => again });
    expect(await fairly(run(ends('worker', 0)))).toMatchObject({ ok: true, original: { ended: [ends('worker', 0)] } });
    expect(await fairly(run())).toMatchObject({ ok: false });
  });

  it('all that is known of the original is kept', () => {
    expect(withAnswersOf(run(ends('a', 1)), run(ends('b', 2))).ended).toEqual([ends('a', 1), ends('b', 2)]);
    const { ended: _, ...image } = run();
    expect(withAnswersOf(image, image)).not.toHaveProperty('ended');
  });
});
