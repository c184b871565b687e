/** What is compared of a step: its instruction, without the numbers of steps that are different after every line that is put in. */
export interface StepText {
  readonly text: string;
  readonly op: 'exec' | 'file';
}

/** Beyond it steps are matched by their text alone. */
const MAX_CELLS = 4_000_000;

/**
 * Which step of the last build each step of this one is: the longest common sequence of equal instructions first, and between those the steps of one kind in
 * their order, so that one whose instruction was edited still has its past.
 * @returns an index in `before` for each of `after`
 */
export function alignSteps(before: readonly StepText[], after: readonly StepText[]): readonly (number | undefined)[] {
  const matched: (number | undefined)[] = after.map(() => undefined);
  for (const [old, now] of commonSequence(before, after)) matched[now] = old;
  let from = 0;
  for (let start = 0; start < after.length;) {
    if (matched[start] !== undefined) {
      from = (matched[start] as number) + 1;
      start += 1;
      continue;
    }
    let end = start;
    while (end < after.length && matched[end] === undefined) end += 1;
    const until = matched[end] ?? before.length;
    pairInOrder({ before, after, matched }, [from, until], [start, end]);
    start = end;
  }
  return matched;
}

function pairInOrder(
  steps: {
    readonly before: readonly StepText[];
    readonly after: readonly StepText[];
    readonly matched: (number | undefined)[];
  },
  [from, until]: readonly [number, number],
  [start, end]: readonly [number, number],
): void {
  const { after, before, matched } = steps;
  let next = from;
  for (let now = start; now < end; now++) {
    const wanted = after[now] as StepText;
    for (let old = next; old < until; old++) {
      const candidate = before[old] as StepText;
      if (candidate.op !== wanted.op || stageOf(candidate) !== stageOf(wanted)) continue;
      matched[now] = old;
      next = old + 1;
      break;
    }
  }
}

const stageOf = ({ text }: StepText): string => /^\[[^\]]*\]/.exec(text)?.[0] ?? '';

/** Pairs of indexes, in order. */
function commonSequence(
  before: readonly StepText[],
  after: readonly StepText[],
): readonly (readonly [number, number])[] {
  const columns = after.length + 1;
  if ((before.length + 1) * columns > MAX_CELLS) return [];
  // lengths[i * columns + j]: of the longest common sequence of before[i…] and after[j…]
  const lengths = new Uint32Array((before.length + 1) * columns);
  const at = (i: number, j: number): number => lengths[i * columns + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      lengths[i * columns + j] =
        before[i]?.text === after[j]?.text ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length;) {
    if (before[i]?.text === after[j]?.text) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}
