import type { ByteString, TreePath } from '../../base/path.ts';
import type { ElfFile } from '../../formats/elf/index.ts';
import type { Certainty } from '../types.ts';
import type { ElfObject, Library } from './library.ts';

/** An object in a process, as its loader sees it. */
export interface Loaded extends ElfObject {
  /** The path that it was found by, symbolic links as they are. */
  readonly path: TreePath;
  /** `$ORIGIN`: the folder of `path`; of the program itself the real one. */
  readonly origin: ByteString;
  /** Who asked for it first. */
  readonly requester?: Loaded;
  /** "found in /lib by ld.so.cache". */
  readonly how: string;
}

/** Folders of one search path that are believed. */
export const MAX_FOLDERS = 1024;

/** Where and by whom libraries are looked for: one program, or one library taken by itself. */
export interface Process {
  readonly library: Library;
  /** The program's loader; of a library by itself the one that the tree offers for its machine. */
  readonly interpreter?: TreePath;
  /** The program; undefined for a library taken by itself. */
  readonly main?: Loaded;
  /** Machine, class and byte order of all its objects. */
  readonly abi: ElfFile;
  readonly cwd: TreePath;
  /** LD_LIBRARY_PATH, unsplit. */
  readonly libraryPath: ByteString;
  /** Folders that may still be tried: names times run paths of a hostile file would never end. */
  readonly tries: { left: number };
}

export interface Found {
  readonly object: ElfObject;
  readonly path: TreePath;
  readonly how: string;
  /** Other builds of the library that some CPUs get instead. */
  readonly variants: readonly Variant[];
  /** A file that the loader could not find it without. */
  readonly config?: TreePath;
  /** See `Located.through`. */
  readonly through: readonly TreePath[];
  /** Found although the real loader would not: what is wrong. */
  readonly doubt?: string;
}

export interface Variant {
  readonly path: TreePath;
  readonly how: string;
}

export interface Missing {
  /** When the search ended early, because of this. */
  readonly why?: string;
}

export type SearchResult = Found | Missing;

export function isFound(result: SearchResult): result is Found {
  return 'object' in result;
}

/** The search of one C library's loader. */
export interface Loader {
  /** What a requester's NEEDED (or dlopen) name leads to. */
  find(name: ByteString, requester: Loaded): Promise<SearchResult>;
  /** Where a name given to `dlopen` is looked for before the places that every program shares: run paths and LD_LIBRARY_PATH. */
  findPrivate(name: ByteString, requester: Loaded): Promise<SearchResult>;
  /** Folders that every program shares. */
  readonly sharedFolders: readonly ByteString[];
  /** The names by which a later NEEDED finds an object again without a search. */
  namesOf(object: Loaded, requested: ByteString): readonly ByteString[];
}

/** Something that an object opens while it runs. */
export interface Opening {
  readonly from: Loaded;
  readonly found: Found;
  readonly because: string;
  readonly certainty: Certainty;
}

/** A file that is read, not loaded, because of a plug-in. */
export interface PluginConfig {
  readonly from: Loaded;
  readonly to: TreePath;
  readonly because: string;
  readonly certainty: Certainty;
}

export interface PluginFindings {
  readonly openings: readonly Opening[];
  readonly configs: readonly PluginConfig[];
}
