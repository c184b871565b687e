import { bytesOfText, type ByteString, type TreePath } from '../../base/path.ts';
import { isJson, type Json, type JsonFiles, objectIn, readJson, textIn } from './json.ts';

/** Files that one deps.json can list; the largest real ones list some thousands. */
const MAX_ASSETS = 100_000;

export type AssetType = 'runtime' | 'native' | 'resources';
const ASSET_TYPES: readonly AssetType[] = ['runtime', 'native', 'resources'];

/** One file that a deps.json lists for the machine at hand. */
export interface Asset {
  readonly type: AssetType;
  /** `Newtonsoft.Json/13.0.1` */
  readonly library: string;
  /** Of the package in a folder of packages; undefined for what is no package. */
  readonly libraryPath: string | undefined;
  /** As it stands there: `lib/netstandard2.0/Newtonsoft.Json.dll`. */
  readonly path: string;
  /** Where it is in the folder of the application or framework, relative to that. */
  readonly local: ByteString;
  /** Set when it is for one kind of machine only: then it keeps its own folders. */
  readonly rid: string | undefined;
  readonly assemblyVersion: string;
  readonly fileVersion: string;
}

/** What `NAME.deps.json` says. */
export interface Deps {
  readonly path: TreePath;
  readonly assets: readonly Asset[];
  /** The RID graph: from a machine's name to the more general ones, nearest first. */
  readonly runtimes: ReadonlyMap<string, readonly string[]>;
}

/** @param ridsOf the names of this machine, nearest first, when the graph of this file is known */
export async function readDeps(
  files: JsonFiles,
  path: TreePath,
  ridsOf: (runtimes: Deps['runtimes']) => readonly string[],
): Promise<Deps | undefined> {
  const json = await readJson(files, path);
  if (json === undefined) return undefined;
  const runtimes = new Map<string, readonly string[]>();
  for (const [rid, wider] of Object.entries(objectIn(json, 'runtimes')))
    if (Array.isArray(wider))
      runtimes.set(
        rid,
        wider.filter((item): item is string => typeof item === 'string'),
      );
  const rids = ridsOf(runtimes);
  const packages = objectIn(json, 'libraries');
  const assets: Asset[] = [];
  for (const [library, value] of Object.entries(targetOf(json))) {
    if (!isJson(value)) continue;
    const libraryPath = textIn(objectIn(packages, library), 'path');
    for (const type of ASSET_TYPES)
      for (const asset of assetsOf(value, type, rids)) {
        if (assets.length >= MAX_ASSETS) break;
        assets.push({ ...asset, library, libraryPath });
      }
  }
  return { path, assets, runtimes };
}

/** The target that `runtimeTarget` names: a name, or an object with one. */
export function targetOf(json: Json): Json {
  const target = json['runtimeTarget'];
  const name = typeof target === 'string' ? target : textIn(objectIn(json, 'runtimeTarget'), 'name');
  return objectIn(objectIn(json, 'targets'), name ?? '');
}

type OwnAsset = Omit<Asset, 'library' | 'libraryPath'>;

/** Files for this machine take the place of those for all (deps_format.cpp, process_targets). */
function assetsOf(library: Json, type: AssetType, rids: readonly string[]): OwnAsset[] {
  const special = new Map<string, OwnAsset[]>();
  for (const [path, value] of Object.entries(objectIn(library, 'runtimeTargets'))) {
    if (!isJson(value) || textIn(value, 'assetType') !== type) continue;
    const rid = textIn(value, 'rid') ?? '';
    const asset = assetOf(type, path, { value, rid });
    if (asset !== undefined) special.set(rid, [...(special.get(rid) ?? []), asset]);
  }
  const rid = rids.find((name) => special.has(name));
  if (rid !== undefined) return special.get(rid) ?? [];
  return Object.entries(objectIn(library, type)).flatMap(
    ([path, value]) => assetOf(type, path, { value: isJson(value) ? value : {}, rid: undefined }) ?? [],
  );
}

function assetOf(
  type: AssetType,
  path: string,
  { rid, value }: { readonly value: Json; readonly rid: string | undefined },
): OwnAsset | undefined {
  const local = localPath(type, path, rid, textIn(value, 'localPath'));
  // A placeholder for "nothing needed here"; and no list may lead out of its folder.
  if (path.endsWith('/_._') || local.split('/').includes('..') || local.includes('\0')) return undefined;
  return {
    type,
    path,
    local: bytesOfText(local),
    rid,
    assemblyVersion: textIn(value, 'assemblyVersion') ?? '',
    fileVersion: textIn(value, 'fileVersion') ?? '',
  };
}

/** `dotnet publish` copies flat, but what is for one kind of machine and, one folder deep, what is for one language (deps_entry.cpp, to_dir_path). */
export function localPath(type: AssetType, path: string, rid: string | undefined, given?: string): string {
  if (given !== undefined) return given;
  if (rid !== undefined) return path;
  return path
    .split('/')
    .slice(type === 'resources' ? -2 : -1)
    .join('/');
}
