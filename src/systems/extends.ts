import { dirname } from 'node:path';
import { suggestion } from '../base/suggestion.ts';
import {
  asMap,
  checkKeys,
  childOf,
  composeError,
  type Entry,
  type MapNode,
  mergeServices,
  pathOf,
  spotText,
  textOf,
  wordOf,
} from '../formats/compose/index.ts';
import type { ProjectFile } from './find-files.ts';
import { besides, loadFile, type Loading } from './load-file.ts';
import type { Env } from './variables.ts';

/** Services upon services. */
const MAX_STEPS = 50;

interface Surrounding {
  readonly file: ProjectFile;
  readonly env: Env;
  /** The files before this one: a service of an override may extend one of theirs. */
  readonly merged: MapNode | undefined;
  readonly loading: Loading;
}

interface Step {
  readonly key: string;
  readonly name: string;
  readonly at: string;
}

/** The file with every `extends` replaced by what it stands for (05-services.md): what the service says itself lies over it. */
export async function withExtends(tree: MapNode, around: Surrounding): Promise<MapNode> {
  const services = tree.entries.get('services');
  const node = services?.value;
  if (services === undefined || node?.kind !== 'map') return tree;
  const entries = new Map(node.entries);
  const loaded = new Map<string, MapNode>();
  for (const [name, entry] of node.entries) {
    if (entry.value.kind !== 'map' || childOf(entry.value, 'extends') === undefined) continue;
    entries.set(name, { key: entry.key, value: await extended(name, entry, { ...around, tree }, [], loaded) });
  }
  return {
    ...tree,
    entries: new Map(tree.entries).set('services', { key: services.key, value: { ...node, entries } }),
  };
}

interface Place extends Surrounding {
  readonly tree: MapNode;
}

async function extended(
  name: string,
  entry: Entry,
  place: Place,
  steps: readonly Step[],
  loaded: Map<string, MapNode>,
): Promise<MapNode> {
  const service = asMap(entry.value);
  const node = childOf(service, 'extends');
  if (node === undefined) return service;
  const map = asMap(node);
  checkKeys(map, 'extends', place.loading.problems);
  const wanted = childOf(map, 'service');
  if (wanted === undefined) throw composeError(map.spot, '`service` is missing: which one is extended');
  const base = wordOf(wanted);
  const key = `${place.file.path}\0${name}`;
  const way = [...steps, { key, name, at: spotText(map.spot) }];
  const from = steps.findIndex((step) => step.key === key);
  if (from !== -1) {
    const circle = way.slice(from);
    throw composeError(
      map.spot,
      `services extend each other in a circle: ${circle.map((step) => step.name).join(' → ')} (${circle
        .slice(0, -1)
        .map((step) => step.at)
        .join(', ')})`,
    );
  }
  if (way.length > MAX_STEPS) throw composeError(map.spot, `services extend each other more than ${MAX_STEPS} times`);
  const there = await placeOf(map, place, loaded);
  const found = serviceIn(there.tree, base) ?? (there.tree === place.tree ? serviceIn(place.merged, base) : undefined);
  if (found === undefined)
    throw composeError(
      wanted.spot,
      `no service is called ${JSON.stringify(base)} in ${there.file.name}${suggestion(base, namesIn(there.tree))}`,
    );
  const below = await extended(base, found, there, way, loaded);
  const own = new Map(service.entries);
  own.delete('extends');
  return mergeServices(below, { ...service, entries: own });
}

/** The file that `extends.file` names, or the same one. */
async function placeOf(map: MapNode, place: Place, loaded: Map<string, MapNode>): Promise<Place> {
  const node = childOf(map, 'file');
  if (node === undefined) return place;
  const path = pathOf(node, { env: place.env, projectName: '' });
  if (path === place.file.path) return place;
  const file = besides(place.file, path, textOf(node));
  const known = loaded.get(path);
  const tree = known ?? (await loadFile(file, dirname(path), place.env, place.loading, spotText(node.spot)));
  loaded.set(path, tree);
  return { ...place, file, tree, merged: undefined };
}

function serviceIn(tree: MapNode | undefined, name: string): Entry | undefined {
  const services = tree === undefined ? undefined : childOf(tree, 'services');
  return services?.kind === 'map' ? services.entries.get(name) : undefined;
}

function namesIn(tree: MapNode): readonly string[] {
  const services = childOf(tree, 'services');
  return services?.kind === 'map' ? [...services.entries.keys()] : [];
}
