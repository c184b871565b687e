import { editDistance } from '../../base/edit-distance.ts';

/** The nearest of `names` in any case, when it is near enough to be meant: a third of its letters may differ. */
export function closest(word: string, names: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < least && distance <= Math.max(1, Math.ceil(name.length / 3))) {
      best = name;
      least = distance;
    }
  }
  return best;
}
