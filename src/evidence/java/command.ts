import type { ProcessContext } from '../types.ts';
import { splitArguments } from './words.ts';

/** What java(1) makes of its command line. */
export interface JavaCommand {
  /** All options, those of the environment first. */
  readonly options: readonly string[];
  /** Elements, wildcards not expanded; undefined when nothing sets it: then it is the working folder. */
  readonly classPath: string | undefined;
  readonly modulePath: readonly string[];
  /** Archives of agents. */
  readonly agents: readonly string[];
  readonly bootAppend: readonly string[];
  readonly main: { readonly kind: 'jar' | 'class' | 'module' | 'source'; readonly name: string } | undefined;
  /** What the program itself gets. */
  readonly rest: readonly string[];
}

/** Options whose value is the next word, unless it is behind `=`. */
const VALUED =
  /^(?:-cp|-classpath|--class-path|-p|--module-path|--upgrade-module-path|--add-modules|--limit-modules|--add-reads|--add-exports|--add-opens|--patch-module|--source|--describe-module|-d|--enable-native-access|--illegal-native-access)$/;
/** Argument files in one command line, and in each other. */
const MAX_FILES = 64;

/** `readFile`: an `@argfile`; undefined when it is not there. Variables: java(1) "JDK_JAVA_OPTIONS", JVMTI "JAVA_TOOL_OPTIONS". */
export async function parseJavaCommand(
  context: ProcessContext,
  readFile: (text: string) => Promise<string | undefined>,
): Promise<JavaCommand> {
  const { argv, env } = context;
  const launched = [...splitArguments(env['JDK_JAVA_OPTIONS'] ?? ''), ...argv.slice(1)];
  const words = await expandFiles(launched, readFile);
  const virtualMachine = ['JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS'].flatMap((name) => splitArguments(env[name] ?? ''));
  return parseWords([...virtualMachine.filter((word) => word.startsWith('-')), ...words], env['CLASSPATH']);
}

/** Is this how java is called? Others may call it in ways that nobody knows. */
export function isJavaCommand({ argv }: ProcessContext): boolean {
  return /(?:^|\/)java$/.test(argv[0] ?? '');
}

async function expandFiles(
  words: readonly string[],
  readFile: (text: string) => Promise<string | undefined>,
): Promise<string[]> {
  const out: string[] = [];
  let files = 0;
  let stopped = false;
  for (const [at, word] of words.entries()) {
    // What comes behind the main class is the program's own.
    const before = words[at - 1] ?? '';
    if (!stopped && !word.startsWith('-') && !word.startsWith('@') && !VALUED.test(before)) stopped = true;
    if (word === '--disable-@files') stopped = true;
    const text = stopped || !/^@[^@]/.test(word) || files++ >= MAX_FILES ? undefined : await readFile(word.slice(1));
    if (text === undefined) out.push(word);
    else out.push(...splitArguments(text));
  }
  return out;
}

function parseWords(words: readonly string[], variable: string | undefined): JavaCommand {
  const options: string[] = [];
  const values = new Map<string, string>();
  let at = 0;
  let main: JavaCommand['main'];
  for (; at < words.length && main === undefined; at++) {
    const word = words[at] as string;
    if (word === '') continue;
    if (word === '-jar' || word === '-m' || word === '--module') {
      const name = words[++at] ?? '';
      if (name !== '') main = { kind: word === '-jar' ? 'jar' : 'module', name };
    } else if (word.startsWith('--module=')) main = { kind: 'module', name: word.slice('--module='.length) };
    else if (word.startsWith('-')) {
      const equals = word.startsWith('--') ? word.indexOf('=') : -1;
      const name = equals === -1 ? word : word.slice(0, equals);
      const value = equals !== -1 ? word.slice(equals + 1) : VALUED.test(word) ? (words[++at] ?? '') : undefined;
      options.push(value === undefined ? word : `${name}=${value}`);
      if (value !== undefined) values.set(name, value);
    } else main = { kind: word.endsWith('.java') ? 'source' : 'class', name: word };
  }
  const last = (...names: readonly string[]): string | undefined =>
    names.map((name) => values.get(name)).find((value) => value !== undefined);
  return {
    options,
    classPath: main?.kind === 'jar' ? undefined : (last('-cp', '-classpath', '--class-path') ?? variable),
    modulePath: [last('-p', '--module-path'), last('--upgrade-module-path')].flatMap((path) => path?.split(':') ?? []),
    agents: options.flatMap((option) => /^-javaagent:([^=]+)/.exec(option)?.[1] ?? []),
    bootAppend: options.flatMap((option) => /^-Xbootclasspath\/[ap]:(.+)$/s.exec(option)?.[1]?.split(':') ?? []),
    main,
    rest: words.slice(at),
  };
}
