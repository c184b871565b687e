import { bytesOfText, nameOf, showPath, type TreePath } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { findFile } from '../shell/search.ts';
import type { Analyser, AnalyserTools, Edge, Question } from '../types.ts';
import { addFolder, type ClassFile, classPathFiles, ownFolder } from './class-path.ts';
import { isJavaCommand, type JavaCommand, parseJavaCommand } from './command.ts';
import { type Feature, featuresOfArguments } from './features.ts';
import { fontFiles, systemLibraries } from './host-parts.ts';
import { type JarFacts, readClass, readJar } from './jar.ts';
import { namedFiles } from './named-files.ts';
import { findJavaHome, runtimeParts } from './runtime.ts';

/** Larger argument files are none. */
const MAX_ARGUMENT_FILE_BYTES = 1024 * 1024; // 1 MiB

/**
 * What a Java virtual machine needs: its run-time (classes, configuration, native libraries by the packages that the application names), and the application's
 * class path with what the archives on it ask for. It answers for `java`, whose command line says what runs, and for `libjvm.so`, which others load too.
 */
export function javaAnalyser(): Analyser {
  return {
    name: 'java',
    // Where `java` was started it has answered for its machine as well.
    wants: ({ context, entry }, head) =>
      isElf(head) && (nameOf(entry.path) === 'java' || (nameOf(entry.path) === 'libjvm.so' && !isJavaCommand(context))),
    edges: analyse,
  };
}

async function analyse(question: Question, tools: AnalyserTools): Promise<readonly Edge[]> {
  const { context, entry, path } = question;
  const { tree } = tools;
  const home = findJavaHome(tree, entry.path);
  if (home === undefined) {
    const shown = showPath(path);
    if (nameOf(entry.path) === 'java')
      tools.warn({ code: 'java-home', message: `${shown}: there is no Java run-time around it`, path: shown });
    return [];
  }
  const command = isJavaCommand(context)
    ? await parseJavaCommand(context, (text) => readArguments(tools, text, context.cwd))
    : undefined;
  const application = command === undefined ? undefined : await applicationOf(question, command, tools);
  const features = new Set<Feature>([
    ...featuresOfArguments(command?.options ?? []),
    ...(application?.facts.flatMap((facts) => facts.features) ?? []),
  ]);
  const parts = [
    ...runtimeParts(tree, home, command?.options ?? [], features),
    ...systemLibraries(tree, application?.facts.flatMap((facts) => facts.needed) ?? []),
    ...(features.has('fonts') ? fontFiles(tree) : []),
  ];
  const edges = parts.map(({ because, certainty, kind, path: to }): Edge => ({
    from: path,
    to,
    kind,
    because,
    certainty,
  }));
  return [...edges, ...(application?.edges ?? [])];
}

interface Application {
  readonly edges: readonly Edge[];
  readonly facts: readonly JarFacts[];
}

async function applicationOf(question: Question, command: JavaCommand, tools: AnalyserTools): Promise<Application> {
  const { content, facts, tree } = tools;
  const { cwd } = question.context;
  const jarFacts = (entry: Entry): Promise<JarFacts> => readJar(content, entry, facts);
  const files = await classPathFiles(elementsOf(question.path, command), { tree, cwd, readJar: jarFacts });
  const all = [...files, ...beside(tree, files, command, cwd)];
  if (command.main?.kind === 'jar' && findFile(tree, bytesOfText(command.main.name), [cwd]) === undefined) {
    const path = showPath(bytesOfText(command.main.name));
    tools.warn({ code: 'java-missing', message: `java is to run ${path}, which is not in this tree`, path });
  }
  const read: JarFacts[] = [];
  for (const { entry } of all) {
    if (/\.(?:jar|war|ear)$/i.test(entry.path) || (command.main?.kind === 'jar' && entry === all[0]?.entry))
      read.push(await jarFacts(entry));
    else if (entry.path.endsWith('.class')) read.push(await readClass(content, entry, facts));
  }
  const edges = all.map(({ because, certainty, from, kind, path }): Edge => ({
    from,
    to: path,
    kind,
    because,
    certainty,
  }));
  return { edges: [...edges, ...namedFiles(question, command, tree)], facts: read };
}

interface Element {
  readonly text: string;
  readonly from: TreePath;
  readonly because: string;
}

function elementsOf(from: TreePath, command: JavaCommand): Element[] {
  const { agents, bootAppend, classPath, main, modulePath } = command;
  const elements: Element[] = [];
  if (main?.kind === 'jar') elements.push({ text: main.name, from, because: `runs -jar ${main.name}` });
  if (main?.kind === 'source') elements.push({ text: main.name, from, because: `compiles and runs ${main.name}` });
  const defaultPath = main?.kind === 'class' ? '.' : '';
  for (const text of (classPath ?? defaultPath).split(':'))
    if (classPath !== undefined || text !== '') elements.push({ text, from, because: 'is on the class path' });
  for (const text of modulePath) {
    elements.push({ text, from, because: 'is on the module path' });
    // A folder of modules holds archives.
    elements.push({ text: `${text}/*`, from, because: 'is on the module path' });
  }
  for (const text of agents) elements.push({ text, from, because: '-javaagent names it' });
  for (const text of bootAppend) elements.push({ text, from, because: '-Xbootclasspath names it' });
  return elements;
}

/** What lies beside the application's own archive is the application's: its launcher reads it by names that no manifest knows. */
function beside(tree: Tree, files: readonly ClassFile[], { main }: JavaCommand, cwd: TreePath): ClassFile[] {
  const [jar] = files;
  const folder = main?.kind !== 'jar' || jar === undefined ? undefined : ownFolder(tree, jar.path, cwd);
  if (jar === undefined || folder === undefined) return [];
  const found: ClassFile[] = [];
  const known = new Set(files.map(({ entry }) => entry.path));
  const because = `lies in the folder of ${showPath(nameOf(jar.path))}`;
  addFolder(tree, { path: folder.path, entry: folder, from: jar.entry.path, because, certainty: 'likely' }, (file) => {
    if (!known.has(file.entry.path)) found.push(file);
    return true;
  });
  return found;
}

async function readArguments(
  { content, tree }: AnalyserTools,
  text: string,
  cwd: TreePath,
): Promise<string | undefined> {
  const entry = findFile(tree, bytesOfText(text), [cwd])?.entry;
  if (entry?.content === undefined || entry.size > MAX_ARGUMENT_FILE_BYTES) return undefined;
  return Buffer.from(await content.read(entry)).toString('utf8');
}
