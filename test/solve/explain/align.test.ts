import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignSteps, type StepText } from '../../../src/solve/explain/align.ts';

/** `RUN` and `COPY` lines, a letter each: `a` is RUN a, `A` is COPY A. */
const steps = (letters: string): readonly StepText[] =>
  letters.split('').map((letter) => ({ text: letter, op: letter === letter.toUpperCase() ? 'file' : 'exec' }));

describe('alignSteps', () => {
  it.each<readonly [name: string, before: string, after: string, pairs: readonly (number | undefined)[]]>([
    ['the same', 'Abc', 'Abc', [0, 1, 2]],
    ['nothing before', '', 'ab', [undefined, undefined]],
    ['one put in', 'Abc', 'Abxc', [0, 1, undefined, 2]],
    ['one put in first', 'abc', 'xabc', [undefined, 0, 1, 2]],
    ['one taken out', 'abc', 'ac', [0, 2]],
    ['one edited', 'Abc', 'Axc', [0, 1, 2]],
    ['the last edited', 'Abc', 'Abx', [0, 1, 2]],
    ['two edited', 'ABcd', 'ABxy', [0, 1, 2, 3]],
    ['one of another kind', 'abc', 'aXc', [0, undefined, 2]],
    ['two that changed places', 'ab', 'ba', [undefined, 0]],
  ])('%s', (_name, before, after, pairs) => {
    const found = alignSteps(steps(before), steps(after));
    if (_name === 'two that changed places') expect(found.filter((pair) => pair !== undefined)).toHaveLength(1);
    else expect(found).toEqual(pairs);
  });

  it('does not pair steps of different stages', () => {
    const step = (text: string): StepText => ({ text, op: 'exec' });
    expect(alignSteps([step('[one] RUN a')], [step('[two] RUN b')])).toEqual([undefined]);
    expect(alignSteps([step('[one] RUN a')], [step('[one] RUN b')])).toEqual([0]);
  });

  it('is a growing sequence', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', 'B'), maxLength: 12 });
    fc.assert(
      fc.property(letters, letters, (before, after) => {
        const found = alignSteps(steps(before), steps(after)).filter((pair) => pair !== undefined);
        expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
        expect(found.every((pair) => pair >= 0 && pair < before.length)).toBe(true);
      }),
    );
  });
});
