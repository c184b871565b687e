/** What a token must allow, as the token servers of registries write it: `repository:NAME:pull,push`. */
export interface Scope {
  readonly repository: string;
  readonly actions: readonly ('pull' | 'push' | 'delete')[];
}

export const pulling = (repository: string): readonly Scope[] => [{ repository, actions: ['pull'] }];
export const pushing = (repository: string): readonly Scope[] => [{ repository, actions: ['pull', 'push'] }];
export const deleting = (repository: string): readonly Scope[] => [{ repository, actions: ['pull', 'delete'] }];

const RESOURCE = /^(.*):([^:]*)$/s;

/** One text a resource with all its actions, sorted, so that equal wishes are equal texts. `more` are texts of the server's own. */
export function scopeTexts(scopes: readonly Scope[], more: readonly string[] = []): string[] {
  const actions = new Map<string, Set<string>>();
  const add = (resource: string, wanted: readonly string[]): void => {
    const known = actions.get(resource) ?? new Set();
    for (const action of wanted) known.add(action);
    actions.set(resource, known);
  };
  for (const scope of scopes) add(`repository:${scope.repository}`, scope.actions);
  for (const text of more) {
    const match = RESOURCE.exec(text);
    if (match !== null)
      add(
        match[1] ?? '',
        (match[2] ?? '').split(',').filter((action) => action !== ''),
      );
  }
  return [...actions].map(([resource, set]) => `${resource}:${[...set].sort().join(',')}`).sort();
}

/** Whether a token for `held` serves for `wanted`. */
export function covers(held: readonly string[], wanted: readonly string[]): boolean {
  const sets = new Map(held.map((text) => RESOURCE.exec(text)).map((match) => [match?.[1], match?.[2]?.split(',')]));
  return wanted.every((text) => {
    const match = RESOURCE.exec(text);
    const has = sets.get(match?.[1]);
    return has !== undefined && (match?.[2] ?? '').split(',').every((action) => has.includes(action));
  });
}
