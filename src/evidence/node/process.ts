import { cleanPath, type TreePath } from '../../base/path.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import type { Facts } from '../facts.ts';
import type { ProcessContext } from '../types.ts';
import { fileAt, resolveText } from './files.ts';
import { isNode, type NodeCommand, parseNodeArgs, splitNodeOptions } from './flags.ts';
import { type Manifests, manifestsOf } from './manifest.ts';
import { createResolver, nodePathOf, type Resolver } from './resolve.ts';
import { type Target, targetOf } from './target.ts';

/** One way of starting node in one tree: what every answer about its modules depends on. */
export interface NodeProcess {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly cwd: TreePath;
  readonly manifests: Manifests;
  readonly resolver: Resolver;
  readonly target: Target;
  /** The started module, links resolved; undefined when the command line starts none. */
  readonly start: TreePath | undefined;
  /** Of NODE_OPTIONS and the command line together, in that order. */
  readonly preloads: NodeCommand['preloads'];
  readonly envFiles: NodeCommand['envFiles'];
  readonly facts: Facts | undefined;
}

export async function nodeProcess(
  tree: Tree,
  content: ContentReader,
  context: ProcessContext,
  facts?: Facts,
): Promise<NodeProcess> {
  const manifests = manifestsOf(tree, content);
  const target = await targetOf(tree, content, context);
  const viaNode = isNode(context.argv[0]);
  const command = parseNodeArgs(viaNode ? context.argv.slice(1) : []);
  const environment = parseNodeArgs(splitNodeOptions(context.env['NODE_OPTIONS'] ?? ''));
  const resolver = createResolver({
    tree,
    manifests,
    target,
    conditions: [...environment.conditions, ...command.conditions],
    nodePath: nodePathOf(context.env['NODE_PATH']),
  });
  const script = viaNode ? command.script : context.argv[0];
  const named = script === undefined ? undefined : resolveText(context.cwd, script);
  const found = named === undefined ? undefined : await resolver.asFileOrFolder(named);
  return {
    tree,
    content,
    cwd: context.cwd,
    manifests,
    resolver,
    target,
    start: found === undefined ? undefined : fileAt(tree, found.path)?.path,
    preloads: [...environment.preloads, ...command.preloads],
    envFiles: [...environment.envFiles, ...command.envFiles],
    facts,
  };
}

/** The path that a command line gives to node, uncompleted; enough to know a script without an extension. */
export function scriptOf(context: ProcessContext): TreePath | undefined {
  const script = isNode(context.argv[0]) ? parseNodeArgs(context.argv.slice(1)).script : undefined;
  return script === undefined ? undefined : resolveText(cleanPath(context.cwd), script);
}
