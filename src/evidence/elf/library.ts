import { isTareError } from '../../base/error.ts';
import type { ByteString, TreePath } from '../../base/path.ts';
import {
  type ElfFile,
  isElf,
  readElfFrom,
  readElfImports,
  readElfLibraryStrings,
  visitElfStrings,
} from '../../formats/elf/index.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { type Facts, learn } from '../facts.ts';
import { ELF_QUESTION, recalledElf, rememberedElf } from './remembered.ts';

/** An ELF file of the tree; `entry` is where its path leads to. */
export interface ElfObject {
  readonly entry: Entry;
  readonly elf: ElfFile;
}

/** What opening a path gives: nothing there, something that no loader can use, or an object. */
type Opened = undefined | { readonly broken: string } | ElfObject;

/** The ELF files of one tree, each read at most once. */
export interface Library {
  readonly tree: Tree;
  open(path: TreePath): Promise<Opened>;
  /** Names of the undefined dynamic symbols; none when the symbol table is broken. */
  imports(object: ElfObject): Promise<ReadonlySet<ByteString>>;
  /** Constants that look like names of shared libraries. */
  libraryStrings(object: ElfObject): Promise<readonly ByteString[]>;
  visitStrings(object: ElfObject, visit: (text: ByteString) => boolean): Promise<void>;
  /** What a search of the object's strings finds: remembered by the question. */
  search(
    object: ElfObject,
    question: string,
    work: () => Promise<readonly ByteString[]>,
  ): Promise<readonly ByteString[]>;
  /** A small file as bytes; undefined when it is not there or larger than `maxBytes`. */
  bytes(path: TreePath, maxBytes: number): Promise<Uint8Array | undefined>;
}

/** By tree, reader and facts: everybody who looks into ELF files of one tree shares what was read. */
const LIBRARIES = new WeakMap<Tree, WeakMap<ContentReader, WeakMap<object, Library>>>();
const NO_FACTS = {};

export function libraryOf(tree: Tree, content: ContentReader, facts?: Facts): Library {
  const readers = LIBRARIES.get(tree) ?? new WeakMap<ContentReader, WeakMap<object, Library>>();
  const libraries = readers.get(content) ?? new WeakMap<object, Library>();
  const library = libraries.get(facts ?? NO_FACTS) ?? createLibrary(tree, content, facts);
  LIBRARIES.set(tree, readers.set(content, libraries.set(facts ?? NO_FACTS, library)));
  return library;
}

function createLibrary(tree: Tree, content: ContentReader, facts: Facts | undefined): Library {
  const opened = new Map<TreePath, Promise<Opened>>();
  const imports = new Map<TreePath, Promise<ReadonlySet<ByteString>>>();
  const strings = new Map<TreePath, Promise<readonly ByteString[]>>();
  const readerOf = (entry: Entry) => (offset: number, size: number) => content.read(entry, { offset, size });
  const fileAt = (path: TreePath): Entry | undefined => {
    const entry = tree.resolve(path)?.entry;
    return entry?.content === undefined ? undefined : entry;
  };
  return {
    tree,
    open: (path) => {
      const entry = fileAt(path);
      if (entry === undefined) return Promise.resolve(undefined);
      return once(opened, entry.path, () => openEntry(entry, readerOf(entry), facts));
    },
    imports: ({ entry, elf }) =>
      once(imports, entry.path, async () => {
        const names = await learn(facts, entry, 'elf imports', async () => [
          ...(await orWhenBroken(readElfImports(readerOf(entry), entry.size, elf), new Set<ByteString>())),
        ]);
        return new Set(names);
      }),
    libraryStrings: ({ entry, elf }) =>
      once(strings, entry.path, () =>
        learn(facts, entry, 'elf library names', () =>
          orWhenBroken(readElfLibraryStrings(readerOf(entry), entry.size, elf), []),
        ),
      ),
    visitStrings: ({ entry, elf }, visit) =>
      orWhenBroken(visitElfStrings(readerOf(entry), entry.size, elf, visit), undefined),
    search: ({ entry }, question, work) => learn(facts, entry, question, work),
    bytes: async (path, maxBytes) => {
      const entry = fileAt(path);
      return entry === undefined || entry.size > maxBytes ? undefined : content.read(entry);
    },
  };
}

async function openEntry(
  entry: Entry,
  read: (offset: number, size: number) => Promise<Uint8Array>,
  facts: Facts | undefined,
): Promise<Opened> {
  const known = facts?.find(entry, ELF_QUESTION);
  if (known !== undefined) return { entry, elf: recalledElf(known) };
  if (entry.size < 4 || !isElf(await read(0, 4))) return { broken: 'it is not an ELF file' };
  try {
    const elf = await readElfFrom(read, entry.size, { sections: 'tolerant' });
    facts?.keep(entry, ELF_QUESTION, rememberedElf(elf));
    return { entry, elf };
  } catch (error) {
    if (isTareError(error, 'E_ELF') || isTareError(error, 'E_LIMIT')) return { broken: error.message };
    throw error;
  }
}

/** A loader that is content with the headers never looks at symbols and strings: a file may work although they are broken. */
async function orWhenBroken<T>(work: Promise<T>, instead: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isTareError(error, 'E_ELF') || isTareError(error, 'E_LIMIT')) return instead;
    throw error;
  }
}

function once<T>(memo: Map<TreePath, Promise<T>>, path: TreePath, work: () => Promise<T>): Promise<T> {
  let promise = memo.get(path);
  if (promise === undefined) {
    promise = work();
    memo.set(path, promise);
  }
  return promise;
}
