import { bytesOfText, nameOf, parentOf, textOfBytes, joinPath, type TreePath } from '../../base/path.ts';
import { fileAt, resolveName, resolveText } from '../node/files.ts';
import type { AnalyserTools, Edge, ProcessContext } from '../types.ts';
import { type Asset, type Deps, readDeps } from './deps.ts';
import type { Framework } from './frameworks.ts';
import type { JsonFiles } from './json.ts';
import { type Machine, ridsOf } from './machine.ts';
import { readDevProbingPaths, type RuntimeConfig } from './runtime-config.ts';
import type { Start } from './start.ts';
import { compareQuads } from './versions.ts';

/** A file that the application or a framework offers. */
export interface Offered {
  readonly path: TreePath;
  readonly asset: Asset | undefined;
}

/** Assemblies that are there when a file lists none, better kinds first. */
const ASSEMBLY = /\.(?:dll|exe)$/i;

/** What the lists of the application and its frameworks say. */
export interface Listed {
  readonly app: Deps | undefined;
  readonly frameworks: ReadonlyMap<Framework, Deps>;
  readonly graph: Deps['runtimes'];
}

/** The RID graph is the one of the framework at the bottom; that of a self-contained application is its own. */
export async function readAllDeps(
  files: JsonFiles,
  machine: Machine,
  { appDeps, frameworks }: { readonly frameworks: readonly Framework[]; readonly appDeps: TreePath | undefined },
): Promise<Listed> {
  const found = new Map<Framework, Deps>();
  let graph: Deps['runtimes'] = new Map();
  for (const framework of [...frameworks].reverse()) {
    const path = joinPath(framework.folder, `${framework.name}.deps.json`);
    const deps = await readDeps(files, path, (own) => ridsOf(machine, own.size > 0 ? own : graph));
    if (deps === undefined) continue;
    found.set(framework, deps);
    if (graph.size === 0) graph = deps.runtimes;
  }
  const app =
    appDeps === undefined
      ? undefined
      : await readDeps(files, appDeps, (own) => ridsOf(machine, graph.size > 0 ? graph : own));
  return { app, frameworks: found, graph };
}

/** Where packages are looked for as well, as the command line and the settings say. */
export async function probingFolders(
  files: JsonFiles,
  {
    base,
    config,
    cwd,
    options,
  }: {
    readonly base: TreePath;
    readonly config: RuntimeConfig | undefined;
    readonly options: readonly string[];
    readonly cwd: TreePath;
  },
): Promise<readonly TreePath[]> {
  const dev = await readDevProbingPaths(files, `${base}.runtimeconfig.dev.json` as TreePath);
  return [...options, ...(config?.probingPaths ?? []), ...dev].flatMap((text) => resolveText(cwd, text) ?? []);
}

interface OwnInput {
  readonly app: TreePath;
  readonly folder: TreePath;
  readonly deps: Deps | undefined;
  readonly probing: readonly TreePath[];
}

/** What deps.json lists and is there; without one, every assembly in the folder. */
export function ownFiles({ tree }: AnalyserTools, { app, deps, folder, probing }: OwnInput): Offered[] {
  const out: Offered[] = [{ path: app, asset: undefined }];
  if (deps === undefined) {
    for (const entry of tree.children(folder))
      if (ASSEMBLY.test(entry.path) && fileAt(tree, entry.path) !== undefined)
        out.push({ path: entry.path, asset: undefined });
    return out;
  }
  for (const asset of deps.assets) {
    const path = placeOf(tree, asset, { folder, probing });
    if (path !== undefined) out.push({ path, asset });
  }
  return out;
}

/** Beside the application, then in folders of packages (docs/design/features/host-probing.md). */
function placeOf(
  tree: AnalyserTools['tree'],
  asset: Asset,
  { folder, probing }: { readonly folder: TreePath; readonly probing: readonly TreePath[] },
): TreePath | undefined {
  const [packagePath, path] = [asset.libraryPath ?? asset.library.toLowerCase(), asset.path].map(bytesOfText);
  const candidates = [
    resolveName(folder, asset.local),
    ...probing.map((probe) => resolveName(probe, `./${packagePath ?? ''}/${path ?? ''}`)),
  ];
  return candidates
    .map((item) => (item === undefined ? undefined : fileAt(tree, item)?.path))
    .find((item) => item !== undefined);
}

/** DOTNET_ADDITIONAL_DEPS and --additional-deps: further lists, whose files count as the application's. */
export async function additionalDeps(
  files: JsonFiles,
  machine: Machine,
  {
    context,
    folder,
    graph,
    owner,
    start,
  }: {
    readonly start: Start;
    readonly context: ProcessContext;
    readonly folder: TreePath;
    readonly graph: Deps['runtimes'];
    readonly owner: TreePath;
  },
  edges: Edge[],
): Promise<Offered[]> {
  const texts = [...start.options.additionalDeps, context.env['DOTNET_ADDITIONAL_DEPS'] ?? ''].flatMap((text) =>
    text.split(':'),
  );
  const out: Offered[] = [];
  for (const text of texts.filter((item) => item.endsWith('.deps.json'))) {
    const path = resolveText(context.cwd, text);
    const deps = path === undefined ? undefined : await readDeps(files, path, () => ridsOf(machine, graph));
    if (path === undefined || deps === undefined) continue;
    edges.push({
      from: owner,
      to: path,
      kind: 'config',
      because: 'named as additional dependencies',
      certainty: 'sure',
    });
    for (const asset of deps.assets) {
      const place = placeOf(files.tree, asset, { folder, probing: [] });
      if (place !== undefined) out.push({ path: place, asset });
    }
  }
  return out;
}

/** The first of a name wins, but for a framework's that is newer (deps_resolver.cpp, resolve_tpa_list). */
export function assembliesOf(
  { tree }: AnalyserTools,
  {
    app,
    frameworks,
    listed,
    own,
  }: {
    readonly app: TreePath | undefined;
    readonly own: readonly Offered[];
    readonly frameworks: readonly Framework[];
    readonly listed: Listed;
  },
): Map<string, Offered> {
  const out = new Map<string, Offered>();
  const offer = (item: Offered): void => {
    if (item.asset !== undefined && item.asset.type !== 'runtime') return;
    const name = textOfBytes(nameOf(item.path)).replace(ASSEMBLY, '').toLowerCase();
    const known = out.get(name);
    if (known === undefined || isNewer(item.asset, known.asset)) out.set(name, item);
  };
  for (const item of own) offer(item);
  for (const framework of frameworks)
    for (const asset of listed.frameworks.get(framework)?.assets ?? []) {
      const path = resolveName(framework.folder, asset.local);
      const found = path === undefined ? undefined : fileAt(tree, path)?.path;
      if (found !== undefined && found !== app) offer({ path: found, asset });
    }
  return out;
}

function isNewer(asset: Asset | undefined, known: Asset | undefined): boolean {
  if (asset === undefined || known === undefined) return false;
  const order = compareQuads(asset.assemblyVersion, known.assemblyVersion);
  return order > 0 || (order === 0 && compareQuads(asset.fileVersion, known.fileVersion) > 0);
}

/** Where native libraries are looked for, in order. */
export function nativeFoldersOf({
  folder,
  frameworks,
  own,
}: {
  readonly folder: TreePath | undefined;
  readonly own: readonly Offered[];
  readonly frameworks: readonly Framework[];
}): TreePath[] {
  const natives = own.filter((item) => item.asset?.type === 'native').map((item) => parentOf(item.path));
  return [
    ...new Set([...(folder === undefined ? [] : [folder]), ...natives, ...frameworks.map((item) => item.folder)]),
  ];
}
