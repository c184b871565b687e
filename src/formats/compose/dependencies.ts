import { checkKeys } from './check-keys.ts';
import type { Mention } from './draft.ts';
import { asMap, childOf, composeError, isNull, type MapNode } from './node.ts';
import type { Problems } from './problems.ts';
import { textOf } from './scalars.ts';
import type { Dependency } from './types.ts';
import { flagOf } from './volumes.ts';

const CONDITIONS: readonly Dependency['condition'][] = [
  'service_started',
  'service_healthy',
  'service_completed_successfully',
];

/** `depends_on:`, written out as a map; in byte order of the names. */
export function readDependencies(
  map: MapNode,
  problems: Problems,
): { readonly dependencies: readonly Dependency[]; readonly mentions: readonly Mention[] } {
  const dependencies: Dependency[] = [];
  const mentions: Mention[] = [];
  for (const [service, { key, value }] of map.entries) {
    mentions.push({ kind: 'service', name: service, spot: key });
    const dependency = problems.attempt(() =>
      dependencyOf(service, isNull(value) ? undefined : asMap(value), problems),
    );
    if (dependency !== undefined) dependencies.push(dependency);
  }
  return { dependencies: dependencies.sort((a, b) => (a.service < b.service ? -1 : 1)), mentions };
}

function dependencyOf(service: string, map: MapNode | undefined, problems: Problems): Dependency {
  if (map === undefined) return { service, condition: 'service_started', required: true, restart: false };
  checkKeys(map, 'depends_on', problems);
  const node = childOf(map, 'condition');
  const text = node === undefined ? 'service_started' : textOf(node);
  const condition = CONDITIONS.find((known) => known === text);
  if (condition === undefined)
    throw composeError((node ?? map).spot, `${JSON.stringify(text)} is no condition: ${CONDITIONS.join(', ')}`);
  return { service, condition, required: flagOf(map, 'required', true), restart: flagOf(map, 'restart', false) };
}
