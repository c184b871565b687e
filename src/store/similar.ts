const MAX_SUGGESTIONS = 3;
const MAX_COMPARED_CHARS = 256;

/** Names that a mistyped one may stand for: the same repository under another tag, or few letters away; the nearest first. */
export function closest(wanted: string, names: readonly string[]): string[] {
  const near = names
    .map((name) => ({ name, distance: repositoryOf(name) === repositoryOf(wanted) ? 1 : distance(wanted, name) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(repositoryOf(wanted).length / 3)));
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => name);
}

function repositoryOf(name: string): string {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon === -1 ? name : name.slice(0, colon);
}

/** Damerau and Levenshtein's edit distance, restricted form: insert, delete, replace, swap of neighbours. */
function distance(a: string, b: string): number {
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
