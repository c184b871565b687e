import { join } from 'node:path';
import { throwIfCancelled } from '../base/context.ts';
import { TareError } from '../base/error.ts';
import { joinPath, pathOfText, ROOT, textOfBytes, type TreePath } from '../base/path.ts';
import { readConfig, type Config } from '../config/config.ts';
import type { Gathered } from '../evidence/gather.ts';
import { packageSource } from '../evidence/package-records.ts';
import { openFacts } from '../evidence/saved-facts.ts';
import type { ProcessContext } from '../evidence/types.ts';
import { DEFAULT_COMPRESSION, parseCompression } from '../pack/compression.ts';
import { ownerOf } from '../packages/index.ts';
import { applicationGroups } from '../plan/groups.ts';
import { makePlan } from '../plan/plan.ts';
import type { Plan } from '../plan/types.ts';
import { contentReader } from '../tree/content.ts';
import { overlay } from '../tree/overlay.ts';
import { treeOfDirectory } from '../tree/directory.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';
import { locateApplication, type Application } from './application.ts';
import { gatherEvidence } from './evidence.ts';
import { imageName } from './name.ts';
import { normalised } from './normalise.ts';
import { withoutPrivate } from './private-files.ts';
import { findRuntimes } from './runtimes/index.ts';
import { projectToPublish, publish } from './publish.ts';
import { relocated } from './runtimes/relocate.ts';
import type { Runtimes } from './runtimes/types.ts';
import { findStart } from './start/index.ts';
import type { Start } from './start/types.ts';
import { openWarehouse, type Warehouse } from './warehouse.ts';
import type { BuildOptions, BuildTools } from './types.ts';

const DEFAULT_USER = '65532:65532';
/** The last second of the year 9999: RFC 3339 has no later one. */
const MAX_EPOCH = 253_402_300_799;

/** Everything that is decided before a byte is packed. */
export interface Prepared {
  readonly settings: Config;
  readonly application: Application;
  readonly warehouse: Warehouse;
  readonly tree: Tree;
  /** The application's own tree, not yet mounted. */
  readonly own: Tree;
  readonly content: ContentReader;
  readonly start: Start;
  readonly runtimes: Runtimes;
  readonly gathered: Gathered;
  readonly plan: Plan;
  readonly name: string;
  readonly user: string;
  readonly epoch: number;
}

/** What is started, from which files: the part of the work that `tare init` needs as well. */
export type Detected = Pick<
  Prepared,
  'settings' | 'application' | 'warehouse' | 'tree' | 'own' | 'content' | 'start' | 'runtimes'
>;

export async function detectStart(
  options: BuildOptions,
  tools: BuildTools & { readonly scratch: () => Promise<string> },
  file?: Config,
): Promise<Detected> {
  const { ctx, store } = tools;
  const settings = mergeSettings(file ?? (await readConfig(options.dir)), options);
  parseCompression(settings.compression ?? DEFAULT_COMPRESSION);
  const application = await compiled(await locateApplication(options.dir, settings.workdir), options, tools);
  const offered = await openWarehouse({
    from: settings.from ?? 'host',
    platform: settings.platform,
    path: options.environment?.['PATH'] ?? '',
    store,
    ctx,
  });
  const content = eitherContent(offered);
  const isHost = offered.kind === 'host';
  const { moves, own, runtimes } = await findRuntimes({
    tree: offered.tree,
    content,
    searchPath: offered.searchPath,
    isHost,
    own: normalised(await treeOfDirectory(application.hostRoot)),
    hostRoot: pathOfText(application.hostRoot),
    mount: application.mount,
    ownDir: ownFolder(application),
    config: settings,
    environment: isHost ? (options.environment ?? {}) : {},
  });
  const warehouse = { ...offered, tree: relocated(offered.tree, moves) };
  const tree = overlay(warehouse.tree, own, application.mount);
  const start = await findStart({
    tree,
    content,
    app: application.dir,
    config: settings,
    searchPath: [...environmentPath(runtimes), ...warehouse.searchPath],
    runtimes,
    warn: (warning) => ctx.onEvent({ kind: 'warning', warning }),
  });
  return { settings, application, warehouse, tree, own, content, start, runtimes };
}

