/** Longer values are not followed: `ENV A=$A$A` doubles with each line. */
const MAX_VALUE_CHARS = 4096;

/** Variables that are set, those of the stage below included. */
export interface Scope {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  /** Names, for suggestions. */
  names(): Iterable<string>;
}

export function createScope(parent?: Scope): Scope {
  const own = new Map<string, string>();
  return {
    get: (name) => own.get(name) ?? parent?.get(name),
    set: (name, value) => void own.set(name, value.slice(0, MAX_VALUE_CHARS)),
    *names() {
      yield* own.keys();
      if (parent !== undefined) yield* parent.names();
    },
  };
}
