import type { Context } from '../../base/events.ts';
import type { Service } from '../../formats/compose/types.ts';
import type { Replica } from './plan.ts';

/** Each writes files in two threads. */
const THREADS = 2;

/** How many roots are made at a time: together they would all be late. */
export const unpackedAtOnce = ({ concurrency }: Pick<Context, 'concurrency'>): number =>
  Math.max(1, Math.floor(concurrency / THREADS));

/**
 * Whose root is made first: those behind which the longest row of others waits. Without cycles, as the reader gives them.
 * @returns indices of `replicas`
 */
export function unpackOrder(
  services: readonly Pick<Service, 'dependsOn' | 'name'>[],
  replicas: readonly { readonly service: Pick<Replica['service'], 'name'> }[],
): readonly number[] {
  const waiting = new Map<string, string[]>(services.map(({ name }) => [name, []]));
  for (const { dependsOn, name } of services) for (const { service } of dependsOn) waiting.get(service)?.push(name);
  const known = new Map<string, number>();
  const rowBehind = (name: string): number => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const row = Math.max(0, ...(waiting.get(name) ?? []).map((other) => 1 + rowBehind(other)));
    known.set(name, row);
    return row;
  };
  return replicas
    .map((replica, index) => ({ index, row: rowBehind(replica.service.name) }))
    .sort((a, b) => b.row - a.row || a.index - b.index)
    .map(({ index }) => index);
}
