import { joinPath, nameOf, parentOf, pathOfText, type TreePath } from '../../base/path.ts';
import { findJavaHome } from '../../evidence/java/runtime.ts';
import { fileAt } from '../../evidence/node/files.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { isBinary, programsNamed } from '../start/programs.ts';
import { isSystemPath } from './relocate.ts';
import type { Runtime } from './types.ts';

export interface JavaInput {
  /** The warehouse. */
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly searchPath: readonly TreePath[];
  /** JAVA_HOME of the caller; nothing for the files of an image. */
  readonly home: string | undefined;
}

const MACHINES = pathOfText('/usr/lib/jvm');

/** The virtual machine: JAVA_HOME, else the first `java` of PATH that is no shim. One in a home folder is offered in /usr/lib/jvm. */
export async function javaOf({ content, home, searchPath, tree }: JavaInput): Promise<Runtime | undefined> {
  const told = home?.startsWith('/') === true ? [joinPath(joinPath(pathOfText(home), 'bin'), 'java')] : [];
  for (const path of [...told, ...programsNamed({ tree, searchPath }, 'java')]) {
    const real = fileAt(tree, path)?.path;
    if (real === undefined || !(await isBinary(tree, content, path))) continue;
    const found = findJavaHome(tree, real);
    if (found === undefined) continue;
    if (isSystemPath(path) && isSystemPath(real)) return { program: path, homes: [found], env: {}, moves: [] };
    // The JDK 8 has its run time in a folder of the whole.
    const from = nameOf(found) === 'jre' ? parentOf(found) : found;
    const to = joinPath(MACHINES, nameOf(from));
    const program = joinPath(to, real.slice(from.length + 1));
    return { program, homes: [to], env: {}, moves: [{ from, to }] };
  }
  return undefined;
}
