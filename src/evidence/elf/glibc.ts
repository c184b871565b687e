import { isTareError } from '../../base/error.ts';
import { type ByteString, parentOf, showPath, type TreePath } from '../../base/path.ts';
import { type LdCacheEntry, parseLdCache, suitsAbi } from '../../formats/ldcache/index.ts';
import {
  type FolderGroup,
  foundAt,
  foundIn,
  openDirectly,
  searchFolders,
  type SearchState,
  tryPath,
} from './folder-search.ts';
import { LD_SO_CONF, readLdConfFolders } from './ld-conf.ts';
import type { Library } from './library.ts';
import { locate } from '../locate.ts';
import { machineNames, usualFolders } from './machines.ts';
import { expandTokens, type TokenValues } from './tokens.ts';
import { isFound, type Loaded, type Loader, MAX_FOLDERS, type Process, type SearchResult } from './types.ts';

export const LD_SO_CACHE = '/etc/ld.so.cache' as TreePath;
const MAX_CACHE_BYTES = 64 * 1024 * 1024; // 64 MiB

/** What a tree tells all its glibc programs. */
export interface GlibcSettings {
  /** By soname, in file order. Undefined when there is no cache (or a broken one, which the loader ignores). */
  readonly cache: ReadonlyMap<ByteString, readonly LdCacheEntry[]> | undefined;
  readonly confFolders: readonly ByteString[];
  /** Why the cache could not be read. */
  readonly problem?: string;
}

export async function readGlibcSettings(library: Library): Promise<GlibcSettings> {
  const bytes = await library.bytes(LD_SO_CACHE, MAX_CACHE_BYTES);
  if (bytes === undefined) return { cache: undefined, confFolders: await readLdConfFolders(library) };
  try {
    const cache = new Map<ByteString, LdCacheEntry[]>();
    for (const entry of parseLdCache(bytes)) {
      const list = cache.get(entry.name);
      if (list === undefined) cache.set(entry.name, [entry]);
      else list.push(entry);
    }
    return { cache, confFolders: [] };
  } catch (error) {
    if (!isTareError(error, 'E_LDCACHE') && !isTareError(error, 'E_LIMIT')) throw error;
    return { cache: undefined, confFolders: await readLdConfFolders(library), problem: error.message };
  }
}

/**
 * The folders that the loader's own binary has built in (`system_dirs` of elf/dl-load.c: strings that end in '/', one after the other), which differ
 * between distributions; the usual ones when it does not tell.
 */
export async function readSystemFolders(process: Process): Promise<ByteString[]> {
  const { interpreter, library } = process;
  const opened = interpreter === undefined ? undefined : await library.open(interpreter);
  if (opened === undefined || 'broken' in opened) return usualFolders(process.abi);
  const folders: ByteString[] = [];
  await library.visitStrings(opened, (text) => {
    if (/^\/(?:[^/]+\/)*lib(?:32|64|x32)?\/(?:[^/]+-linux-[^/]+\/)?$/.test(text)) folders.push(text.slice(0, -1));
    return folders.length === 0 || text.endsWith('/');
  });
  return folders.length === 0 ? usualFolders(process.abi) : [...new Set(folders)];
}

