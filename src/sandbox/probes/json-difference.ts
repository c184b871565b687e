/** Deeper documents are not compared. */
const MAX_DEPTH = 100;

/**
 * The first place where `actual` does not contain `expected`: objects by subset, arrays and scalars by equality. In words, e.g.
 * `$.status: expected "OK", got "DOWN"`; undefined when it does.
 */
export function missingFrom(expected: unknown, actual: unknown, at = '$', depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return `${at}: nested deeper than ${MAX_DEPTH}`;
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${at}: expected a list, got ${show(actual)}`;
    if (expected.length !== actual.length) return `${at}: expected ${expected.length} elements, got ${actual.length}`;
    return first(expected.map((value, index) => () => differing(value, actual[index], `${at}[${index}]`, depth + 1)));
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return `${at}: expected an object, got ${show(actual)}`;
    return first(
      Object.entries(expected).map(([key, value]) => () => {
        const place = member(at, key);
        if (!Object.hasOwn(actual, key)) return `${place}: expected ${show(value)}, but it is missing`;
        return missingFrom(value, actual[key], place, depth + 1);
      }),
    );
  }
  return Object.is(expected, actual) ? undefined : `${at}: expected ${show(expected)}, got ${show(actual)}`;
}

/** Equality: a subset both ways. */
function differing(expected: unknown, actual: unknown, at: string, depth: number): string | undefined {
  const missing = missingFrom(expected, actual, at, depth);
  if (missing !== undefined) return missing;
  return missingFrom(actual, expected, at, depth) === undefined
    ? undefined
    : `${at}: expected ${show(expected)}, got ${show(actual)}`;
}

/**
 * The first place where two JSON documents are built differently: other keys, other types, a list that is empty in one only. Values may differ:
 * times, ids and counters do in every run. Lists are compared by their first elements.
 */
export function structureDifference(original: unknown, actual: unknown, at = '$', depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const [wanted, got] = [typeOf(original), typeOf(actual)];
  if (wanted !== got) return `${at}: the original has ${wanted}, this has ${got}`;
  if (Array.isArray(original) && Array.isArray(actual)) {
    if ((original.length === 0) !== (actual.length === 0))
      return `${at}: the original has ${original.length} elements, this has ${actual.length}`;
    return original.length === 0 ? undefined : structureDifference(original[0], actual[0], `${at}[0]`, depth + 1);
  }
  if (!isObject(original) || !isObject(actual)) return undefined;
  const added = Object.keys(actual).find((key) => !Object.hasOwn(original, key));
  return first([
    ...Object.entries(original).map(([key, value]) => () => {
      const place = member(at, key);
      return Object.hasOwn(actual, key)
        ? structureDifference(value, actual[key], place, depth + 1)
        : `${place}: only the original has it`;
    }),
    () => (added === undefined ? undefined : `${member(at, added)}: the original does not have it`),
  ]);
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const found = check();
    if (found !== undefined) return found;
  }
  return undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return (
    { object: 'an object', string: 'a text', number: 'a number', boolean: 'a boolean' }[typeof value as string] ??
    'nothing'
  );
}

export const member = (at: string, key: string): string =>
  /^[A-Za-z_]\w*$/.test(key) ? `${at}.${key}` : `${at}[${JSON.stringify(key)}]`;

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
