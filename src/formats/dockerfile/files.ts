import { common, fail, listed, type Draft } from './draft.ts';
import type { CheckedFlags } from './flags.ts';
import { heredocMark } from './heredocs.ts';
import type { AddInstruction, CopyInstruction, Heredoc, Word } from './types.ts';

export function buildCopy(draft: Draft): CopyInstruction {
  const sources = sourcesOf(draft, 'COPY');
  const flags = draft.checked();
  const from = flags.text('from');
  if (from !== undefined && /[$'"\\]/.test(from))
    throw fail(
      draft,
      '--from cannot hold a variable',
      'name the image in a stage of its own: FROM $IMAGE AS name, then COPY --from=name',
      flags.flag('from')?.range,
    );
  return {
    ...common(draft, 'COPY'),
    ...sources,
    ...owners(flags),
    ...(from ? { from } : {}),
    parents: flags.boolean('parents') ?? false,
  };
}

export function buildAdd(draft: Draft): AddInstruction {
  const sources = sourcesOf(draft, 'ADD');
  const flags = draft.checked();
  const checksum = flags.text('checksum');
  const keepGitDir = flags.boolean('keep-git-dir');
  const unpack = flags.boolean('unpack');
  return {
    ...common(draft, 'ADD'),
    ...sources,
    ...owners(flags),
    ...(checksum ? { checksum } : {}),
    ...(keepGitDir === undefined ? {} : { keepGitDir }),
    ...(unpack === undefined ? {} : { unpack }),
  };
}

function owners(flags: CheckedFlags) {
  const chown = flags.text('chown');
  const chmod = flags.text('chmod');
  return {
    ...(chown ? { chown } : {}),
    ...(chmod ? { chmod } : {}),
    link: flags.boolean('link') ?? false,
    exclude: flags.texts('exclude').map((flag) => flag.value),
  };
}

/** Heredocs are found by name: of two with one name, the last gives the text, as in BuildKit (instructions/parse.go, parseSourcesAndDest). */
function sourcesOf(draft: Draft, kind: 'COPY' | 'ADD') {
  const { form, words } = listed(draft);
  const destination = words.at(-1);
  if (words.length < 2 || destination === undefined)
    throw fail(draft, `${kind} needs a source and a destination`, `write ${kind} SOURCE… DESTINATION`);
  if (heredocMark(destination.value) !== undefined)
    throw fail(
      draft,
      `the destination of ${kind} cannot be a heredoc`,
      `write ${kind} ${destination.value} /path`,
      destination.range,
    );
  const bodies = new Map(draft.heredocs.map((heredoc) => [heredoc.name, heredoc]));
  const sources: Word[] = [];
  const heredocs: Heredoc[] = [];
  for (const word of words.slice(0, -1)) {
    const mark = heredocMark(word.value);
    if (mark === undefined) sources.push(word);
    else heredocs.push({ ...(bodies.get(mark.name) ?? bodiless(word)), ...mark, range: word.range });
  }
  return { form, sources, heredocs, destination };
}

/** A heredoc in the exec form, or one that the shell's rules do not see: it makes an empty file. */
function bodiless(word: Word): Pick<Heredoc, 'content' | 'body' | 'terminator'> {
  const nowhere = { start: word.range.end, end: word.range.end };
  return { content: '', body: nowhere, terminator: nowhere };
}
