import { composeError, listNode, mapNode, scalarNode, type Entry, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';

/** Short forms written out as far as merging needs it; the values stay as they are. Null: `a=b` or `a` in a list. */
type Rewrite = (node: Node) => Node;

const SERVICE: Readonly<Record<string, Rewrite>> = {
  annotations: assignments('='),
  build: withKey('context'),
  depends_on: named,
  dns: listed,
  dns_search: listed,
  env_file: listed,
  environment: assignments('='),
  extends: withKey('service'),
  extra_hosts: hosts,
  label_file: listed,
  labels: assignments('='),
  networks: named,
  sysctls: assignments('='),
  tmpfs: listed,
};

const BUILD: Readonly<Record<string, Rewrite>> = {
  additional_contexts: assignments('='),
  args: assignments('='),
  extra_hosts: hosts,
  labels: assignments('='),
  ssh: assignments('='),
};

const LABELLED: Readonly<Record<string, Rewrite>> = { labels: assignments('=') };

/** A whole file, so that maps can be merged with maps and lists with lists. What has the wrong kind stays as it is. */
export function canonicalFile(file: MapNode, problems: Problems): MapNode {
  const each =
    (rewrite: (node: MapNode) => Node): Rewrite =>
    (node) =>
      node.kind === 'map'
        ? rewritten(
            node,
            Object.fromEntries([...node.entries.keys()].map((key) => [key, asMapOnly(rewrite)])),
            problems,
          )
        : node;
  return rewritten(
    file,
    {
      services: each((service) => canonicalService(service, problems)),
      networks: each((node) => rewritten(node, LABELLED, problems)),
      volumes: each((node) => rewritten(node, LABELLED, problems)),
      configs: each((node) => rewritten(node, LABELLED, problems)),
      secrets: each((node) => rewritten(node, LABELLED, problems)),
    },
    problems,
  );
}

function canonicalService(service: MapNode, problems: Problems): MapNode {
  const outer = rewritten(service, SERVICE, problems);
  return rewritten(
    outer,
    {
      build: asMapOnly((node) => rewritten(node, BUILD, problems)),
      deploy: asMapOnly((node) => rewritten(node, LABELLED, problems)),
    },
    problems,
  );
}

const asMapOnly =
  (rewrite: (node: MapNode) => Node): Rewrite =>
  (node) =>
    node.kind === 'map' ? rewrite(node) : node;

function rewritten(node: MapNode, rewrites: Readonly<Record<string, Rewrite>>, problems: Problems): MapNode {
  const entries = new Map(node.entries);
  for (const [key, { key: spot, value }] of node.entries) {
    const rewrite = Object.hasOwn(rewrites, key) ? rewrites[key] : undefined;
    if (rewrite === undefined) continue;
    const changed = problems.attempt(() => rewrite(value));
    if (changed !== undefined)
      entries.set(key, { key: spot, value: value.tag === undefined ? changed : { ...changed, tag: value.tag } });
  }
  return { ...node, entries };
}

/** `[a=1, b]` → `{a: "1", b: null}`. */
function assignments(separator: string): Rewrite {
  return (node) => {
    if (node.kind !== 'list') return node;
    const entries = new Map<string, Entry>();
    for (const item of node.items) {
      if (item.kind !== 'scalar' || item.value === null)
        throw composeError(item.spot, `expected NAME${separator}VALUE`);
      const cut = item.text.indexOf(separator);
      const name = cut === -1 ? item.text : item.text.slice(0, cut);
      if (name === '') throw composeError(item.spot, `no name stands before the ${separator}`);
      entries.set(name, { key: item.spot, value: scalarNode(cut === -1 ? null : item.text.slice(cut + 1), item.spot) });
    }
    return mapNode(entries, node.spot);
  };
}

/** `host:address` or `host=address`, one or several for a host. */
function hosts(node: Node): Node {
  if (node.kind !== 'list') return node;
  const found = new Map<string, { readonly key: Entry['key']; readonly items: Node[] }>();
  for (const item of node.items) {
    const match = item.kind === 'scalar' ? /^([^:=]+)[:=](.+)$/.exec(item.text) : null;
    if (match === null) throw composeError(item.spot, 'expected HOST=ADDRESS or HOST:ADDRESS');
    const entry = found.get(match[1] ?? '') ?? { key: item.spot, items: [] };
    entry.items.push(scalarNode(match[2] ?? '', item.spot));
    found.set(match[1] ?? '', entry);
  }
  const entries = [...found].map(([name, { key, items }]) => [name, { key, value: listNode(items, key) }] as const);
  return mapNode(new Map(entries), node.spot);
}

function listed(node: Node): Node {
  return node.kind === 'list' || (node.kind === 'scalar' && node.value === null)
    ? node
    : listNode([untagged(node)], node.spot);
}

const untagged = (node: Node): Node => {
  const { tag: _tag, ...rest } = node;
  return rest;
};

/** `[a, b]` → `{a: null, b: null}`. */
function named(node: Node): Node {
  if (node.kind !== 'list') return node;
  const entries = new Map<string, Entry>();
  for (const item of node.items) {
    if (item.kind !== 'scalar' || item.text === '') throw composeError(item.spot, 'expected a name');
    entries.set(item.text, { key: item.spot, value: scalarNode(null, item.spot) });
  }
  return mapNode(entries, node.spot);
}

function withKey(key: string): Rewrite {
  return (node) =>
    node.kind === 'scalar' && node.value !== null
      ? mapNode(new Map([[key, { key: node.spot, value: untagged(node) }]]), node.spot)
      : node;
}
