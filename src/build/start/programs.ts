import { isAbsolute } from 'node:path';
import { TareError } from '../../base/error.ts';
import { bytesOfText, cleanPath, isInside, joinPath, pathOfText, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Config } from '../../config/config.ts';
import { isElf } from '../../formats/elf/index.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import type { Runtime, Runtimes } from '../runtimes/types.ts';
import type { Start, StartInput } from './types.ts';

const HEAD_BYTES = 4096; // 4 KiB

/** The first file of that name in the folders that anybody may execute. */
export function findProgram(
  { searchPath, tree }: Pick<StartInput, 'searchPath' | 'tree'>,
  name: string,
): TreePath | undefined {
  return programsNamed({ tree, searchPath }, name)[0];
}

/** All of them, in the order of the folders. */
export function programsNamed({ searchPath, tree }: Pick<StartInput, 'searchPath' | 'tree'>, name: string): TreePath[] {
  return searchPath.flatMap((dir) => {
    const path = joinPath(dir, bytesOfText(name));
    const entry = tree.resolve(path)?.entry;
    return entry?.type === 'file' && (entry.mode & 0o111) !== 0 ? [path] : [];
  });
}

/** What a user calls a file of the application. @throws TareError E_PATH_NOT_FOUND */
export function inApp(app: TreePath, name: string): TreePath {
  try {
    return isAbsolute(name) ? pathOfText(name) : cleanPath(`${app}/${bytesOfText(name)}`);
  } catch (error) {
    throw new TareError('E_PATH_NOT_FOUND', `${JSON.stringify(name)} leads out of the image`, { cause: error });
  }
}

/** As short as can be: the process starts in the application's folder. A name like `-x.js` would be a flag. */
export function fileWord(app: TreePath, path: TreePath): string {
  const prefix = app === '/' ? '/' : `${app}/`;
  const word = path.startsWith(prefix) ? path.slice(prefix.length) : path;
  return textOfBytes(word.startsWith('-') ? `./${word}` : word);
}

/** A program that needs nobody to run it. */
export function ownStart(path: TreePath, because: string): Start {
  return { entrypoint: [textOfBytes(path)], cmd: [], env: {}, module: path, because };
}

/** A run time with the words that it is given. */
export function runtimeStart(
  runtime: Runtime,
  words: readonly string[],
  rest: Pick<Start, 'because'> & Partial<Start>,
): Start {
  const { env, homes, program } = runtime;
  return {
    entrypoint: [textOfBytes(program), ...words],
    cmd: [],
    runtime: program,
    homes,
    ...rest,
    env: { ...env, ...rest.env },
  };
}

/** What is to be known of a program that the user names: whoever runs it has a layer, and variables, of its own. */
export function runtimeOf(runtimes: Runtimes, program: TreePath): Runtime | undefined {
  const { dotnet, java, python } = runtimes;
  if (python?.venv !== undefined && isInside(python.venv, program)) return python;
  return [python, dotnet, java].find((item) => item?.program === program);
}

/** The beginning of a file, for its magic number. */
export async function headOf(content: ContentReader, entry: Entry): Promise<Uint8Array> {
  return content.read(entry, { offset: 0, size: Math.min(HEAD_BYTES, entry.size) });
}

export function isScript(head: Uint8Array): boolean {
  return head[0] === 0x23 && head[1] === 0x21;
}

/** An executable that is no shim: version managers put scripts in the place of interpreters. */
export async function isBinary(tree: Tree, content: ContentReader, path: TreePath): Promise<boolean> {
  const entry = tree.resolve(path)?.entry;
  return entry?.type === 'file' && isElf(await headOf(content, entry));
}

/** The port that tare.yaml speaks of, else the usual one of such servers. */
export function portFor(config: Config, usual: number): number {
  for (const item of config.expose ?? []) {
    const [port, protocol] = item.split('/');
    if (protocol === 'tcp') return Number(port);
  }
  for (const probe of config.probes ?? []) {
    if ('http' in probe) return probe.http.port;
    if ('tcp' in probe) return probe.tcp.port;
  }
  return usual;
}
