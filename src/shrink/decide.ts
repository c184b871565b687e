import type { Context, Warning } from '../base/events.ts';
import { ROOT, type TreePath } from '../base/path.ts';
import { ANALYSERS, START_ANALYSERS } from '../evidence/analysers.ts';
import type { RootPath } from '../evidence/collect.ts';
import type { Facts } from '../evidence/facts.ts';
import { gather, type Gathered } from '../evidence/gather.ts';
import { includedPaths, pathMatcher } from '../evidence/include.ts';
import { memoised } from '../evidence/memoised.ts';
import type { PackageSource } from '../evidence/package-records.ts';
import { observedRoots } from '../evidence/observed/index.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { IMAGE_RULES, USED_RULES } from '../evidence/rules/index.ts';
import type { Analyser } from '../evidence/types.ts';
import type { Image } from '../oci/types.ts';
import { platformText } from '../oci/platform.ts';
import { ownerOf } from '../packages/index.ts';
import type { Package } from '../packages/types.ts';
import { imageGroups } from '../plan/groups.ts';
import { makePlan } from '../plan/plan.ts';
import type { Plan, Tightness } from '../plan/types.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import { applicationFolders, applicationRoots } from './application.ts';
import { clampedPath, workingFolder, type StartedProcess } from './start.ts';
import type { ShrinkOptions } from './types.ts';

export interface DecideInput {
  readonly image: Image;
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly started: readonly StartedProcess[];
  readonly options: ShrinkOptions;
  readonly tightness: Tightness;
  readonly profile: Profile | undefined;
  /** What verification found missing so far. */
  readonly repairs: readonly RootPath[];
  readonly packages: PackageSource;
  readonly analysers: Analysers;
  readonly facts: Facts;
  readonly ctx: Context;
}

/** They remember their answers: the same files are judged in every round. */
export interface Analysers {
  readonly all: readonly Analyser[];
  readonly start: readonly Analyser[];
}

export function createAnalysers(): Analysers {
  const made = (makers: readonly (() => Analyser)[]): readonly Analyser[] => makers.map((make) => memoised(make()));
  return { all: made(ANALYSERS), start: made(START_ANALYSERS) };
}

export interface Decision {
  readonly gathered: Gathered;
  readonly plan: Plan;
}

/** Evidence, static and observed, and the Plan that follows from it. @throws TareError what collecting and reading throw */
export async function decide(input: DecideInput): Promise<Decision> {
  const { image, packages, tree } = input;
  const { gathered, warnings } = await evidenceFor(input);
  const databases = await packages.all();
  const applications = applicationFolders(tree, workingFolder(image), gathered.graph);
  const plan = makePlan({
    tree,
    graph: gathered.graph,
    add: [...gathered.add, ...(await packages.records(gathered))],
    excluded: gathered.excluded,
    groupOf: imageGroups(applications, (path) => ownerOf(databases, path)),
    offered: tree.walk(),
    ownerOf: (path) => ownerOf(databases, path)?.name,
    warnings: [...warnings, ...gathered.warnings],
  });
  return { gathered, plan };
}

/** The evidence alone, and what was wrong with what was asked for. @throws TareError what collecting and reading throw */
export async function evidenceFor(
  input: DecideInput,
): Promise<{ readonly gathered: Gathered; readonly warnings: readonly Warning[] }> {
  const { analysers, content, ctx, facts, image, options, packages, tightness, tree } = input;
  const used = tightness === 'used';
  const workdir = workingFolder(image);
  const [context] = input.started.map((item) => item.context);
  if (context === undefined) throw new Error('nothing is started');
  const warnings: Warning[] = [];
  const warn = (warning: Warning): void => void warnings.push(warning);
  const include = includedPaths({ tree, app: workdir, patterns: options.include ?? [] }, warn);
  const databases = await packages.all();
  const observed =
    input.profile === undefined
      ? undefined
      : observedRoots({
          profile: input.profile,
          tree,
          context,
          platform: platformText(image.config),
          system: (path) => isSystems(ownerOf(databases, path)),
        });
  warnings.push(...(observed?.warnings ?? []));
  const onlyObserved = used && observed !== undefined;
  const gathered = await gather({
    tree,
    content,
    facts,
    ctx,
    databases,
    context,
    roots: [
      ...input.started.map((item): RootPath => ({
        root: item.root,
        path: item.program,
        kind: item.root === 'entrypoint' ? 'entrypoint' : 'command',
        because: item.because,
        context: item.context,
      })),
      ...include.map((path): RootPath => ({
        root: 'include',
        path,
        kind: 'include',
        because: 'asked for by include',
        context,
      })),
      ...(observed?.roots ?? []),
      ...input.repairs,
    ],
    analysers: onlyObserved ? analysers.start : analysers.all,
    rules: used ? USED_RULES : IMAGE_RULES,
    ruleOptions: { user: image.config.config?.User ?? '', folders: promisedFolders(image, workdir) },
    wholePackages: tightness === 'packages',
    excluded: pathMatcher(workdir, options.exclude ?? []),
    ...(used ? {} : { more: (graph) => applicationRoots(tree, applicationFolders(tree, workdir, graph), context) }),
  });
  return { gathered, warnings };
}

const isSystems = (owner: Package | undefined): boolean => owner?.manager === 'dpkg' || owner?.manager === 'apk';

/** Volumes are mounted there, and the process starts in the working folder. */
function promisedFolders(image: Image, workdir: TreePath): TreePath[] {
  const volumes = Object.keys(image.config.config?.Volumes ?? {}).filter((path) => path.startsWith('/'));
  return [...volumes.map(clampedPath), workdir].filter((path) => path !== ROOT);
}
