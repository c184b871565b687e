import { compareBytes } from '../base/path.ts';
import type { Access, Observation, ObservedPath } from '../sandbox/types.ts';

/** What several containers of one image asked for, as one; the phase of a path is that of the first which asked for it. */
export function mergeObservations(observations: readonly Observation[]): Observation {
  const [only] = observations;
  if (only !== undefined && observations.length === 1) return only;
  const paths = new Map<string, ObservedPath>();
  for (const path of observations.flatMap((one) => one.paths)) {
    const known = paths.get(path.path);
    paths.set(
      path.path,
      known === undefined ? path : { ...known, how: union<Access>(known.how, path.how), by: union(known.by, path.by) },
    );
  }
  const calls = observations.flatMap((one) => (one.syscalls === undefined ? [] : [one.syscalls]));
  const incomplete = observations.find((one) => one.incomplete !== undefined)?.incomplete;
  return {
    paths: [...paths.values()].sort((a, b) => compareBytes(a.path, b.path)),
    ports: [...new Set(observations.flatMap((one) => one.ports))].sort((a, b) => a - b),
    ...(calls.length > 0 && calls.length === observations.length ? { syscalls: union(...calls) } : {}),
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

/** In byte order, each once. */
export function union<T extends string>(...lists: readonly (readonly T[])[]): readonly T[] {
  return [...new Set(lists.flat())].sort(compareBytes);
}
