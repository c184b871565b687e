import { type ByteString, nameOf, parentOf, showPath, type TreePath } from '../../base/path.ts';
import { parseMuslPath } from '../../formats/ldconf/index.ts';
import { EXHAUSTED, foundAt, foundIn, openDirectly } from './folder-search.ts';
import { locate } from '../locate.ts';
import { sameMachine } from './machines.ts';
import { expandMuslTokens } from './tokens.ts';
import { isFound, type Loaded, type Loader, MAX_FOLDERS, type Process, type SearchResult } from './types.ts';

const DEFAULT_FOLDERS = ['/lib', '/usr/local/lib', '/usr/lib'];
const MAX_PATH_FILE_BYTES = 1024 * 1024; // 1 MiB
/** Names below `lib` that musl answers itself (ldso/dynlink.c, load_library): `libc.so`, `libpthread.so.0`, `libc.musl-x86_64.so.1`, … */
const RESERVED = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;

export interface MuslSettings {
  readonly folders: readonly ByteString[];
  /** `/etc/ld-musl-ARCH.path`, when the folders come from there. */
  readonly config?: TreePath;
}

/** The path file stands in `etc` beside the folder that the interpreter is in: `/etc` for `/lib/ld-musl-x86_64.so.1`. */
export async function readMuslSettings(process: Process): Promise<MuslSettings> {
  const { interpreter, library } = process;
  const arch = /^ld-musl-(.+)\.so\.1$/.exec(interpreter === undefined ? '' : nameOf(interpreter))?.[1];
  if (interpreter === undefined || arch === undefined) return { folders: DEFAULT_FOLDERS };
  const prefix = parentOf(parentOf(interpreter));
  const path = `${prefix === '/' ? '' : prefix}/etc/ld-musl-${arch}.path` as TreePath;
  const bytes = await library.bytes(path, MAX_PATH_FILE_BYTES);
  if (bytes === undefined) return { folders: DEFAULT_FOLDERS };
  return { folders: parseMuslPath(Buffer.from(bytes).toString('latin1')), config: path };
}

/**
 * musl's search (ldso/dynlink.c, load_library): the first file of that name decides, whatever it is; RUNPATH counts as RPATH, and both are handed down;
 * LD_LIBRARY_PATH comes before them.
 */
export function muslLoader(process: Process, settings: MuslSettings): Loader {
  async function searchIn(
    folders: readonly ByteString[],
    by: string,
    name: ByteString,
  ): Promise<SearchResult | undefined> {
    for (const folder of folders) {
      if (--process.tries.left < 0) return EXHAUSTED;
      const located = folder === '' ? undefined : locate(process.library.tree, process.cwd, `${folder}/${name}`);
      if (located === undefined) continue;
      const opened = await process.library.open(located.path);
      if (opened === undefined) continue;
      if ('broken' in opened) return { why: `${showPath(located.path)} cannot be loaded: ${opened.broken}` };
      if (!sameMachine(opened.elf, process.abi))
        return { why: `${showPath(located.path)} is for another machine, and musl looks no further` };
      return foundAt(opened, located, foundIn(located.path, by), { variants: [] });
    }
    return undefined;
  }

  const runPaths = new Map<Loaded, { readonly word: string; readonly folders: readonly ByteString[] }>();

  function runPath(object: Loaded): { readonly word: string; readonly folders: readonly ByteString[] } {
    const known = runPaths.get(object);
    if (known !== undefined) return known;
    const { runpath, rpath } = object.elf;
    const [word, folders] = runpath.length > 0 ? ['RUNPATH', runpath] : ['RPATH', rpath];
    const expanded = expandMuslTokens(folders.slice(0, MAX_FOLDERS), object.origin);
    const result = { word: `${word} ${showPath(folders.join(':'))}`, folders: expanded };
    runPaths.set(object, result);
    return result;
  }

  async function searchPrivate(name: ByteString, requester: Loaded): Promise<SearchResult | undefined> {
    const fromEnv = await searchIn(process.libraryPath.split(/[:\n]/), 'by LD_LIBRARY_PATH', name);
    if (fromEnv !== undefined) return fromEnv;
    for (let object: Loaded | undefined = requester; object !== undefined; object = object.requester) {
      const { word, folders } = runPath(object);
      const by = `by ${word}${object === requester ? '' : ` of ${showPath(object.entry.path)}`}`;
      const found = await searchIn(folders, by, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async function itself(name: ByteString): Promise<SearchResult | undefined> {
    const { interpreter } = process;
    if (interpreter === undefined || !(RESERVED.test(name) || name === interpreter)) return undefined;
    const opened = await process.library.open(interpreter);
    if (opened === undefined || 'broken' in opened) return {};
    return foundAt(opened, { path: interpreter }, 'which is the loader itself', { variants: [] });
  }

  async function findPrivate(name: ByteString, requester: Loaded): Promise<SearchResult | undefined> {
    const own = await itself(name);
    if (own !== undefined) return own;
    return name.includes('/') ? openDirectly(process, name) : searchPrivate(name, requester);
  }

  return {
    sharedFolders: settings.folders,
    async find(name, requester) {
      const found = await findPrivate(name, requester);
      if (found !== undefined) return found;
      if (settings.config === undefined) return (await searchIn(settings.folders, 'by default', name)) ?? {};
      const listed = (await searchIn(settings.folders, `by ${settings.config}`, name)) ?? {};
      const plain = (await searchIn(DEFAULT_FOLDERS, 'by default', name)) ?? {};
      const same = isFound(listed) && isFound(plain) && listed.object.entry.path === plain.object.entry.path;
      return isFound(listed) && !same ? { ...listed, config: settings.config } : listed;
    },
    findPrivate: async (name, requester) => (await findPrivate(name, requester)) ?? {},
    // musl goes by the name of the file that it opened, not by the soname.
    namesOf: (object, requested) =>
      requested.includes('/') ? [requested, object.path] : [nameOf(object.path), object.path],
  };
}
