import type { Entry } from '../tree/types.ts';

/** What can be written as JSON and read back the same. */
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact | undefined };

/**
 * What was learned earlier from the content of files: parsing a module or searching a program is most of the work of a build, and files
 * hardly change. A fact depends on the file's content and on the question alone, never on the rest of the Tree.
 */
export interface Facts {
  find(entry: Entry, question: string): Fact | undefined;
  keep(entry: Entry, question: string, fact: Fact): void;
}

/** The known fact, or the one that `work` finds out. */
export async function learn<T extends Fact>(
  facts: Facts | undefined,
  entry: Entry,
  question: string,
  work: () => Promise<T>,
): Promise<T> {
  const known = facts?.find(entry, question);
  // The store is this user's own, and one question has one shape of answer.
  if (known !== undefined) return known as T;
  const fact = await work();
  facts?.keep(entry, question, fact);
  return fact;
}