/** glibc's search (ld.so(8); elf/dl-load.c, _dl_map_object). */
export function glibcLoader(process: Process, settings: GlibcSettings, systemFolders: readonly ByteString[]): Loader {
  const { platforms } = machineNames(process.abi);
  const first = (systemFolders[0] ?? '/lib').replace(/^\/(?:usr\/)?/, '');
  const lib = /^lib[^/]*(?:\/[^/]+-linux-[^/]+)?$/.test(first) ? first : 'lib';
  const tokensOf = (object: Loaded): TokenValues => ({ origin: object.origin, lib, platforms });
  const group = (by: string, folders: readonly ByteString[], object: Loaded): FolderGroup => ({
    by,
    // An empty path means nothing; an empty component of a longer one means the working folder.
    folders:
      folders.length === 1 && folders[0] === ''
        ? []
        : folders.slice(0, MAX_FOLDERS).flatMap((text) => expandTokens(text, tokensOf(object))),
  });
  const defaults: FolderGroup = { by: 'by default', folders: systemFolders.map((text) => ({ text, special: false })) };

  const privateGroupsOf = new Map<Loaded, readonly FolderGroup[]>();

  /** Run paths and LD_LIBRARY_PATH: what belongs to this object or this process alone. */
  function privateGroups(requester: Loaded): readonly FolderGroup[] {
    const known = privateGroupsOf.get(requester);
    if (known !== undefined) return known;
    const groups: FolderGroup[] = [];
    if (requester.elf.runpath.length === 0) {
      for (const object of rpathChain(requester, process.main)) {
        const of = object === requester ? '' : ` of ${showPath(object.entry.path)}`;
        groups.push(group(`by RPATH ${showPath(object.elf.rpath.join(':'))}${of}`, object.elf.rpath, object));
      }
    }
    const owner = process.main ?? requester;
    if (process.libraryPath !== '') groups.push(group('by LD_LIBRARY_PATH', process.libraryPath.split(/[:;]/), owner));
    const { runpath } = requester.elf;
    if (runpath.length > 0) groups.push(group(`by RUNPATH ${showPath(runpath.join(':'))}`, runpath, requester));
    privateGroupsOf.set(requester, groups);
    return groups;
  }

  async function searchCache(
    name: ByteString,
    requester: Loaded,
    state: SearchState,
  ): Promise<SearchResult | undefined> {
    let base: SearchResult | undefined;
    for (const entry of settings.cache?.get(name) ?? []) {
      if (!suitsAbi(entry.flags, process.abi)) continue;
      const located = locate(process.library.tree, process.cwd, entry.path);
      if (located === undefined || !entry.path.startsWith('/')) continue;
      if (requester.elf.flags.nodefaultlib && systemFolders.includes(parentOf(located.path))) continue;
      const result = await tryPath(process, located.path);
      if (result === undefined || !('object' in result)) continue;
      if (entry.hwcap !== undefined || entry.legacy === true) {
        const what = entry.hwcap === undefined ? 'some CPUs' : `CPUs of level ${entry.hwcap}`;
        state.variants.push({ path: located.path, how: `the build that ${what} get by ld.so.cache` });
      } else base ??= foundAt(result.object, located, foundIn(located.path, 'by ld.so.cache'), state);
    }
    return base;
  }

  /** The cache is only needed in the image for what the default folders would not give just so. */
  async function needsCache(found: SearchResult, name: ByteString, requester: Loaded): Promise<boolean> {
    if (requester.elf.flags.nodefaultlib) return true;
    const plain = await searchFolders(process, defaults, name, { variants: [] });
    return (
      !(plain !== undefined && isFound(plain) && isFound(found)) || plain.object.entry.path !== found.object.entry.path
    );
  }

  async function findShared(name: ByteString, requester: Loaded, state: SearchState): Promise<SearchResult> {
    const cached = await searchCache(name, requester, state);
    if (cached !== undefined && isFound(cached))
      return (await needsCache(cached, name, requester)) ? { ...cached, config: LD_SO_CACHE } : cached;
    if (!requester.elf.flags.nodefaultlib) {
      const result = await searchFolders(process, defaults, name, state);
      if (result !== undefined) return result;
    }
    const configured = settings.confFolders.map((text) => ({ text, special: false }));
    const result = await searchFolders(process, { by: `by ${LD_SO_CONF}`, folders: configured }, name, state);
    if (result === undefined) return {};
    const doubt = `only ${LD_SO_CONF} names its folder, and without ${LD_SO_CACHE} no program looks there: run \`ldconfig\``;
    return isFound(result) ? { ...result, doubt } : result;
  }

  async function searchPrivate(
    name: ByteString,
    requester: Loaded,
    state: SearchState,
  ): Promise<SearchResult | undefined> {
    for (const each of privateGroups(requester)) {
      const result = await searchFolders(process, each, name, state);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  const plainName = (name: ByteString, requester: Loaded): ByteString =>
    expandTokens(name, tokensOf(requester))[0]?.text ?? name;

  return {
    sharedFolders: [...systemFolders, ...settings.confFolders],
    async find(raw, requester) {
      const name = plainName(raw, requester);
      if (name.includes('/')) return openDirectly(process, name);
      const state: SearchState = { variants: [] };
      return (await searchPrivate(name, requester, state)) ?? findShared(name, requester, state);
    },
    async findPrivate(raw, requester) {
      const name = plainName(raw, requester);
      if (name.includes('/')) return openDirectly(process, name);
      return (await searchPrivate(name, requester, { variants: [] })) ?? {};
    },
    namesOf: (object, requested) => [
      requested,
      object.path,
      ...(object.elf.soname === undefined ? [] : [object.elf.soname]),
    ],
  };
}

/** The requester, who asked for it, and so on, then the program; those with a RUNPATH have no say. */
function rpathChain(requester: Loaded, main: Loaded | undefined): Loaded[] {
  const chain: Loaded[] = [];
  for (let object: Loaded | undefined = requester; object !== undefined; object = object.requester) chain.push(object);
  if (main !== undefined && !chain.includes(main)) chain.push(main);
  return chain.filter((object) => object.elf.rpath.length > 0 && object.elf.runpath.length === 0);
}