/** Settings, warehouse, Tree, evidence, Plan. */
export async function prepare(
  options: BuildOptions,
  tools: BuildTools & { readonly scratch: () => Promise<string> },
): Promise<Prepared> {
  const { ctx } = tools;
  const found = await detectStart(options, tools);
  const { application, content, own, runtimes, settings, start, tree, warehouse } = found;
  const user = settings.user ?? DEFAULT_USER;
  const name = imageName(settings.name, start.name, options.dir);
  const epoch = epochOf(options);
  ctx.onEvent({ kind: 'step.started', step: 'evidence', detail: start.entrypoint.join(' ') });
  const facts = await openFacts(tools.store.home);
  const packages = packageSource({
    tree,
    content,
    under: warehouse.kind === 'image' ? ROOT : application.mount,
    facts,
    warn: (warning) => ctx.onEvent({ kind: 'warning', warning }),
  });
  // The database of a whole machine is large; most builds on it can do without.
  const whole = warehouse.kind === 'image' || settings.tightness === 'packages';
  const databases = await (whole ? packages.all() : packages.ofLanguages());
  const evidence = await gatherEvidence({
    tree,
    content,
    app: application.dir,
    start,
    context: processContext(start, application.dir, imagePath(warehouse, runtimes)),
    tightness: settings.tightness ?? 'reachable',
    include: settings.include ?? [],
    exclude: settings.exclude ?? [],
    user,
    timezone: settings.timezone,
    databases,
    facts,
    ctx,
  });
  const gathered = withoutPrivate(evidence, warehouse, application.mount);
  throwIfCancelled(ctx.signal);
  for (const warning of gathered.warnings) ctx.onEvent({ kind: 'warning', warning });
  const runtimePaths = [...(start.runtime === undefined ? [] : [start.runtime]), ...(start.homes ?? [])];
  const records = await packages.records(gathered);
  await facts.save();
  const plan = makePlan({
    tree,
    graph: gathered.graph,
    add: [...gathered.add, ...records],
    excluded: gathered.excluded,
    groupOf: applicationGroups({
      app: application.mount,
      runtimes: new Set(runtimePaths.flatMap((path) => resolvedPaths(tree, path))),
      installed: runtimes.python?.venv === undefined ? [] : [runtimes.python.venv],
    }),
    offered: offeredBy(warehouse, own, application),
    ownerOf: (path) => ownerOf(databases, path)?.name,
    warnings: gathered.warnings,
  });
  ctx.onEvent({
    kind: 'step.done',
    step: 'evidence',
    detail: `${plan.keep.length + plan.add.length} paths kept, ${plan.drop.length} dropped`,
  });
  return {
    ...found,
    gathered,
    plan,
    name,
    user,
    epoch,
  };
}

/**
 * Flags win over tare.yaml, key by key; `env`, `labels`, `include` and `exclude` are joined. An `entry` that was told overrides an
 * `entrypoint` that was not.
 */
export function mergeSettings(file: Config, options: BuildOptions): Config {
  const { dir: _d, output: _o, epoch: _ep, verify: _v, environment: _en, sbom: _s, provenance: _p, ...flags } = options;
  const { entrypoint: _entrypoint, ...others } = file;
  return {
    ...(flags.entry === undefined ? file : others),
    ...flags,
    env: { ...file.env, ...flags.env },
    labels: { ...file.labels, ...flags.labels },
    include: [...(file.include ?? []), ...(flags.include ?? [])],
    exclude: [...(file.exclude ?? []), ...(flags.exclude ?? [])],
  };
}

/** @throws TareError E_USAGE */
export function epochOf(options: BuildOptions): number {
  const text = String(options.epoch ?? (options.environment?.['SOURCE_DATE_EPOCH'] || 0));
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= MAX_EPOCH) return value;
  throw new TareError('E_USAGE', `SOURCE_DATE_EPOCH=${JSON.stringify(text)} is not a count of seconds since 1970`, {
    hint: 'set it to an integer, or unset it',
  });
}

function processContext(start: Start, cwd: TreePath, path: string): ProcessContext {
  return {
    argv: [...start.entrypoint, ...start.cmd],
    env: { PATH: path, ...start.env },
    cwd,
  };
}

/** Content of the application is on the host; content of an image warehouse in its layers. A memory entry is in no place at all. */
function eitherContent(warehouse: Warehouse): ContentReader {
  const host = contentReader({ layerTar: () => Promise.reject(new Error('a host file is in no layer')) });
  const of = (entry: Entry): ContentReader => (entry.content?.in === 'layer' ? warehouse.content : host);
  return { read: (entry, range) => of(entry).read(entry, range), stream: (entry) => of(entry).stream(entry) };
}

/** What is compiled first is built from what comes out. */
async function compiled(
  application: Application,
  options: BuildOptions,
  { ctx, scratch }: BuildTools & { readonly scratch: () => Promise<string> },
): Promise<Application> {
  const own = join(application.hostRoot, textOfBytes(ownFolder(application)));
  const project = await projectToPublish(own);
  if (project === undefined) return application;
  const input = { dir: own, scratch: await scratch(), environment: options.environment ?? {}, ctx };
  return { ...application, hostRoot: await publish(input, project), dir: application.mount, isCompiled: true };
}

/** The application's own folder in its own tree. */
function ownFolder({ dir, mount }: Application): TreePath {
  if (dir === mount) return ROOT;
  return (mount === ROOT ? dir : dir.slice(mount.length)) as TreePath;
}

/** An environment's commands come first, as when it is activated. */
function environmentPath({ python }: Runtimes): TreePath[] {
  return python?.venv === undefined ? [] : [joinPath(python.venv, 'bin')];
}

/** PATH in the image. */
export function imagePath(warehouse: Warehouse, runtimes: Runtimes): string {
  return [...environmentPath(runtimes).map(textOfBytes), warehouse.path].join(':');
}

function resolvedPaths(tree: Tree, path: TreePath): TreePath[] {
  const found = tree.resolve(path);
  return found === undefined ? [path] : [path, ...found.via, found.entry.path];
}

/** What the reader of the Plan wants to see dropped: all of an image warehouse and of the application, not the whole host. */
function* offeredBy(warehouse: Warehouse, own: Tree, application: Application): Generator<Entry> {
  if (warehouse.kind === 'image') yield* warehouse.tree.walk();
  for (const entry of own.walk())
    yield {
      ...entry,
      path: pathOfText('/') === application.mount ? entry.path : (`${application.mount}${entry.path}` as TreePath),
    };
}
