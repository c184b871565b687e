import type { TreePath } from '../../base/path.ts';
import { isJson, type Json, type JsonFiles, listIn, objectIn, readJson, textIn } from './json.ts';

/** Frameworks that one file can ask for; real ones name one or two. */
const MAX_FRAMEWORKS = 64;

/** From the tightest to the widest (docs/design/features/framework-version-resolution.md). */
export const ROLL_FORWARD = ['Disable', 'LatestPatch', 'Minor', 'LatestMinor', 'Major', 'LatestMajor'] as const;
export type RollForward = (typeof ROLL_FORWARD)[number];

export interface FrameworkReference {
  readonly name: string;
  readonly version: string;
  readonly rollForward: RollForward;
  /** Whether a later patch is taken although the asked one is there. */
  readonly applyPatches: boolean;
}

/** What `NAME.runtimeconfig.json` says. */
export interface RuntimeConfig {
  readonly frameworks: readonly FrameworkReference[];
  /** `System.Globalization.Invariant` and their like, as text. */
  readonly properties: ReadonlyMap<string, string>;
  /** Folders where packages are looked for as well. */
  readonly probingPaths: readonly string[];
}

/** What the command line and the environment say, which wins over any file. */
export interface RollForwardOverride {
  readonly rollForward?: RollForward;
}

export async function readRuntimeConfig(
  files: JsonFiles,
  path: TreePath,
  override: RollForwardOverride,
): Promise<RuntimeConfig | undefined> {
  const json = await readJson(files, path);
  if (json === undefined) return undefined;
  const options = objectIn(json, 'runtimeOptions');
  const listed = listIn(options, 'frameworks').filter(isJson).slice(0, MAX_FRAMEWORKS);
  const single = objectIn(options, 'framework');
  const properties = new Map<string, string>();
  for (const [name, value] of Object.entries(objectIn(options, 'configProperties')))
    if (['string', 'number', 'boolean'].includes(typeof value)) properties.set(name, String(value));
  return {
    frameworks: [single, ...listed].flatMap((item) => referenceOf(item, options, override)),
    properties,
    probingPaths: probingPathsIn(options),
  };
}

/** A name would be a folder's: one that leads elsewhere is no framework. */
function referenceOf(item: Json, options: Json, override: RollForwardOverride): FrameworkReference[] {
  const name = textIn(item, 'name');
  const version = textIn(item, 'version');
  if (name === undefined || version === undefined || !/^[\w.-]+$/.test(name) || name.startsWith('.')) return [];
  const rollForward =
    override.rollForward ??
    parseRollForward(textIn(item, 'rollForward')) ??
    parseRollForward(textIn(options, 'rollForward')) ??
    legacy(item['rollForwardOnNoCandidateFx'] ?? options['rollForwardOnNoCandidateFx']) ??
    'Minor';
  const applyPatches = (item['applyPatches'] ?? options['applyPatches']) !== false;
  return [{ name, version, rollForward, applyPatches }];
}

/** In any case of letters. */
export function parseRollForward(text: string | undefined): RollForward | undefined {
  return ROLL_FORWARD.find((name) => name.toLowerCase() === text?.toLowerCase());
}

/** `rollForwardOnNoCandidateFx`, until .NET 11. */
function legacy(value: unknown): RollForward | undefined {
  return value === 0 ? 'LatestPatch' : value === 1 ? 'Minor' : value === 2 ? 'Major' : undefined;
}

function probingPathsIn(options: Json): string[] {
  const value = options['additionalProbingPaths'];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.filter((item): item is string => typeof item === 'string').slice(0, MAX_FRAMEWORKS);
}

/** `NAME.runtimeconfig.dev.json` only says where packages of a development machine are; a published application has none. */
export async function readDevProbingPaths(files: JsonFiles, path: TreePath): Promise<readonly string[]> {
  const json = await readJson(files, path);
  return json === undefined ? [] : probingPathsIn(objectIn(json, 'runtimeOptions'));
}
