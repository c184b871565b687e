import { isNull, type Entry, type ListNode, type MapNode, type Node } from './node.ts';
import { portKey } from './ports.ts';
import { mountTarget } from './volumes.ts';

/*
 * Several files are one project (13-merge.md): maps are merged, lists appended, some lists by what must be unique in them, and
 * everything else is replaced. Both sides have been through `canonicalFile`.
 */

/** The later of two nodes over the earlier one; `path` begins at the root of the file. */
export function mergeNodes(base: Node, over: Node, path: readonly string[] = []): Node {
  if (over.tag === 'override' || base.kind !== over.kind) return over;
  if (over.kind === 'scalar' || REPLACED.has(ruleOf(path))) return over;
  if (over.kind === 'map' && base.kind === 'map') return mergeMaps(base, over, path);
  if (over.kind === 'list' && base.kind === 'list') return mergeLists(base, over, path);
  return over;
}

export const mergeFiles = (base: MapNode, over: MapNode): MapNode => mergeMaps(base, over, []);

export const mergeServices = (base: MapNode, over: MapNode): MapNode => mergeMaps(base, over, ['services', '*']);

function mergeMaps(base: MapNode, over: MapNode, path: readonly string[]): MapNode {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const before = entries.get(key);
    if (entry.value.tag === 'reset') {
      entries.delete(key);
      continue;
    }
    entries.set(key, before === undefined ? entry : mergedEntry(before, entry, [...path, key]));
  }
  return { ...over, entries };
}

function mergedEntry(before: Entry, entry: Entry, path: readonly string[]): Entry {
  // Nothing says nothing new (`!reset` takes away), but for variables: there it means that of the environment.
  if (isNull(entry.value) && entry.value.tag === undefined && !NULL_SPEAKS.has(ruleOf(path.slice(0, -1))))
    return before;
  return { key: entry.key, value: mergeNodes(before.value, entry.value, path) };
}

/** What a path is to the rules: names of services do not matter. */
function ruleOf(path: readonly string[]): string {
  return path[0] === 'services' ? path.slice(2).join('.') : '';
}

const REPLACED: ReadonlySet<string> = new Set(['command', 'entrypoint', 'healthcheck.test']);
const NULL_SPEAKS: ReadonlySet<string> = new Set(['environment', 'build.args']);

/** By what the items of a list are told apart; undefined: they are not. */
const UNIQUE: Readonly<Record<string, (node: Node) => string | undefined>> = {
  ports: portKey,
  volumes: mountTarget,
  secrets: grantTarget('/run/secrets/'),
  configs: grantTarget('/'),
  tmpfs: textOf,
  expose: textOf,
  cap_add: textOf,
  cap_drop: textOf,
  profiles: textOf,
  dns: textOf,
  dns_search: textOf,
  dns_opt: textOf,
  security_opt: textOf,
  group_add: textOf,
  'build.secrets': grantTarget(''),
  'build.tags': textOf,
  'build.platforms': textOf,
};

function mergeLists(base: ListNode, over: ListNode, path: readonly string[]): ListNode {
  const rule = ruleOf(path);
  const keyOf = Object.hasOwn(UNIQUE, rule) ? UNIQUE[rule] : undefined;
  if (keyOf === undefined) return { ...over, items: [...base.items, ...over.items] };
  const items = [...base.items];
  const places = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    if (key !== undefined) places.set(key, index);
  }
  for (const item of over.items) {
    const key = keyOf(item);
    const place = key === undefined ? undefined : places.get(key);
    if (place !== undefined) items[place] = mergeNodes(items[place] as Node, item, [...path, '*']);
    else {
      if (key !== undefined) places.set(key, items.length);
      items.push(item);
    }
  }
  return { ...over, items };
}

function textOf(node: Node): string | undefined {
  return node.kind === 'scalar' ? node.text : undefined;
}

/** A config or secret by where it appears. */
function grantTarget(folder: string): (node: Node) => string | undefined {
  return (node) => {
    if (node.kind === 'scalar') return `${folder}${node.text}`;
    if (node.kind !== 'map') return undefined;
    const target = node.entries.get('target')?.value ?? node.entries.get('source')?.value;
    if (target?.kind !== 'scalar') return undefined;
    return target.text.startsWith('/') ? target.text : `${folder}${target.text}`;
  };
}

/** Takes out what is still marked `!reset`: there was nothing before it. */
export function withoutResets<T extends Node>(node: T): T {
  return clean(node) as T;
}

function clean(node: Node): Node {
  if (node.kind === 'list') return { ...node, items: node.items.filter(({ tag }) => tag !== 'reset').map(clean) };
  if (node.kind === 'scalar') return node;
  const kept = [...node.entries].filter(([, { value }]) => value.tag !== 'reset');
  return { ...node, entries: new Map(kept.map(([name, { key, value }]) => [name, { key, value: clean(value) }])) };
}
