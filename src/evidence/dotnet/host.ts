import { joinPath, parentOf, showPath, type TreePath } from '../../base/path.ts';
import { fileAt } from '../node/files.ts';
import type { AnalyserTools, Edge, ProcessContext } from '../types.ts';
import { type Framework, versionsIn } from './frameworks.ts';
import type { Machine } from './machine.ts';
import { isDotnetRoot, rootsOf, type Start } from './start.ts';
import { compareVersions } from './versions.ts';

/** The installation that an executable uses; the file that names it becomes an edge. */
export async function rootOf(
  { content, tree }: AnalyserTools,
  { context, machine, start }: { readonly start: Start; readonly machine: Machine; readonly context: ProcessContext },
  edges: Edge[],
): Promise<TreePath | undefined> {
  const beside = parentOf(start.host);
  if (start.kind === 'muxer') return isDotnetRoot(tree, beside) ? beside : undefined;
  const [root] = await rootsOf(tree, content, { arch: machine.arch, context });
  if (root?.named !== undefined)
    edges.push({
      from: start.host,
      to: root.named,
      kind: 'config',
      because: 'says where .NET is installed',
      certainty: 'sure',
    });
  return root === undefined ? undefined : tree.resolve(root.folder)?.entry.path;
}

/** `host/fxr/VERSION/libhostfxr.so` of the highest version; that of a self-contained application lies beside it. */
export function fxrOf(
  { content, tree, warn }: AnalyserTools,
  folder: TreePath | undefined,
  selfContained: boolean,
): { readonly path: TreePath; readonly because: string } | undefined {
  if (folder === undefined) return undefined;
  if (selfContained) {
    const path = fileAt(tree, joinPath(folder, 'libhostfxr.so'))?.path;
    return path === undefined ? undefined : { path, because: 'the host that comes with the application' };
  }
  const parent = tree.resolve(joinPath(joinPath(folder, 'host'), 'fxr'))?.entry.path;
  if (parent === undefined) return undefined;
  const newest = versionsIn({ tree, content, warn }, parent).sort(compareVersions).at(-1);
  const path =
    newest === undefined ? undefined : fileAt(tree, joinPath(joinPath(parent, newest.text), 'libhostfxr.so'))?.path;
  return path === undefined ? undefined : { path, because: `the newest of ${showPath(parent)}: ${newest?.text ?? ''}` };
}

export function frameworkEdges(owner: TreePath, framework: Framework): Edge[] {
  const { because, folder, name } = framework;
  return [`${name}.deps.json`, `${name}.runtimeconfig.json`].map((file) => ({
    from: owner,
    to: joinPath(folder, file),
    kind: 'config',
    because,
    certainty: 'sure',
  }));
}
