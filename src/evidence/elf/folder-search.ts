import { type ByteString, joinPath, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { ElfObject } from './library.ts';
import { locate } from '../locate.ts';
import { sameMachine } from './machines.ts';
import type { SearchFolder } from './tokens.ts';
import type { Found, Missing, Process, SearchResult, Variant } from './types.ts';

const HWCAPS = 'glibc-hwcaps';

export const EXHAUSTED: Missing = { why: 'its run paths name more folders than any real program' };

/** Folders that a loader tries one after the other, all for the same reason. */
export interface FolderGroup {
  readonly folders: readonly SearchFolder[];
  /** "by RUNPATH", "by default". */
  readonly by: string;
}

/** What a search has met so far: the builds for special CPUs may stand in earlier folders than the plain one. */
export interface SearchState {
  readonly variants: Variant[];
}

/**
 * Looks for `name` as glibc does in each folder (elf/dl-load.c, open_path and open_verify): objects of another machine or class are passed over, a file
 * that is no ELF object ends the search. Builds below `glibc-hwcaps/` are collected beside the plain one.
 * @returns undefined when the next place is to be tried
 */
export async function searchFolders(
  process: Process,
  group: FolderGroup,
  name: ByteString,
  state: SearchState,
): Promise<SearchResult | undefined> {
  for (const folder of group.folders) {
    if (--process.tries.left < 0) return EXHAUSTED;
    const located = locate(process.library.tree, process.cwd, `${folder.text === '' ? '.' : folder.text}/${name}`);
    if (located === undefined) continue;
    await collectVariants(process, located.path, name, state);
    const result = await tryPath(process, located.path);
    if (result === undefined) continue;
    const how = foundIn(located.path, group.by);
    if ('object' in result && folder.special) state.variants.push({ path: located.path, how });
    else if ('object' in result) return foundAt(result.object, located, how, state);
    else return result;
  }
  return undefined;
}

export function foundAt(
  object: ElfObject,
  located: { readonly path: TreePath; readonly through?: readonly TreePath[] },
  how: string,
  state: SearchState,
): Found {
  return { object, path: located.path, how, variants: state.variants, through: located.through ?? [] };
}

export function foundIn(path: TreePath, by: string): string {
  return `found in ${showPath(parentOf(path))} ${by}`;
}

/** One candidate: an object that fits, the reason to stop, or undefined to go on. */
export async function tryPath(
  process: Process,
  path: TreePath,
): Promise<{ readonly object: ElfObject } | Missing | undefined> {
  const opened = await process.library.open(path);
  if (opened === undefined) return undefined;
  if ('broken' in opened) return { why: `${showPath(path)} cannot be loaded: ${opened.broken}` };
  return sameMachine(opened.elf, process.abi) ? { object: opened } : undefined;
}

/** A name with a slash is a path, relative to the working folder. */
export async function openDirectly(process: Process, name: ByteString): Promise<SearchResult> {
  const located = locate(process.library.tree, process.cwd, name);
  const result = located === undefined ? undefined : await tryPath(process, located.path);
  if (located === undefined || result === undefined) return {};
  return 'object' in result ? foundAt(result.object, located, 'by its path', { variants: [] }) : result;
}

async function collectVariants(process: Process, path: TreePath, name: ByteString, state: SearchState): Promise<void> {
  const { tree } = process.library;
  const folder = tree.resolve(joinPath(parentOf(path), HWCAPS))?.entry;
  if (folder?.type !== 'directory') return;
  for (const level of tree.children(folder.path)) {
    const variant = joinPath(
      joinPath(joinPath(parentOf(path), HWCAPS), level.path.slice(folder.path.length + 1)),
      name,
    );
    const result = await tryPath(process, variant);
    if (result !== undefined && 'object' in result)
      state.variants.push({ path: variant, how: 'the build that CPUs with more features get' });
  }
}
