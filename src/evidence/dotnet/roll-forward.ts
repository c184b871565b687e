import { type FrameworkReference, ROLL_FORWARD, type RollForward } from './runtime-config.ts';
import { compareVersions, parseVersion, type Version } from './versions.ts';

export interface RollForwardOptions {
  /** DOTNET_ROLL_FORWARD_TO_PRERELEASE=1: pre-releases are as good as releases. */
  readonly toPrerelease: boolean;
  /** A framework above was chosen by LatestMinor or LatestMajor: so are those that it asks for. */
  readonly highest: boolean;
}

/**
 * The installed version that a reference gets; undefined when none will do.
 * Algorithm: dotnet/core-setup, src/corehost/cli/fxr/fx_resolver.cpp (resolve_framework_reference_from_version_list), and
 * dotnet/runtime, docs/design/features/framework-version-resolution.md.
 */
export function chooseVersion(
  installed: readonly Version[],
  reference: FrameworkReference,
  options: RollForwardOptions,
): Version | undefined {
  const asked = parseVersion(reference.version);
  if (asked === undefined) return undefined;
  const { applyPatches, rollForward } = reference;
  const isPre = asked.pre.length > 0;
  if (rollForward === 'Disable' || (rollForward === 'LatestPatch' && !applyPatches && !isPre))
    return installed.find((version) => version.text === reference.version);
  const releases = installed.filter((version) => version.pre.length === 0);
  const wanted = { asked, applyPatches, rollForward, highest: options.highest };
  const preferRelease = !isPre && !options.toPrerelease;
  return (preferRelease ? best(releases, wanted) : undefined) ?? best(installed, wanted);
}

interface Wanted {
  readonly asked: Version;
  readonly applyPatches: boolean;
  readonly rollForward: RollForward;
  readonly highest: boolean;
}

function best(
  versions: readonly Version[],
  { applyPatches, asked, highest, rollForward }: Wanted,
): Version | undefined {
  const sorted = versions.filter((version) => compareVersions(version, asked) >= 0).sort(compareVersions);
  const wide = rollForward === 'Major' || rollForward === 'LatestMajor';
  const range = wide ? sorted : sorted.filter((version) => version.major === asked.major);
  const latest = highest || rollForward === 'LatestMinor' || rollForward === 'LatestMajor';
  const start = rollForward === 'LatestPatch' ? undefined : latest ? range.at(-1) : range[0];
  if (rollForward !== 'LatestPatch' && start === undefined) return undefined;
  const from = start ?? asked;
  if (!applyPatches && asked.pre.length === 0) return start;
  const patches = sorted.filter(
    (version) =>
      version.major === from.major &&
      version.minor === from.minor &&
      compareVersions(version, from) >= 0 &&
      (applyPatches || version.patch === from.patch),
  );
  return patches.at(-1) ?? start;
}

/** Two references to one framework become one: the higher version, the tighter rules. Undefined when the lower one does not allow the higher. */
export function reconcile(a: FrameworkReference, b: FrameworkReference): FrameworkReference | undefined {
  const [left, right] = [parseVersion(a.version), parseVersion(b.version)];
  if (left === undefined || right === undefined) return undefined;
  const [low, high] = compareVersions(left, right) >= 0 ? [b, a] : [a, b];
  const [lowest, highest] = low === b ? [right, left] : [left, right];
  if (!allows(low, lowest, highest)) return undefined;
  const rollForward =
    ROLL_FORWARD.find((name) => name === low.rollForward || name === high.rollForward) ?? high.rollForward;
  return { ...high, rollForward, applyPatches: low.applyPatches && high.applyPatches };
}

function allows(reference: FrameworkReference, from: Version, to: Version): boolean {
  const { applyPatches, rollForward } = reference;
  if (compareVersions(from, to) === 0) return true;
  if (rollForward === 'Disable') return false;
  if (from.major !== to.major) return rollForward === 'Major' || rollForward === 'LatestMajor';
  if (from.minor !== to.minor) return rollForward !== 'LatestPatch';
  return rollForward !== 'LatestPatch' || applyPatches || (from.pre.length > 0 && from.patch === to.patch);
}
