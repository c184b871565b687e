import { editDistance } from './edit-distance.ts';

/** ` (did you mean "x"?)` for the known word that is at most two edits away; empty otherwise. */
export function suggestion(word: string, known: readonly string[]): string {
  let best: string | undefined;
  let distance = 3;
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < distance) [best, distance] = [candidate, edits];
  }
  return best === undefined ? '' : ` (did you mean ${JSON.stringify(best)}?)`;
}
