import { bytesOfText, joinPath, nameOf, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import { folderAt } from '../node/files.ts';
import type { JsonFiles } from './json.ts';
import { chooseVersion, reconcile, type RollForwardOptions } from './roll-forward.ts';
import {
  type FrameworkReference,
  readRuntimeConfig,
  type RollForwardOverride,
  type RuntimeConfig,
} from './runtime-config.ts';
import { parseVersion, type Version } from './versions.ts';

/** As the host: a newer reference to a framework that was chosen already starts all over. */
const MAX_RETRIES = 100;
const MAX_DEPTH = 32;

/** A shared framework that was found. */
export interface Framework {
  readonly name: string;
  readonly version: Version;
  readonly folder: TreePath;
  readonly config: RuntimeConfig | undefined;
  /** "Microsoft.NETCore.App 3.1.32, chosen for 3.1.0 by roll-forward LatestPatch". */
  readonly because: string;
}

export interface FrameworkSearch extends RollForwardOverride {
  readonly files: JsonFiles;
  /** The folder of the muxer. */
  readonly root: TreePath;
  readonly toPrerelease: boolean;
}

/** The frameworks of an application, those nearest to it first; `missing` says what no installed version will do for. */
export interface Frameworks {
  readonly found: readonly Framework[];
  readonly missing: readonly string[];
}

/** Follows the references of the application and of the frameworks themselves (fx_resolver.cpp, read_framework). */
export async function resolveFrameworks(search: FrameworkSearch, app: RuntimeConfig): Promise<Frameworks> {
  const effective = new Map<string, FrameworkReference>();
  for (let round = 0; ; round++) {
    const found: Framework[] = [];
    const missing: string[] = [];
    const visit = async (config: RuntimeConfig, highest: boolean, depth: number): Promise<boolean> => {
      for (const reference of config.frameworks) {
        const known = effective.get(reference.name);
        const merged = known === undefined ? reference : reconcile(reference, known);
        if (merged === undefined) {
          missing.push(`${reference.name} ${reference.version} and ${known?.version ?? ''} at once`);
          continue;
        }
        const at = found.findIndex((framework) => framework.name === reference.name);
        effective.set(reference.name, merged);
        if (at !== -1) {
          if (known !== undefined && !same(known, merged)) return false;
          found.push(...found.splice(at, 1));
          continue;
        }
        const latest = highest || merged.rollForward === 'LatestMinor' || merged.rollForward === 'LatestMajor';
        const framework = await findFramework(search, merged, { toPrerelease: search.toPrerelease, highest });
        if (framework === undefined) {
          missing.push(`${merged.name} ${merged.version}`);
          continue;
        }
        found.push(framework);
        if (framework.config !== undefined && depth < MAX_DEPTH && !(await visit(framework.config, latest, depth + 1)))
          return false;
      }
      return true;
    };
    if ((await visit(app, false, 0)) || round >= MAX_RETRIES) return { found, missing };
  }
}

async function findFramework(
  search: FrameworkSearch,
  reference: FrameworkReference,
  options: RollForwardOptions,
): Promise<Framework | undefined> {
  const { files, root } = search;
  const parent = folderAt(files.tree, joinPath(joinPath(root, 'shared'), bytesOfText(reference.name)));
  if (parent === undefined) return undefined;
  const version = chooseVersion(versionsIn(files, parent.path), reference, options);
  if (version === undefined) return undefined;
  const folder = joinPath(parent.path, version.text);
  const config = await readRuntimeConfig(files, joinPath(folder, `${reference.name}.runtimeconfig.json`), search);
  return { name: reference.name, version, folder, config, because: reasonOf(reference, version) };
}

function reasonOf(reference: FrameworkReference, version: Version): string {
  if (version.text === reference.version) return `${reference.name} ${version.text}, as asked for`;
  const patch = parseVersion(reference.version)?.minor === version.minor && reference.rollForward === 'Minor';
  const rule = patch ? 'LatestPatch' : reference.rollForward;
  return `${reference.name} ${version.text}, chosen for ${reference.version} by roll-forward ${rule}`;
}

/** Of the folders there, those whose names are versions. */
export function versionsIn({ tree }: JsonFiles, parent: TreePath): Version[] {
  return tree.children(parent).flatMap((entry) => {
    if (folderAt(tree, entry.path) === undefined) return [];
    return parseVersion(textOfBytes(nameOf(entry.path))) ?? [];
  });
}

function same(a: FrameworkReference, b: FrameworkReference): boolean {
  return a.version === b.version && a.rollForward === b.rollForward && a.applyPatches === b.applyPatches;
}

/** For messages. */
export function showMissing(root: TreePath, missing: readonly string[]): string {
  return `${missing.join(', ')}: no installed version below ${showPath(joinPath(root, 'shared'))} will do`;
}
