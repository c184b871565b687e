import { plainWords } from './plain-words.ts';
import { DEFAULT_PATH, findProgram } from './search.ts';
import { type Job, MAX_DEPTH, type Origin, type Session } from './session.ts';

/** Larger scripts carry something else along. */
const MAX_SCRIPT_BYTES = 64 * 1024; // 64 KiB
const MAX_WORDS = 1000;
/** Where s6-overlay has the programs of execline. */
const COMMANDS = '/command';

/**
 * An execline script (skarnet.org, "The execlineb program"): programs that each take words or blocks and go on with what follows. Which words are whose only the
 * programs know, so every word that names a program is taken to run it, up to the next brace or the end of the line.
 */
export async function readExecline(
  session: Session,
  { script, where }: Extract<Job, { kind: 'execline' }>,
): Promise<void> {
  if (where.depth > MAX_DEPTH || script.content === undefined || script.size > MAX_SCRIPT_BYTES) return;
  if (!session.enter(script.path, [])) return;
  const text = Buffer.from(await session.tools.content.read(script)).toString('latin1');
  const inner = { ...where, depth: where.depth + 1, searchPaths: [...where.searchPaths, COMMANDS, DEFAULT_PATH] };
  let left = MAX_WORDS;
  for (const [at, line] of text.split('\n').entries()) {
    const words = plainWords(line.replace(/(?:^|\s)#.*/, ''));
    for (const [place, word] of words.entries()) {
      if ((left -= 1) < 0) return;
      if (word.startsWith('-') || findProgram(session.tools.tree, word, inner) === undefined) continue;
      const rest = words.slice(place);
      const end = rest.findIndex((each) => each === '{' || each === '}');
      const argv = rest.slice(0, end === -1 ? rest.length : end).map((each) => [each]);
      const origin: Origin = { from: script.path, line: at + 1, certainty: 'likely', tried: true };
      session.jobs.push({ kind: 'command', argv, origin, where: inner });
    }
  }
}
