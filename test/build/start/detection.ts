import { pathOfText } from '../../../src/base/path.ts';
import { findRuntimes } from '../../../src/build/runtimes/index.ts';
import { relocated } from '../../../src/build/runtimes/relocate.ts';
import { findStart } from '../../../src/build/start/index.ts';
import type { Start } from '../../../src/build/start/types.ts';
import type { Config } from '../../../src/config/config.ts';
import { overlay } from '../../../src/tree/overlay.ts';
import { buildElf } from '../../helpers/elf-builder.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

export type Files = Readonly<Record<string, MemoryFile>>;

export const program: MemoryFile = { content: buildElf({ type: 2 }), mode: 0o755 };
export const shim: MemoryFile = { content: '#!/bin/sh\nexec pyenv exec python3 "$@"\n', mode: 0o755 };

/** A machine with Node, Python 3.11, Java and .NET, all of them in system folders. */
export const MACHINE: Files = {
  '/usr/bin/node': program,
  '/usr/bin/python3': { link: 'python3.11' },
  '/usr/bin/python3.11': program,
  '/usr/lib/python3.11/os.py': '',
  '/usr/lib/python3.11/site-packages/six-1.0.dist-info/METADATA': '',
  '/usr/bin/java': { link: '../lib/jvm/java-17/bin/java' },
  '/usr/lib/jvm/java-17/bin/java': program,
  '/usr/lib/jvm/java-17/lib/modules': '',
  '/usr/share/dotnet/dotnet': program,
  '/usr/share/dotnet/host/fxr/8.0.0/libhostfxr.so': '',
};

/** An environment made with /usr/bin/python3 that holds these packages. */
export function venv(
  packages: readonly string[],
  options: { readonly version?: string; readonly python?: string } = {},
): Files {
  const { python = '/usr/bin/python3', version = '3.11' } = options;
  const site = `.venv/lib/python${version}/site-packages`;
  return {
    '.venv/pyvenv.cfg': `home = ${python.slice(0, python.lastIndexOf('/'))}\nversion = ${version}.4\ncommand = ${python} -m venv /home/me/app/.venv\n`,
    '.venv/bin/python': { link: 'python3' },
    '.venv/bin/python3': { link: python },
    ...Object.fromEntries(
      packages.flatMap((name) => [
        [`${site}/${name}/__init__.py`, ''],
        [`${site}/${name}-1.0.dist-info/METADATA`, ''],
      ]),
    ),
  };
}

export interface Options {
  readonly config?: Config;
  readonly machine?: Files;
  readonly path?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly isHost?: boolean;
}

/** What is detected for an application at /app, and the trees that it is detected in. */
export async function detect(files: Files, options: Options = {}) {
  const { config = {}, environment = {}, isHost = true, machine = MACHINE, path = ['/usr/bin'] } = options;
  const lower = memoryTree(machine);
  const { content } = lower;
  const searchPath = path.map(pathOfText);
  const mount = pathOfText('/app');
  const found = await findRuntimes({
    tree: lower.tree,
    content,
    searchPath,
    isHost,
    own: memoryTree(files).tree,
    hostRoot: pathOfText('/home/me/app'),
    mount,
    ownDir: pathOfText('/'),
    config,
    environment,
  });
  const tree = overlay(relocated(lower.tree, found.moves), found.own, mount);
  const input = { tree, content, app: mount, config, searchPath, runtimes: found.runtimes, warn: () => undefined };
  return { ...found, tree, content, start: (): Promise<Start> => findStart(input) };
}
