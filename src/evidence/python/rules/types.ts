import { bytesOfText, type TreePath } from '../../../base/path.ts';
import type { Certainty } from '../../types.ts';
import { locate } from '../../locate.ts';
import { fileAt } from '../../node/files.ts';
import type { PythonProcess } from '../process.ts';
import type { Scan } from '../scan/types.ts';

/** The module that was reached, and what a rule may ask. */
export interface Place {
  readonly process: PythonProcess;
  /** Its full name; undefined of a file that no search path leads to. */
  readonly module: string | undefined;
  /** Links resolved. */
  readonly file: TreePath;
  readonly scan: Scan;
  /** Neither python's nor an installed package's. */
  readonly own: boolean;
  /** A file by a name that the process is given, when it is there. */
  fileNamed(name: string, because: string): readonly Wanted[];
}

/** What a rule found to be needed: a module by its name, or a file, or a folder with all that is in it. */
export type Wanted = ({ readonly module: string } | { readonly path: TreePath } | { readonly folder: TreePath }) & {
  readonly because: string;
  readonly certainty: Certainty;
  readonly line?: number;
};

/** What reading the sources cannot tell, and knowing a framework can. Each rule is a file of its own. */
export interface Rule {
  readonly name: string;
  /** Modules by whose presence the framework is known; without them, every module is shown to the rule. */
  readonly modules?: readonly string[];
  find(place: Place): Promise<readonly Wanted[]> | readonly Wanted[];
}

export function fileNamed({ context, tree }: PythonProcess, name: string, because: string): Wanted[] {
  const path = locate(tree, context.cwd, bytesOfText(name))?.path;
  return path === undefined || fileAt(tree, path) === undefined ? [] : [{ path, because, certainty: 'sure' }];
}

/** `module:attribute` among the arguments of a server, whatever its options are: the words that name modules which are there. */
export function applicationOf({ process }: Pick<Place, 'process'>, server: string): Wanted[] {
  return process.start.command.args.flatMap((word) => {
    const [, name = ''] = /^([A-Za-z_][\w.]*)(?::[\w.()'", ]*)?$/.exec(word) ?? [];
    const found = name === '' ? undefined : process.resolver.find(name);
    if (found?.path === undefined) return [];
    // A plain word (`-k gevent`, `--loop asyncio`) is an option's value more often than a module.
    if (!word.includes(':') && !word.includes('.') && process.path[0] === undefined) return [];
    return [{ module: name, because: `${server} serves ${word}`, certainty: 'sure' } as const];
  });
}
