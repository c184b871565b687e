import { nameOf, parentOf, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Warning } from '../../base/events.ts';
import { fileAt, resolveText } from '../node/files.ts';
import type { AnalyserTools, Edge, ProcessContext } from '../types.ts';
import { type Framework, type FrameworkSearch, resolveFrameworks, showMissing } from './frameworks.ts';
import { frameworkEdges, fxrOf, rootOf } from './host.ts';
import { machineOf } from './machine.ts';
import {
  additionalDeps,
  assembliesOf,
  nativeFoldersOf,
  type Offered,
  ownFiles,
  probingFolders,
  readAllDeps,
} from './offered.ts';
import { parseRollForward, readRuntimeConfig, type RuntimeConfig } from './runtime-config.ts';
import { baseOf, type Start } from './start.ts';

/** One way of starting a .NET application in one tree: what every answer about its assemblies depends on. */
export interface DotnetProcess {
  readonly start: Start;
  readonly context: ProcessContext;
  /** The assembly that is started, links resolved. */
  readonly app: TreePath | undefined;
  readonly frameworks: readonly Framework[];
  /** By simple name in lower case: the one that the runtime loads when several have the name. */
  readonly assemblies: ReadonlyMap<string, Offered>;
  /** What the application itself brings, of every kind. */
  readonly own: readonly Offered[];
  /** Where native libraries are looked for, in order. */
  readonly nativeFolders: readonly TreePath[];
  /** A switch of the run time: `System.GC.Server`. */
  property(name: string): string | undefined;
  /** The files of the host and their settings. */
  readonly edges: readonly Edge[];
  readonly warnings: readonly Warning[];
}

export async function dotnetProcess(
  tools: AnalyserTools,
  start: Start,
  context: ProcessContext,
): Promise<DotnetProcess> {
  const warnings: Warning[] = [];
  const { content, tree } = tools;
  const files = { tree, content, warn: (warning: Warning) => void warnings.push(warning) };
  const machine = await machineOf(tree, content, start.elf);
  const edges: Edge[] = [];
  const app = start.app === undefined ? undefined : fileAt(tree, start.app)?.path;
  const base = baseOf(app ?? start.host);
  const folder = parentOf(app ?? start.host);
  const named = (text: string | undefined): TreePath | undefined =>
    text === undefined ? undefined : resolveText(context.cwd, text);
  const configPath = named(start.options.runtimeConfig) ?? (`${base}.runtimeconfig.json` as TreePath);
  const rollForward = start.options.rollForward ?? parseRollForward(context.env['DOTNET_ROLL_FORWARD']);
  const override = rollForward === undefined ? {} : { rollForward };
  const read = app === undefined ? undefined : await readRuntimeConfig(files, configPath, override);
  const config = read === undefined ? undefined : withVersion(read, start.options.fxVersion);
  const selfContained = start.kind === 'apphost' && (config?.frameworks.length ?? 0) === 0;

  const root = selfContained ? undefined : await rootOf(tools, { start, machine, context }, edges);
  if (root === undefined && !selfContained && start.kind === 'apphost')
    warnings.push(warning(start.host, 'dotnet-missing', 'no installation of .NET is where it looks for one'));
  const fxr = fxrOf({ ...tools, warn: files.warn }, selfContained ? folder : root, selfContained);
  if (fxr !== undefined)
    edges.push({ from: start.host, to: fxr.path, kind: 'elf-dlopen', because: fxr.because, certainty: 'sure' });
  const owner = fxr?.path ?? start.host;
  if (app !== undefined) {
    edges.push({
      from: start.host,
      to: app,
      kind: 'dotnet-reference',
      because: `started by ${textOfBytes(nameOf(start.host))}`,
      certainty: 'sure',
    });
    edges.push({
      from: owner,
      to: configPath,
      kind: 'config',
      because: `says which frameworks ${textOfBytes(nameOf(app))} runs on`,
      certainty: 'sure',
    });
    if (config === undefined && start.kind === 'muxer')
      warnings.push(
        warning(app, 'dotnet-config', `it has no ${textOfBytes(nameOf(configPath))}, so that no framework is known`),
      );
  }
  const search: FrameworkSearch | undefined =
    root === undefined
      ? undefined
      : { files, root, ...override, toPrerelease: context.env['DOTNET_ROLL_FORWARD_TO_PRERELEASE'] === '1' };
  const { found: frameworks, missing } =
    search === undefined || config === undefined ? { found: [], missing: [] } : await resolveFrameworks(search, config);
  if (missing.length > 0 && root !== undefined)
    warnings.push(warning(app ?? start.host, 'dotnet-missing', `it needs ${showMissing(root, missing)}`));

  const appDeps = named(start.options.depsFile) ?? (`${base}.deps.json` as TreePath);
  const listed = await readAllDeps(files, machine, { frameworks, appDeps: app === undefined ? undefined : appDeps });
  if (listed.app !== undefined)
    edges.push({
      from: owner,
      to: appDeps,
      kind: 'config',
      because: `lists what ${textOfBytes(nameOf(base))} consists of`,
      certainty: 'sure',
    });
  for (const framework of frameworks) edges.push(...frameworkEdges(owner, framework));

  const probing = await probingFolders(files, { base, config, options: start.options.probingPaths, cwd: context.cwd });
  const own =
    app === undefined || start.kind === 'library' ? [] : ownFiles(tools, { app, folder, deps: listed.app, probing });
  const extra = await additionalDeps(files, machine, { start, context, folder, graph: listed.graph, owner }, edges);
  const all = [...own, ...extra];
  return {
    start,
    context,
    app,
    frameworks,
    own: all,
    assemblies: assembliesOf(tools, { app, own: all, frameworks, listed }),
    nativeFolders: nativeFoldersOf({ folder: app === undefined ? undefined : folder, own: all, frameworks }),
    property: (name) => propertyOf(name, config, frameworks),
    edges,
    warnings,
  };
}

function warning(path: TreePath, code: string, why: string): Warning {
  const shown = showPath(path);
  return { code, message: `${shown} cannot start: ${why}`, path: shown };
}

function withVersion(config: RuntimeConfig, version: string | undefined): RuntimeConfig {
  const [first, ...rest] = config.frameworks;
  if (version === undefined || first === undefined) return config;
  return { ...config, frameworks: [{ ...first, version, rollForward: 'Disable' }, ...rest] };
}

/** The application's word counts before that of its frameworks. */
function propertyOf(
  name: string,
  config: RuntimeConfig | undefined,
  frameworks: readonly Framework[],
): string | undefined {
  const all = [config, ...frameworks.map((framework) => framework.config)];
  return all.map((item) => item?.properties.get(name)).find((value) => value !== undefined);
}
