import { bytesOfText, joinPath, nameOf, parentOf, textOfBytes, type TreePath } from '../../base/path.ts';
import { fileAt } from '../node/files.ts';
import type { AnalyserTools, Edge } from '../types.ts';
import type { Closure } from './closure.ts';
import type { Offered } from './offered.ts';
import type { DotnetProcess } from './process.ts';

/** Files beside the application that it reads as its settings; translations and lists of dependencies come by other ways. */
const SETTINGS = /\.(?:json|xml|config)$/i;
const HOST_FILES = /\.(?:deps|runtimeconfig|runtimeconfig\.dev)\.json$/i;

/** What the runtime loads whatever the application is: host policy, runtime, compiler, core library. */
export async function addRuntime({ tree }: AnalyserTools, process: DotnetProcess, closure: Closure): Promise<void> {
  const find = (name: string): TreePath | undefined => {
    for (const folder of [...process.nativeFolders].reverse()) {
      const found = fileAt(tree, joinPath(folder, bytesOfText(name)))?.path;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const open = async (from: TreePath, name: string, because: string): Promise<TreePath> => {
    const to = find(name);
    if (to === undefined) return from;
    await closure.addNative({ from, to, kind: 'elf-dlopen', because, certainty: 'sure' });
    return to;
  };
  const fxr = process.edges.find((edge) => nameOf(edge.to) === 'libhostfxr.so')?.to ?? process.start.host;
  const bottom = process.frameworks.at(-1)?.because ?? 'it comes with the application';
  const policy = await open(fxr, 'libhostpolicy.so', bottom);
  const runtime = await open(policy, 'libcoreclr.so', `the runtime; ${bottom}`);
  await open(runtime, 'libclrjit.so', 'the compiler of the runtime');
  const collector =
    process.property('System.GC.Name') ?? process.context.env['DOTNET_GCName'] ?? process.context.env['COMPlus_GCName'];
  if (collector !== undefined && !collector.includes('/'))
    await open(runtime, collector, 'the garbage collector that the settings name');
  if (
    /^1$/.test(
      process.context.env['DOTNET_DbgEnableMiniDump'] ?? process.context.env['COMPlus_DbgEnableMiniDump'] ?? '',
    )
  ) {
    const to = find('createdump');
    if (to !== undefined)
      closure.addEdge({
        from: runtime,
        to,
        kind: 'command',
        because: 'writes the dumps that the environment asks for',
        certainty: 'sure',
      });
  }
  const core = process.assemblies.get('system.private.corelib')?.path;
  if (core === undefined) return;
  closure.addEdge({
    from: runtime,
    to: core,
    kind: 'dotnet-reference',
    because: 'the core library of the runtime',
    certainty: 'sure',
    settled: true,
  });
  await closure.addAssembly(core);
}

/** What the application brings itself, and what its environment names. */
export async function addApplication(tools: AnalyserTools, process: DotnetProcess, closure: Closure): Promise<void> {
  const { app } = process;
  if (app === undefined) return;
  await closure.addAssembly(app);
  for (const item of process.own) await addOwn(closure, app, item);
  for (const edge of [...besideEdges(tools, app), ...environmentEdges(tools, process, app)]) {
    closure.addEdge(edge);
    if (edge.kind === 'dotnet-reference') await closure.addAssembly(edge.to);
  }
}

async function addOwn(closure: Closure, app: TreePath, { asset, path }: Offered): Promise<void> {
  if (path === app) return;
  const where =
    asset === undefined
      ? `lies beside ${textOfBytes(nameOf(app))}`
      : `${asset.library} in ${textOfBytes(nameOf(app))}'s list of dependencies`;
  const because = asset?.rid === undefined ? where : `${where}, for ${asset.rid}`;
  const edge: Edge = { from: app, to: path, kind: 'dotnet-reference', because, certainty: 'likely', settled: true };
  if (asset?.type === 'native')
    return closure.addNative({ from: app, to: path, kind: 'elf-dlopen', because, certainty: 'likely' });
  closure.addEdge(edge);
  if (asset?.type !== 'resources') await closure.addAssembly(path);
}

/** Compiled views (`shop.Views.dll`), settings, translations. */
function besideEdges({ tree }: AnalyserTools, app: TreePath): Edge[] {
  const folder = parentOf(app);
  const base = textOfBytes(nameOf(app)).replace(/\.(?:dll|exe)$/i, '');
  const out: Edge[] = [];
  for (const entry of tree.children(folder)) {
    const name = textOfBytes(nameOf(entry.path));
    const { path } = entry;
    if (entry.type === 'directory') {
      // A folder of translations has the name of a culture, and holds assemblies of resources only.
      if (!/^[a-z]{2,3}(?:-[a-z0-9]+)*$/i.test(name)) continue;
      for (const file of tree.children(path))
        if (file.path.endsWith('.resources.dll'))
          out.push({
            from: app,
            to: file.path,
            kind: 'dotnet-reference',
            because: `texts in ${name}`,
            certainty: 'likely',
            settled: true,
          });
    } else if (name === `${base}.Views.dll` || name === `${base}.PrecompiledViews.dll`)
      out.push({
        from: app,
        to: path,
        kind: 'dotnet-reference',
        because: `the compiled views of ${base}`,
        certainty: 'likely',
        settled: true,
      });
    else if (SETTINGS.test(name) && !HOST_FILES.test(name))
      out.push({
        from: app,
        to: path,
        kind: 'config',
        because: `settings beside ${textOfBytes(nameOf(app))}`,
        certainty: 'likely',
      });
  }
  return out;
}

/** Assemblies that variables name: hosting startups of ASP.NET, startup hooks of the runtime. */
function environmentEdges({ tree }: AnalyserTools, process: DotnetProcess, app: TreePath): Edge[] {
  const { env } = process.context;
  const out: Edge[] = [];
  const add = (to: TreePath | undefined, variable: string): void => {
    if (to !== undefined)
      out.push({
        from: app,
        to,
        kind: 'dotnet-reference',
        because: `${variable} names it`,
        certainty: 'sure',
        settled: true,
      });
  };
  for (const name of (env['ASPNETCORE_HOSTINGSTARTUPASSEMBLIES'] ?? '').split(';'))
    add(process.assemblies.get(name.trim().toLowerCase())?.path, 'ASPNETCORE_HOSTINGSTARTUPASSEMBLIES');
  for (const name of (env['DOTNET_STARTUP_HOOKS'] ?? '').split(':')) {
    const path = name.startsWith('/') ? fileAt(tree, bytesOfText(name) as TreePath)?.path : undefined;
    add(path ?? process.assemblies.get(name.toLowerCase())?.path, 'DOTNET_STARTUP_HOOKS');
  }
  return out;
}
