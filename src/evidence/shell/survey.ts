import type { Command, ParsedScript, Word } from 'unbash';
import type { ByteString } from '../../base/path.ts';
import { type Listing, listedFiles, pipedListing } from './listing.ts';
import { DEFAULT_PATH, findFile } from './search.ts';
import type { Session, Where } from './session.ts';
import type { State } from './state.ts';
import { walkScript } from './walk.ts';
import { argvsOf, assign, type Scope, valuesOf, variable } from './words.ts';

/** Argument lists that `"$@"` is taken to stand for. */
const MAX_LISTS = 8;
/** Loops over files in one script. */
const MAX_LISTINGS = 32;

/** A shell's state, as far as it does not depend on what happens: shared by a script and what it sources. */
export interface Shell {
  readonly session: Session;
  readonly functions: Set<string>;
  readonly assigned: Map<string, Word[]>;
  /** Files that a variable goes through. */
  readonly listed: Map<string, ByteString[]>;
  readonly program: ByteString;
  readonly parameters: readonly (readonly ByteString[])[];
  readonly where: Where;
  readonly state: State;
  readonly budget: { left: number };
  /** Whether it sources something that cannot be told: any command may then be a function. */
  readonly gaps: { any: boolean };
}

/** What can be known of variables, functions, arguments and folders before anything is run. */
export function surveyed(shell: Shell, script: ParsedScript, source: ByteString): Shell {
  const sets: Word[][] = [];
  const folders: Word[] = [];
  const listings: Listing[] = [];
  let shifts = false;
  walkScript(script, {
    assignment: (assignment) => assign(shell.assigned, assignment),
    define: (name) => void shell.functions.add(name),
    loop: (name, words) => {
      shell.assigned.set(name, [...(shell.assigned.get(name) ?? []), ...words].slice(0, 64));
      listings.push({ name, by: 'words', words });
    },
    pipeline: (commands) => void listings.push(...pipedListing(commands)),
    command: (command) => {
      const name = command.name?.value;
      const words = wordsOf(command).slice(1);
      if (name === 'shift') shifts = true;
      if (name === 'cd' || name === 'pushd') folders.push(...words.slice(-1));
      if (name === 'set') {
        const dashes = words.findIndex((word) => word.text === '--');
        if (dashes !== -1) sets.push(words.slice(dashes + 1));
      }
    },
    redirect: () => undefined,
    tested: () => undefined,
    enter: () => undefined,
    leave: () => undefined,
  });
  const scope = scopeOf(shell, source);
  const lists = sets.flatMap((words) => argvsOf(words, scope).map((argv) => argv.map((values) => values[0] ?? '')));
  let parameters = [...shell.parameters, ...lists];
  if (shifts) parameters = parameters.flatMap((list) => [list, list.slice(1)]);
  const { tree } = shell.session.tools;
  for (const listing of listings.slice(0, MAX_LISTINGS)) {
    const files = listedFiles(listing, scope, tree);
    if (files.length > 0) shell.listed.set(listing.name, [...(shell.listed.get(listing.name) ?? []), ...files]);
  }
  const entered = folders
    .flatMap((word) => valuesOf(word, scope))
    .flatMap((text) => findFile(tree, text, shell.where.folders)?.entry ?? [])
    .filter((entry) => entry.type === 'directory')
    .map((entry) => entry.path);
  return {
    ...shell,
    parameters: parameters.slice(0, MAX_LISTS),
    where: {
      ...shell.where,
      depth: shell.where.depth + 1,
      folders: [...new Set([...shell.where.folders, ...entered])].slice(0, MAX_LISTS),
      searchPaths: variable('PATH', scope),
    },
  };
}

export function scopeOf(shell: Shell, source: ByteString): Scope {
  const { assigned, budget, listed, parameters, program, where } = shell;
  return {
    assigned,
    budget,
    listed,
    env: { PATH: DEFAULT_PATH, ...where.env },
    program,
    source,
    cwd: where.cwd,
    parameters,
  };
}

export function wordsOf(command: Command): Word[] {
  const args = command.args.filter((word): word is Word => word.type === 'Word');
  return command.name === undefined ? [] : [command.name, ...args];
}
