import type { Edit } from './types.ts';

/**
 * The edits of as many groups as go together, earlier groups first: a group is taken whole or not at all. Equal edits of two groups are one; two
 * that touch the same place are not both done.
 */
export function compatible<T>(groups: readonly { readonly of: T; readonly edits: readonly Edit[] }[]): {
  readonly taken: readonly T[];
  readonly edits: readonly Edit[];
} {
  const edits: Edit[] = [];
  const taken: T[] = [];
  for (const group of groups) {
    const fresh = group.edits.filter((edit) => !edits.some((other) => isSame(edit, other)));
    if (fresh.some((edit) => edits.some((other) => collide(edit, other)))) continue;
    edits.push(...fresh);
    taken.push(group.of);
  }
  return { taken, edits };
}

function isSame(a: Edit, b: Edit): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text;
}

/** Also when one begins where the other ends: which text would stand first? */
function collide(a: Edit, b: Edit): boolean {
  return a.start <= b.end && b.start <= a.end;
}

/** @param edits none of which touches another */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  return parts.join('') + text.slice(at);
}
