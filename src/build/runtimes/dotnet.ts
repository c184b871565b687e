import { joinPath, nameOf, parentOf, pathOfText, ROOT, type TreePath } from '../../base/path.ts';
import { rootsOf, isDotnetRoot } from '../../evidence/dotnet/start.ts';
import { fileAt } from '../../evidence/node/files.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { programsNamed } from '../start/programs.ts';
import { isSystemPath } from './relocate.ts';
import type { Runtime } from './types.ts';

export interface DotnetInput {
  /** The warehouse. */
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly searchPath: readonly TreePath[];
  /** DOTNET_ROOT of the caller; nothing for the files of an image. */
  readonly root: string | undefined;
}

const USUAL = pathOfText('/usr/share/dotnet');

/**
 * The installation of .NET: DOTNET_ROOT, else `dotnet` on PATH, else the usual places. One in a home folder is offered in /usr/share/dotnet. Its host tells
 * where it is by itself.
 */
export async function dotnetOf(input: DotnetInput): Promise<Runtime | undefined> {
  const { tree } = input;
  const root = await rootOf(input);
  const program = root === undefined ? undefined : fileAt(tree, joinPath(root, 'dotnet'));
  if (root === undefined || program === undefined) return undefined;
  const real = parentOf(program.path);
  if (isSystemPath(real)) return { program: joinPath(real, 'dotnet'), homes: [real], env: {}, moves: [] };
  return { program: joinPath(USUAL, 'dotnet'), homes: [USUAL], env: {}, moves: [{ from: real, to: USUAL }] };
}

async function rootOf({ content, root, searchPath, tree }: DotnetInput): Promise<TreePath | undefined> {
  const told = root?.startsWith('/') === true ? [pathOfText(root)] : [];
  const onPath = programsNamed({ tree, searchPath }, 'dotnet').flatMap((path) => {
    const real = fileAt(tree, path)?.path;
    return real !== undefined && nameOf(real) === 'dotnet' ? [parentOf(real)] : [];
  });
  const found = [...told, ...onPath].find((folder) => isDotnetRoot(tree, folder));
  if (found !== undefined) return found;
  const context = { argv: [], env: {}, cwd: ROOT };
  return (await rootsOf(tree, content, { arch: process.arch, context }))[0]?.folder;
}
