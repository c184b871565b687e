import { bytesOfText, type ByteString, nameOf, showPath } from '../../base/path.ts';
import { isTareError } from '../../base/error.ts';
import { isElf, readElfFrom, readElfImports } from '../../formats/elf/index.ts';
import { learn } from '../facts.ts';
import { expandGlob } from '../glob.ts';
import { findFile } from '../shell/search.ts';
import type { Analyser, AnalyserTools, Edge, Question } from '../types.ts';
import { interpreterEdges, isInterpreter } from './interpreters/index.ts';
import { judge } from './judge.ts';
import { LIBC_FILES, LIBRARY_DATA } from './library-data.ts';
import { LOCALE_FUNCTIONS, localeEdges } from './locales.ts';
import { isGiven, isStarted, pathsOf, sourceOf } from './sources.ts';

/**
 * Files that are only named: absolute paths in the constants of a program that is started, in scripts of languages that nobody else follows, and in
 * configuration that is in /etc or given as an argument. A name proves little, so such files are guesses; programs, folders that many share, and what is there only
 * while a system runs are never taken. Constants of libraries are not searched (libc alone names half of /etc): what some of them read is known by a table. Of the
 * languages in `interpreters/` the modules are found as well.
 */
export function textsAnalyser(): Analyser {
  return {
    name: 'texts',
    wants: (question, head) =>
      sourceOf(question, head) !== undefined ||
      (isElf(head) && (isLibraryWithData(question) || isInterpreter(question))),
    edges: analyse,
  };
}

function isLibraryWithData({ entry, path }: Question): boolean {
  return LIBRARY_DATA.some(({ library }) => library.test(nameOf(entry.path)) || library.test(nameOf(path)));
}

async function analyse(question: Question, tools: AnalyserTools): Promise<readonly Edge[]> {
  const { context, entry, path } = question;
  const head = await tools.content.read(entry, { offset: 0, size: Math.min(4096, entry.size) });
  const edges: Edge[] = isLibraryWithData(question) ? libraryEdges(question, tools) : [];
  if (isElf(head)) edges.push(...(await libcEdges(question, tools)));
  const source = sourceOf(question, head);
  if (
    source === undefined ||
    !(source === 'config' ? isGiven(question, tools) : source === 'script' || isStarted(question, tools))
  )
    return edges;
  // What an interpreter names it names for all its scripts; its modules are what counts.
  if (isInterpreter(question)) return [...edges, ...(await interpreterEdges(question, tools))];
  for (const text of await pathsOf(source, question, tools)) {
    for (const { kind, path: to } of judge(tools.tree, text, {
      cwd: context.cwd,
      program: source === 'program' ? nameOf(entry.path) : '',
    }))
      if (to !== path) edges.push({ from: path, to, kind, because: `names ${showPath(text)}`, certainty: 'guess' });
  }
  return edges;
}

function libraryEdges({ context, entry, path }: Question, { tree }: AnalyserTools): Edge[] {
  const names = [nameOf(entry.path), nameOf(path)];
  return LIBRARY_DATA.filter(({ library }) => names.some((name) => library.test(name))).flatMap((data) =>
    data
      .paths(context)
      .flatMap((text) => (/[*?[]/.test(text) ? expandGlob(tree, text) : [findFile(tree, text, [])?.path ?? []].flat()))
      .map((to): Edge => ({ from: path, to, kind: 'config', because: data.because, certainty: 'likely' })),
  );
}

/** Only of the program itself: libraries can do what nobody asks them for. */
async function libcEdges(question: Question, tools: AnalyserTools): Promise<Edge[]> {
  if (!isStarted(question, tools)) return [];
  const { entry, path } = question;
  const read = (offset: number, size: number): Promise<Uint8Array> => tools.content.read(entry, { offset, size });
  const wanted = new Set([...LIBC_FILES.flatMap(({ imports }) => imports), ...LOCALE_FUNCTIONS]);
  const imported: readonly ByteString[] = await learn(tools.facts, entry, 'libc files 2', async () => {
    try {
      const elf = await readElfFrom(read, entry.size, { sections: 'tolerant' });
      return [...(await readElfImports(read, entry.size, elf))].filter((name) => wanted.has(name)).sort();
    } catch (error) {
      if (isTareError(error, 'E_ELF') || isTareError(error, 'E_LIMIT')) return [];
      throw error;
    }
  });
  const locale = LOCALE_FUNCTIONS.find((name) => imported.includes(name));
  const locales = locale === undefined ? [] : localeEdges(question, locale, tools.tree);
  const files = LIBC_FILES.flatMap(({ imports, path: text }): Edge[] => {
    const symbol = imports.find((name) => imported.includes(name));
    const to = symbol === undefined ? undefined : findFile(tools.tree, bytesOfText(text), [])?.path;
    return to === undefined
      ? []
      : [{ from: path, to, kind: 'opened', because: `imports ${symbol ?? ''}, which reads it`, certainty: 'likely' }];
  });
  return [...files, ...locales];
}
