import type { Warning } from '../../base/events.ts';
import { bytesOfText, joinPath, nameOf, parentOf, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import type { RootPath } from '../collect.ts';
import { isCheckedManifest } from '../dotnet/manifests.ts';
import { leadTo } from '../lead.ts';
import { locate } from '../locate.ts';
import type { ProcessContext, Root } from '../types.ts';
import { strongestVerb } from './accesses.ts';
import { judgeListing, type ListedFolder } from './listed.ts';
import { START_PHASE } from './phases.ts';
import type { Profile, ProfilePath } from './types.ts';

export interface ObservedInput {
  readonly profile: Profile;
  readonly tree: Tree;
  /** Of the process that the image starts. */
  readonly context: ProcessContext;
  /** Of the image: one that was never recorded is warned of. */
  readonly platform?: string;
  /** Whether a package of the operating system owns the path. Default: none does. */
  readonly system?: (path: TreePath) => boolean;
}

export interface Observed {
  /** In byte order of the profile's paths; after a listed folder, the entries that are kept with it. */
  readonly roots: readonly RootPath[];
  /** In byte order. */
  readonly listed: readonly ListedFolder[];
  readonly warnings: readonly Warning[];
}

/**
 * What a profile says is needed in this image. What was executed or opened is asked about by the analysers; what was only looked at (stat,
 * list, readlink, …) is kept as it is (`settled`), but for Python sources whose compiled form was opened. A path that the image
 * lacks is another architecture's, or gone since: counted in one warning.
 */
export function observedRoots(input: ObservedInput): Observed {
  const { profile, tree } = input;
  const named = new Set(profile.paths.map((row) => row.path));
  const loaded = loadedSources(profile.paths);
  const roots: RootPath[] = [];
  const listed: ListedFolder[] = [];
  const missing: TreePath[] = [];
  for (const row of profile.paths) {
    const lead = leadTo(tree, row.path);
    if (lead.hops.length === 0) {
      missing.push(row.path);
      continue;
    }
    if (onlyCounted(row, tree)) continue;
    roots.push(rootOf(row, input, loaded.has(row.path)));
    if (!row.how.includes('list') || lead.entry?.type !== 'directory') continue;
    const listing = judgeListing(tree, lead.entry.path, row.by, input.system ?? (() => false));
    listed.push(listing);
    const because = `an entry of ${showPath(row.path)}, which is listed${askedBy(row)}`;
    for (const { path } of listing.kept) {
      if (named.has(path)) continue;
      roots.push({ root: startOf(row), path, kind: 'looked-up', because, context: input.context, settled: true });
    }
  }
  return { roots, listed, warnings: warningsOf(input, missing, listed) };
}

/**
 * The host of .NET before version 8 looks whether every file that a framework lists is there, and opens those that the application needs. What it did not open
 * goes; the rule `dotnet-manifests` takes it off the list.
 */
function onlyCounted({ how, path }: ProfilePath, tree: Tree): boolean {
  // realpath(3) asks every component whether it is a link.
  if (how.some((access) => access !== 'stat' && access !== 'readlink')) return false;
  const folder = parentOf(path);
  const manifest = joinPath(folder, `${nameOf(parentOf(folder))}.deps.json`);
  return path !== manifest && isCheckedManifest(manifest) && tree.get(manifest) !== undefined;
}

/**
 * What was executed is asked about as a process of its own: which arguments it had, no profile tells.
 */
function rootOf(row: ProfilePath, { context, tree }: ObservedInput, loaded: boolean): RootPath {
  const { how, path } = row;
  const onlySeen = how.every((access) => access === 'stat' || access === 'write' || access === 'remove');
  const used = loaded || how.includes('exec') || how.includes('open');
  const own = !how.includes('exec') || isStarted(tree, path, context);
  return {
    root: startOf(row),
    path,
    kind: onlySeen && !loaded ? 'looked-up' : 'opened',
    because: `${strongestVerb(how)}${askedBy(row)}`,
    context: own ? context : { ...context, argv: [textOfBytes(path)] },
    ...(!used && { settled: true }),
  };
}

/** Whether the image starts that file itself. A name without a slash is looked up on PATH: the same name is taken for the same program. */
function isStarted(tree: Tree, path: TreePath, { argv: [program], cwd }: ProcessContext): boolean {
  if (program === undefined) return false;
  const bytes = bytesOfText(program);
  if (!bytes.includes('/')) return nameOf(path) === bytes;
  const located = locate(tree, cwd, bytes);
  const started = located === undefined ? undefined : tree.resolve(located.path)?.entry;
  return started !== undefined && tree.resolve(path)?.entry.path === started.path;
}

/** The phase that is named: the start, else the first. */
function phaseOf({ phases }: ProfilePath): string {
  return phases.includes(START_PHASE) ? START_PHASE : (phases[0] ?? START_PHASE);
}

function startOf(row: ProfilePath): Root {
  const phase = phaseOf(row);
  return phase === START_PHASE ? `observed:${START_PHASE}` : `probe:${phase}`;
}

/** ` by /usr/bin/python3.11 and 2 more during http GET 8080/`. */
function askedBy(row: ProfilePath): string {
  const phase = phaseOf(row);
  const [first] = row.by;
  const who = first === undefined ? '' : ` by ${showPath(first)}${more(row.by.length)}`;
  const others = row.phases.length - 1;
  const when = phase === START_PHASE ? 'at the start' : `during ${phase}`;
  return `${who} ${when}${others > 0 ? ` and in ${others} more phase${others === 1 ? '' : 's'}` : ''}`;
}

function more(count: number): string {
  return count > 1 ? ` and ${count - 1} more` : '';
}

/** `x/m.py` of every `x/__pycache__/m.*.pyc` that was opened (PEP 3147): Python only looks at the source, and yet it is what runs. */
function loadedSources(rows: readonly ProfilePath[]): ReadonlySet<TreePath> {
  const sources = new Set<TreePath>();
  for (const { how, path } of rows) {
    const folder = parentOf(path);
    const module = /^([^.]+)\.[^/]+\.pyc$/.exec(nameOf(path))?.[1];
    if (module !== undefined && how.includes('open') && nameOf(folder) === '__pycache__')
      sources.add(joinPath(parentOf(folder), `${module}.py`));
  }
  return sources;
}

function warningsOf(
  { platform, profile }: ObservedInput,
  missing: readonly TreePath[],
  listed: readonly ListedFolder[],
): Warning[] {
  const warnings: Warning[] = [];
  if (platform !== undefined && !profile.platforms.includes(platform)) {
    const recorded = profile.platforms.join(', ') || 'none';
    const message = `the profile was recorded on ${recorded}: what ${platform} alone needs is not in it`;
    warnings.push({ code: 'profile-platform', message });
  }
  if (missing.length > 0) {
    const message = `${missing.length} of ${profile.paths.length} paths of the profile are not in this image, the first of them ${showPath(missing[0] ?? '')}`;
    warnings.push({ code: 'profile-missing', message });
  }
  for (const { left, path } of listed) {
    if (left?.why !== 'system') continue;
    const shown = showPath(path);
    const message = `${shown} was listed: ${left.entries} entries of the operating system (${(left.bytes / 1e6).toFixed(1)} MB) are not kept because of that; include those that are needed`;
    warnings.push({ code: 'listed-folder', message, path: shown });
  }
  return warnings;
}
