/** Gives each key a number, in the order in which they come first. */
export interface Numbering<T> {
  readonly values: readonly T[];
  of(key: string, value: () => T): number;
}

export function numbering<T>(): Numbering<T> {
  const places = new Map<string, number>();
  const values: T[] = [];
  return {
    values,
    of(key, value) {
      const known = places.get(key);
      if (known !== undefined) return known;
      places.set(key, values.length);
      return values.push(value()) - 1;
    },
  };
}
