import { bytesOfText, nameOf, parentOf, type TreePath } from '../../base/path.ts';
import type { ProcessContext } from '../types.ts';
import { glibcLoader, type GlibcSettings, readGlibcSettings, readSystemFolders } from './glibc.ts';
import type { ElfObject, Library } from './library.ts';
import { locate } from '../locate.ts';
import { machineNames, sameMachine } from './machines.ts';
import { muslLoader, readMuslSettings } from './musl.ts';
import type { Loaded, Loader, Process } from './types.ts';

/** Far beyond what the largest real program makes its loader try. */
const MAX_TRIES = 250_000;

/** What is the same for every program of a tree, read at most once. */
export interface TreeSettings {
  readonly library: Library;
  glibc(): Promise<GlibcSettings>;
  systemFolders(process: Process): Promise<readonly string[]>;
}

export function treeSettings(library: Library): TreeSettings {
  let glibc: Promise<GlibcSettings> | undefined;
  const folders = new Map<string, Promise<readonly string[]>>();
  return {
    library,
    glibc: () => (glibc ??= readGlibcSettings(library)),
    systemFolders: (process) => {
      const { interpreter, abi } = process;
      const key = interpreter ?? `${abi.machineName}/${abi.class}/${abi.endian}`;
      let promise = folders.get(key);
      if (promise === undefined) {
        promise = readSystemFolders(process);
        folders.set(key, promise);
      }
      return promise;
    },
  };
}

/** The object that a question is about, as the first of its process. A program's `$ORIGIN` is its real folder (/proc/self/exe), a library's the one that it was named by. */
export function firstLoaded(object: ElfObject, path: TreePath): Loaded {
  const program = object.elf.interpreter !== undefined;
  return { ...object, path, origin: parentOf(program ? object.entry.path : path), how: 'asked for' };
}

/** A process of the program `first`, or, when it has no interpreter, of some program that will load it. */
export async function processOf(library: Library, first: Loaded, context: ProcessContext): Promise<Process> {
  const { elf } = first;
  const own =
    elf.interpreter === undefined
      ? await offeredInterpreter(library, first)
      : locate(library.tree, context.cwd, elf.interpreter)?.path;
  return {
    library,
    ...(own !== undefined && { interpreter: own }),
    ...(elf.interpreter !== undefined && { main: first }),
    abi: elf,
    cwd: context.cwd,
    libraryPath: bytesOfText(context.env['LD_LIBRARY_PATH'] ?? ''),
    tries: { left: MAX_TRIES },
  };
}

export async function loaderOf(settings: TreeSettings, process: Process, first: Loaded): Promise<Loader> {
  if (isMusl(process.interpreter, first)) return muslLoader(process, await readMuslSettings(process));
  return glibcLoader(process, await settings.glibc(), await settings.systemFolders(process));
}

function isMusl(interpreter: TreePath | undefined, first: Loaded): boolean {
  return interpreter === undefined ? needsMusl(first) === true : nameOf(interpreter).startsWith('ld-musl-');
}

/** What the C library's name in NEEDED says; undefined when it is not there. */
function needsMusl({ elf }: ElfObject): boolean | undefined {
  if (elf.needed.some((name) => name === 'libc.so' || name.startsWith('libc.musl-'))) return true;
  return elf.needed.some((name) => /^libc\.so\.\d|^ld(?:-linux.*|64)\.so/.test(name)) ? false : undefined;
}

/** A library does not say which loader will load it: the tree's own for its machine, of the C library that it names. */
async function offeredInterpreter(library: Library, object: ElfObject): Promise<TreePath | undefined> {
  const { glibc, musl } = machineNames(object.elf);
  const wanted = needsMusl(object);
  const candidates = [
    ...(wanted === true ? [] : glibc),
    ...(wanted === false ? [] : musl.map((arch) => `/lib/ld-musl-${arch}.so.1`)),
  ];
  for (const candidate of candidates as TreePath[]) {
    const opened = await library.open(candidate);
    if (opened !== undefined && 'elf' in opened && sameMachine(opened.elf, object.elf)) return candidate;
  }
  return undefined;
}
