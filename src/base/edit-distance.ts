/** Longer words are not compared: the time grows with the square. */
const MAX_COMPARED_CHARS = 256;

/** Insertions, deletions, replacements and swaps of neighbours between two words (Damerau and Levenshtein, restricted form). */
export function editDistance(a: string, b: string): number {
  if (Math.max(a.length, b.length) > MAX_COMPARED_CHARS) return Infinity;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    before = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
