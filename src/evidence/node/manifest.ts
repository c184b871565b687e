import { bytesOfText, joinPath, nameOf, parentOf, type TreePath } from '../../base/path.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { fileAt, readText } from './files.ts';

/** A package.json beyond this is not read: node itself would choke on what could fill it. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024; // 4 MiB

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One package.json. */
export interface Manifest {
  /** The folder, as it was asked for (perhaps through links). */
  readonly dir: TreePath;
  readonly path: TreePath;
  readonly json: JsonObject;
}

export interface Manifests {
  /** Of the package.json of this very folder. Undefined when there is none that can be read. */
  at(dir: TreePath): Promise<Manifest | undefined>;
  /** Of the package that a file belongs to: the nearest one above it that is not beyond a node_modules folder. */
  of(file: TreePath): Promise<Manifest | undefined>;
}

/** Reads each package.json of a tree once. */
export function manifestsOf(tree: Tree, content: ContentReader): Manifests {
  const known = new Map<TreePath, Promise<Manifest | undefined>>();
  const at = (dir: TreePath): Promise<Manifest | undefined> => {
    let found = known.get(dir);
    if (found === undefined) {
      found = readManifest(tree, content, dir);
      known.set(dir, found);
    }
    return found;
  };
  return {
    at,
    async of(file) {
      for (let dir = parentOf(file); ; dir = parentOf(dir)) {
        if (nameOf(dir) === 'node_modules') return undefined;
        const manifest = await at(dir);
        if (manifest !== undefined || dir === '/') return manifest;
      }
    },
  };
}

async function readManifest(tree: Tree, content: ContentReader, dir: TreePath): Promise<Manifest | undefined> {
  const path = joinPath(dir, bytesOfText('package.json'));
  const entry = fileAt(tree, path);
  if (entry === undefined || entry.size > MAX_MANIFEST_BYTES) return undefined;
  const json = parseObject(await readText(content, entry));
  return json === undefined ? undefined : { dir, path, json };
}

/** Undefined for anything that is not a JSON object. */
function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text) as Json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function asObject(value: Json | undefined): JsonObject | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** A member of its own (`__proto__` and friends are not). */
export function memberOf(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

export function textMember(object: JsonObject | undefined, key: string): string | undefined {
  const value = memberOf(object, key);
  return typeof value === 'string' ? value : undefined;
}
