import { folderAt } from '../../evidence/node/files.ts';
import { joinPath } from '../../base/path.ts';
import type { PythonRuntime } from '../runtimes/types.ts';
import type { StartInput } from './types.ts';

/** A server that is given a module: which applications it serves, and its words. */
interface Server {
  readonly name: string;
  readonly serves: 'wsgi' | 'asgi';
  readonly words: (target: Target, port: number) => readonly string[];
}

/** What is served. */
export interface Target {
  readonly module: string;
  readonly callable: string;
  /** The callable makes the application. */
  readonly factory: boolean;
}

const called = ({ callable, factory, module }: Target): string => `${module}:${callable}${factory ? '()' : ''}`;

/** In the order of preference. */
const SERVERS: readonly Server[] = [
  { name: 'gunicorn', serves: 'wsgi', words: (target, port) => ['-b', `0.0.0.0:${port}`, called(target)] },
  {
    name: 'waitress',
    serves: 'wsgi',
    words: ({ callable, factory, module }, port) => [
      `--listen=0.0.0.0:${port}`,
      ...(factory ? ['--call'] : []),
      `${module}:${callable}`,
    ],
  },
  {
    name: 'uvicorn',
    serves: 'asgi',
    words: ({ callable, factory, module }, port) => [
      '--host',
      '0.0.0.0',
      '--port',
      String(port),
      ...(factory ? ['--factory'] : []),
      `${module}:${callable}`,
    ],
  },
  { name: 'hypercorn', serves: 'asgi', words: (target, port) => ['-b', `0.0.0.0:${port}`, called(target)] },
  { name: 'hypercorn', serves: 'wsgi', words: (target, port) => ['-b', `0.0.0.0:${port}`, `wsgi:${called(target)}`] },
];

export const SERVER_NAMES = [...new Set(SERVERS.map((server) => server.name))];

/** Those that are installed for the interpreter. */
export function installedServers(tree: StartInput['tree'], python: PythonRuntime): readonly Server[] {
  return SERVERS.filter(({ name }) =>
    python.packages.some((folder) => folderAt(tree, joinPath(folder, name)) !== undefined),
  );
}

/** The words for python, of the first server that fits. */
export function serverWords(
  servers: readonly Server[],
  target: Target,
  options: { readonly isAsync: boolean; readonly port: number },
): readonly string[] | undefined {
  const serves = options.isAsync ? 'asgi' : 'wsgi';
  const server = servers.find((item) => item.serves === serves);
  return server === undefined ? undefined : ['-m', server.name, ...server.words(target, options.port)];
}
