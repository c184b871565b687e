import { bytesOfText, type ByteString, textOfBytes, type TreePath } from '../../base/path.ts';
import type { ProcessContext } from '../types.ts';
import type { Argv } from './wrappers.ts';

/** What a process inherits from the one that starts it, as far as the texts tell. */
export interface Surroundings {
  readonly cwd: TreePath;
  readonly env: Readonly<Record<string, ByteString>>;
}

/** Processes that one command may become: a word that may be one of several makes several. */
const MAX_PROCESSES = 8;
const OPTION = /^--?[A-Za-z][\w-]*$/;

export function surroundingsOf({ cwd, env }: ProcessContext): Surroundings {
  return { cwd, env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, bytesOfText(value)])) };
}

/** The processes that a command line becomes. Unknown words are as `ProcessContext.argv` says. */
export function processesOf(argv: Argv, { cwd, env }: Surroundings): ProcessContext[] {
  let lists: string[][] = [[]];
  for (const [at, values] of argv.entries()) {
    const before = argv[at - 1]?.[0];
    const isValue = before !== undefined && OPTION.test(before);
    const texts = values.length > 0 ? values : isValue ? [''] : undefined;
    if (texts === undefined) continue;
    lists = texts.flatMap((text) => lists.map((list) => [...list, textOfBytes(text)])).slice(0, MAX_PROCESSES);
  }
  const inherited = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, textOfBytes(value)]));
  return lists.map((words) => ({ argv: words, cwd, env: inherited }));
}
