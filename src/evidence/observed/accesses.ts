import { compareBytes } from '../../base/path.ts';
import type { Access } from '../../sandbox/types.ts';

/** What people read: "opened by …". */
const VERBS: Readonly<Record<Access, string>> = {
  exec: 'executed',
  open: 'opened',
  list: 'listed',
  readlink: 'read as a link',
  chdir: 'entered',
  watch: 'watched',
  write: 'written',
  remove: 'removed',
  stat: 'looked up',
};

/** Every way to ask for a path, the one that says most of it first. */
export const ACCESSES = Object.keys(VERBS) as readonly Access[];

export function isAccess(text: string): text is Access {
  return Object.hasOwn(VERBS, text);
}

/** The way that says most, for people. */
export function strongestVerb(how: readonly Access[]): string {
  const strongest = ACCESSES.find((access) => how.includes(access));
  return strongest === undefined ? 'asked for' : VERBS[strongest];
}

/** Each once, in byte order. */
export function sortedAccesses(how: Iterable<Access>): readonly Access[] {
  return [...new Set(how)].sort(compareBytes);
}
