import { dirname } from 'node:path';
import {
  asMap,
  checkKeys,
  childOf,
  composeError,
  type Entry,
  isNull,
  isRemote,
  listOf,
  mapNode,
  type MapNode,
  type Node,
  pathOf,
  spotText,
  textOf,
  withoutResets,
} from '../formats/compose/index.ts';
import type { ProjectFile } from './find-files.ts';
import { besides, type Loading } from './load-file.ts';
import { readDotenvOf, readEnvFiles, type Env } from './variables.ts';

/** Files that include files. */
const MAX_DEPTH = 20;
const SECTIONS = ['services', 'networks', 'volumes', 'configs', 'secrets'] as const;

export interface Model {
  readonly files: readonly ProjectFile[];
  /** Absolute: where relative paths begin. */
  readonly dir: string;
  readonly env: Env;
  /** Files whose `include` led here. */
  readonly trail: readonly string[];
}

interface Surrounding {
  readonly file: ProjectFile;
  readonly model: Model;
  readonly loading: Loading;
  readonly load: (model: Model, loading: Loading) => Promise<MapNode>;
}

/** The file together with what it includes (14-include.md). A name that both have is a problem. */
export async function withIncludes(tree: MapNode, around: Surrounding): Promise<MapNode> {
  const node = childOf(tree, 'include');
  if (node === undefined) return tree;
  const { file, model } = around;
  const from = model.trail.indexOf(file.path);
  if (from !== -1)
    throw composeError(
      node.spot,
      `files include each other in a circle: ${[...model.trail.slice(from), file.path].join(' → ')}`,
    );
  if (model.trail.length >= MAX_DEPTH)
    throw composeError(node.spot, `files include each other more than ${MAX_DEPTH} times`);
  let whole: MapNode = { ...tree, entries: new Map([...tree.entries].filter(([key]) => key !== 'include')) };
  for (const item of listOf(node)) {
    const included = await around.load(await modelOf(item, around), around.loading);
    whole = united(whole, withoutResets(included), around.loading);
  }
  return whole;
}

async function modelOf(item: Node, { file, model, loading }: Surrounding): Promise<Model> {
  const map = item.kind === 'map' ? item : mapNode(new Map([['path', { key: item.spot, value: item }]]), item.spot);
  checkKeys(map, 'include', loading.problems);
  const paths = listOf(childOf(map, 'path'));
  const [first] = paths;
  if (first === undefined) throw composeError(item.spot, '`path` is missing: which file is included');
  const here = { env: model.env, projectName: '' };
  const files = paths.map((node) => {
    if (isRemote(textOf(node)))
      throw composeError(node.spot, 'files of other machines are not included', {
        code: 'E_COMPOSE_UNSUPPORTED',
        hint: 'fetch it, and include the file',
      });
    return besides(file, pathOf(node, here), textOf(node));
  });
  const folder = childOf(map, 'project_directory');
  const dir = folder === undefined ? dirname(files[0]?.path ?? file.path) : pathOf(folder, here);
  const trail = [...model.trail, file.path];
  for (const [index, { path }] of files.entries())
    if (trail.includes(path))
      throw composeError(
        (paths[index] ?? first).spot,
        `files include each other in a circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`,
      );
  return { files, dir, env: await envOf(map, dir, model.env, loading), trail };
}

/** Variables of the project count before those of an included `.env`. */
async function envOf(map: MapNode, dir: string, env: Env, loading: Loading): Promise<Env> {
  const node = childOf(map, 'env_file');
  if (node === undefined) return readDotenvOf(dir, env, loading.problems);
  const names = listOf(node).map((item) => pathOf(item, { env, projectName: '' }));
  return readEnvFiles(names, dir, env, loading.problems);
}

function united(base: MapNode, more: MapNode, loading: Loading): MapNode {
  const entries = new Map(base.entries);
  for (const section of SECTIONS) {
    const added = more.entries.get(section);
    if (added === undefined || isNull(added.value)) continue;
    const before = base.entries.get(section);
    const found = new Map(before === undefined || isNull(before.value) ? [] : asMap(before.value).entries);
    for (const [name, entry] of asMap(added.value).entries) {
      const other = found.get(name);
      if (other === undefined) found.set(name, entry);
      else if (!samePlace(other, entry)) loading.problems.attempt(() => clash(name, section, other, entry));
    }
    const { key, value } = before ?? added;
    entries.set(section, { key, value: mapNode(found, value.spot) });
  }
  return { ...base, entries };
}

/** One file that is included by two. */
const samePlace = (a: Entry, b: Entry): boolean => spotText(a.key) === spotText(b.key);

function clash(name: string, section: (typeof SECTIONS)[number], a: Entry, b: Entry): never {
  const kind = section.slice(0, -1);
  throw composeError(b.key, `the ${kind} ${JSON.stringify(name)} is there already: ${spotText(a.key)}`, {
    hint: 'rename one of them; or change what is included in a compose.override.yaml',
  });
}
