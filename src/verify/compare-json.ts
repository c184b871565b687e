import { member, show, structureDifference, typeOf } from '../sandbox/probes/json-difference.ts';
import { doubtful, sure, type Difference } from './difference.ts';

/** Deeper documents are not compared. */
const MAX_DEPTH = 100;

/**
 * The first place where a document is unlike what several documents of the original have in common: another type, another value where they
 * all have one value, a key that is missing or new. Where they differ from each other, any value of their types will do.
 */
export function jsonDifference(
  references: readonly unknown[],
  here: unknown,
  at = '$',
  depth = 0,
): Difference | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const [first] = references;
  const types = new Set(references.map(typeOf));
  if (!types.has(typeOf(here))) return sure(`${at}: the original has ${typeOf(first)}, this has ${typeOf(here)}`);
  if (types.size > 1) return undefined;
  if (Array.isArray(here)) return listDifference(references as readonly (readonly unknown[])[], here, at, depth);
  if (isObject(here)) return objectDifference(references as readonly Fields[], here, at, depth);
  if (references.some((value) => Object.is(value, here)) || references.some((value) => !Object.is(value, first)))
    return undefined;
  return doubtful(`${at}: the original has ${show(first)}, this has ${show(here)}`);
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function listDifference(
  references: readonly (readonly unknown[])[],
  here: readonly unknown[],
  at: string,
  depth: number,
): Difference | undefined {
  const length = references[0]?.length ?? 0;
  if (references.some((list) => list.length !== length)) {
    // As long as it likes: one element stands for all.
    const example = references.find((list) => list.length > 0);
    const structure = here.length === 0 ? undefined : structureDifference(example?.[0], here[0], `${at}[0]`, depth + 1);
    if (here.length > 0) return structure === undefined ? undefined : doubtful(structure);
    return references.some((list) => list.length === 0)
      ? undefined
      : doubtful(`${at}: the original has ${length} elements, this has 0`);
  }
  if (here.length !== length) return doubtful(`${at}: the original has ${length} elements, this has ${here.length}`);
  for (let index = 0; index < length; index++) {
    const found = jsonDifference(
      references.map((list) => list[index]),
      here[index],
      `${at}[${index}]`,
      depth + 1,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function objectDifference(
  references: readonly Fields[],
  here: Fields,
  at: string,
  depth: number,
): Difference | undefined {
  const keys = [...new Set(references.flatMap((fields) => Object.keys(fields)))];
  for (const key of keys) {
    const having = references.filter((fields) => Object.hasOwn(fields, key));
    if (!Object.hasOwn(here, key)) {
      if (having.length === references.length) return sure(`${member(at, key)}: only the original has it`);
      continue;
    }
    const found = jsonDifference(
      having.map((fields) => fields[key]),
      here[key],
      member(at, key),
      depth + 1,
    );
    if (found !== undefined) return found;
  }
  const added = Object.keys(here).find((key) => !keys.includes(key));
  return added === undefined ? undefined : sure(`${member(at, added)}: the original does not have it`);
}
