import { type ByteString, showPath } from '../../base/path.ts';
import type { ProcessContext } from '../types.ts';
import { findFile, mayBeTaken } from './search.ts';
import type { Origin, Session, Where } from './session.ts';
import type { Argv } from './wrappers.ts';

/** Files among the arguments of a command: absolute ones anywhere but in private places, relative ones when they are files. `starts`: the command's processes. */
export function openArguments(
  session: Session,
  args: Argv,
  origin: Origin,
  where: Where,
  starts?: readonly ProcessContext[],
): void {
  for (const text of args.flat()) {
    const named = /^(?:--?[A-Za-z][\w-]*|[A-Za-z_]\w*)=(.+)$/s.exec(text)?.[1] ?? text;
    if (!named.startsWith('-') && !named.includes('\n')) openFile(session, named, origin, where, starts);
  }
}

/** A file that a text names. It is likely needed, but a name alone does not prove it. */
export function openFile(
  session: Session,
  text: ByteString,
  origin: Origin,
  where: Where,
  starts?: readonly ProcessContext[],
): void {
  const found = findFile(session.tools.tree, text, where.folders);
  if (found === undefined || !mayBeTaken(found, session.context.cwd)) return;
  if (!text.startsWith('/') && found.entry.content === undefined) return;
  if (found.entry.path === origin.from) return;
  session.edge(
    { ...origin, certainty: weaker(origin.certainty) },
    found.path,
    'opened',
    `names ${showPath(text)}`,
    starts,
  );
}

export function weaker(certainty: Origin['certainty']): Origin['certainty'] {
  return certainty === 'sure' ? 'likely' : certainty;
}
