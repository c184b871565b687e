import { bytesOfText, type ByteString } from '../../base/path.ts';
import { isElf, readElfFrom, visitElfStrings } from '../../formats/elf/index.ts';
import { isTareError } from '../../base/error.ts';
import type { ContentReader } from '../../tree/types.ts';
import { learn } from '../facts.ts';
import { DEFAULT_PATH, findFile, findProgram } from '../shell/search.ts';
import { parseShebang } from '../shell/shebang.ts';
import type { AnalyserTools, ProcessContext, Question } from '../types.ts';
import { pathsInConstant, pathsInText } from './paths.ts';

const MAX_SCRIPT_BYTES = 4 * 1024 * 1024; // 4 MiB
const MAX_CONFIG_BYTES = 512 * 1024; // 512 KiB
/** Paths of one program. */
const MAX_CONSTANTS = 20_000;
/** Languages whose modules and files others follow. */
const OTHERS = /(?:^|[/\s])(?:env|(?:ba|da|a|k|z)?sh|rbash|node(?:js)?|python[\d.]*|pypy[\d.]*)(?:\s|$)/;
const CONFIG = /\.(?:conf|cfg|cnf|cf|ini|ya?ml|toml|properties|rc|env|xml|json)$|^\/etc\/.+/;
/** Programs that are given a configuration which others follow. */
const OTHERS_CONFIG =
  /\/(?:nginx|apache2|httpd|lighttpd|caddy|haproxy)\/|\/(?:node_modules|site-packages|dist-packages)\/|\/package(?:-lock)?\.json$/;

export type Source = 'program' | 'script' | 'config';

/** Whether a file is one whose texts count: the program that was started, a script that it runs, or a configuration that it is given. */
export function sourceOf({ context, entry, path }: Question, head: Uint8Array): Source | undefined {
  if (isElf(head)) return programName(context) !== undefined ? 'program' : undefined;
  const shebang = parseShebang(head);
  if (shebang !== undefined) {
    const line = `${shebang.interpreter} ${shebang.argument ?? ''}`;
    return OTHERS.test(line.replace(/^\S*\/env(?:\s+-S)?\s+/, '')) ? undefined : 'script';
  }
  if (head.includes(0) || entry.size > MAX_CONFIG_BYTES || OTHERS_CONFIG.test(path)) return undefined;
  return CONFIG.test(path) ? 'config' : undefined;
}

function programName({ argv }: ProcessContext): ByteString | undefined {
  const [name] = argv;
  return name === undefined || name === '' ? undefined : bytesOfText(name);
}

/** Whether this file is what the context starts: of other programs and of libraries the constants are not looked at. */
export function isStarted({ context, entry }: Question, { tree }: AnalyserTools): boolean {
  const name = programName(context);
  if (name === undefined) return false;
  const where = { searchPaths: [bytesOfText(context.env['PATH'] ?? DEFAULT_PATH)], folders: [context.cwd] };
  return findProgram(tree, name, where)?.entry.path === entry.path;
}

/** A configuration counts when it is in /etc, or an argument of the process. */
export function isGiven({ context, entry, path }: Question, { tree }: AnalyserTools): boolean {
  if (path.startsWith('/etc/')) return true;
  return context.argv.slice(1).some((word) => {
    const text = bytesOfText(word);
    const value = text.slice(text.startsWith('-') || text.includes('=/') ? text.indexOf('=') + 1 : 0);
    return findFile(tree, value, [context.cwd])?.entry.path === entry.path;
  });
}

/** Paths that a source names. */
export async function pathsOf(
  source: Source,
  question: Question,
  tools: AnalyserTools,
): Promise<readonly ByteString[]> {
  const { entry } = question;
  if (source === 'program')
    return learn(tools.facts, entry, 'paths in constants 1', () => constantsOf(question, tools.content));
  if (entry.size > MAX_SCRIPT_BYTES) return [];
  const text = Buffer.from(await tools.content.read(entry)).toString('latin1');
  return pathsInText(withoutComments(text));
}

function withoutComments(text: ByteString): ByteString {
  return text.replaceAll(/^[ \t]*(?:#|;|\/\/|--).*$/gm, '');
}

async function constantsOf({ entry }: Question, content: ContentReader): Promise<readonly ByteString[]> {
  const read = (offset: number, size: number): Promise<Uint8Array> => content.read(entry, { offset, size });
  const found = new Set<ByteString>();
  try {
    const elf = await readElfFrom(read, entry.size, { sections: 'tolerant' });
    await visitElfStrings(read, entry.size, elf, (text) => {
      for (const path of pathsInConstant(text)) found.add(path);
      return found.size < MAX_CONSTANTS;
    });
  } catch (error) {
    if (!isTareError(error, 'E_ELF') && !isTareError(error, 'E_LIMIT')) throw error;
  }
  return [...found];
}
