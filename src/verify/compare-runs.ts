import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import { differenceOf, type CompareMode } from './compare.ts';
import type { Difference } from './difference.ts';
import type { EndedService, ObservedRun } from './observe.ts';

/** One question to both images. */
export interface Compared {
  readonly name: string;
  /** What the image that is checked said to it, and what the original did. */
  readonly small: ProbeOutcome;
  readonly original: ProbeOutcome;
  /** Absent: they are alike. */
  readonly difference?: Difference;
}

export interface ComparedRuns {
  /** No question has an answer unlike the original's. */
  readonly ok: boolean;
  /** Nothing but doubtful differences: `withAnswersOf` another run of the original may take them away. */
  readonly doubtful: boolean;
  /** Probes, commands, the command on the host, in the order of the original's run; last the ends of programs, where those are unlike. */
  readonly compared: readonly Compared[];
}

/** Compares what two images said to the same drive, question by question. */
export function compareRuns(original: ObservedRun, small: ObservedRun, mode: CompareMode): ComparedRuns {
  const pairs = [
    ...paired(original.outcomes, small.outcomes),
    ...paired(original.exec, small.exec),
    ...paired(original.run === undefined ? [] : [original.run], small.run === undefined ? [] : [small.run]),
  ];
  const compared: Compared[] = pairs.map(([there, here]) => {
    const difference = differenceOf(there, here, mode);
    return { name: there.name, original: there, small: here, ...(difference === undefined ? {} : { difference }) };
  });
  const end = endDifference(original, small);
  if (end !== undefined) compared.push(end);
  compared.push(...serviceEnds(original.ended ?? [], small.ended ?? []));
  const differences = compared.flatMap(({ difference }) => difference ?? []);
  return {
    ok: differences.length === 0,
    doubtful: differences.length > 0 && differences.every(({ doubtful }) => doubtful),
    compared,
  };
}

function paired(
  original: readonly ProbeOutcome[],
  small: readonly ProbeOutcome[],
): readonly (readonly [ProbeOutcome, ProbeOutcome])[] {
  return original.map((there, index) => {
    const lost: ProbeOutcome = { name: there.name, ok: false, ms: 0, detail: 'not asked' };
    return [there, small[index] ?? lost];
  });
}

/** A program that stays up in the original and ends in the other. Both may end by themselves: then with the same code. */
function endDifference(original: ObservedRun, small: ObservedRun): Compared | undefined {
  const code = small.exit?.code;
  if (code === undefined || code === original.exit?.code) return undefined;
  const outcome = (run: ObservedRun): ProbeOutcome => ({ name: 'exit', ok: (run.exit?.code ?? 0) === 0, ms: 0 });
  const there = original.exit === undefined ? 'stays up' : `ends with exit code ${original.exit.code}`;
  return {
    name: 'exit',
    original: outcome(original),
    small: outcome(small),
    // A program that is done soon may be done a moment too late to be seen: another run of the original tells.
    difference: {
      text: `exit code: the original ${there}, this ends with exit code ${code}`,
      doubtful: original.exit === undefined && (code === 0 || original.cutMs !== undefined),
    },
  };
}

/** Services that stay up in the original, or end otherwise there. Each way once, however many containers go it. */
function serviceEnds(original: readonly EndedService[], small: readonly EndedService[]): readonly Compared[] {
  const ends = new Map(small.map((end) => [`${end.service} ${end.exit.code}`, end]));
  return [...ends.values()].flatMap(({ exit, service }): Compared[] => {
    const there = original.filter((end) => end.service === service);
    if (there.some((end) => end.exit.code === exit.code)) return [];
    const name = `${service}: exit`;
    const known = there[0]?.exit.code;
    const text = known === undefined ? 'stays up' : `ends with exit code ${known}`;
    return [
      {
        name,
        original: { name, ok: (known ?? 0) === 0, ms: 0 },
        small: { name, ok: exit.code === 0, ms: 0 },
        // When it ends is a matter of the moment too, and of what its neighbours do: another run of the original tells.
        difference: { text: `exit code: the original ${text}, this ends with exit code ${exit.code}`, doubtful: true },
      },
    ];
  });
}

/** The first run, knowing also what another run of the same image said: where the two are unlike, the image varies by itself. */
export function withAnswersOf(first: ObservedRun, other: ObservedRun): ObservedRun {
  const add = (outcomes: readonly ProbeOutcome[], more: readonly ProbeOutcome[]): readonly ProbeOutcome[] =>
    outcomes.map((outcome, index) => {
      const same = more[index];
      if (same?.answer === undefined || same.name !== outcome.name || !same.ok) return outcome;
      return { ...outcome, again: [...(outcome.again ?? []), same.answer, ...(same.again ?? [])] };
    });
  const exit = first.exit ?? other.exit;
  return {
    ...first,
    outcomes: add(first.outcomes, other.outcomes),
    exec: add(first.exec, other.exec),
    ...(exit === undefined ? {} : { exit }),
    ...(first.ended === undefined ? {} : { ended: [...first.ended, ...(other.ended ?? [])] }),
  };
}

/**
 * Compares, and when all that differs is doubtful, once more with the answers of another run of the original, which `again` makes.
 * The original comes back with all that is known of it, for the next comparison.
 */
export async function compareFairly(options: {
  readonly original: ObservedRun;
  readonly small: ObservedRun;
  readonly mode: CompareMode;
  readonly again: () => Promise<ObservedRun>;
}): Promise<ComparedRuns & { readonly original: ObservedRun }> {
  const { again, mode, original, small } = options;
  const result = compareRuns(original, small, mode);
  if (!result.doubtful) return { ...result, original };
  const known = withAnswersOf(original, await again());
  return { ...compareRuns(known, small, mode), original: known };
}
