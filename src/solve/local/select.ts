import {
  bytesOfText,
  isInside,
  joinPath,
  nameOf,
  quotePath,
  ROOT,
  textOfBytes,
  type TreePath,
} from '../../base/path.ts';
import { TareError } from '../../base/error.ts';
import { matchPath, validPattern } from '../../formats/dockerfile/match.ts';
import { createIgnoreMatcher, ignoreRules, type IgnoreMatcher } from '../../formats/ignorefile/index.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { CopyAction } from '../types.ts';
import type { Selected } from './copy.ts';

const WILDCARDS = /[*?[]/;

/**
 * What a copy takes out of a tree, in the order of its sources and, for a pattern, of bytes. Links on the way to a source, and the source itself, are
 * followed inside the tree.
 * @throws TareError E_PATH_NOT_FOUND for a source that is not there; a pattern may match nothing. E_DOCKERFILE for a malformed pattern
 */
export function select(tree: Tree, { exclude, literal, parents, sources }: CopyAction): readonly Selected[] {
  const hidden = exclude.length === 0 ? undefined : createIgnoreMatcher(ignoreRules(exclude, { file: '--exclude' }));
  return sources.flatMap((source) => {
    const path = bytesOfText(source);
    if (literal === true) return selected(tree, path as TreePath, hidden);
    if (!parents) return matches(tree, path).flatMap((found) => selected(tree, found, hidden));
    const pivot = path.indexOf('/./');
    const base = pivot === -1 ? ROOT : ((path.slice(0, pivot) || '/') as TreePath);
    const rest = pivot === -1 ? path : path.slice(pivot + 2);
    return matches(tree, base).flatMap((folder) => selectedWithParents(tree, folder, rest, hidden));
  });
}

/** The paths that a source names. Without wildcards it names itself, also when it is not there. */
function matches(tree: Tree, path: string): readonly TreePath[] {
  const names = path.split('/').filter((name) => name !== '');
  const first = names.findIndex(hasWildcards);
  if (first === -1) return [(names.length === 0 ? ROOT : `/${names.join('/')}`) as TreePath];
  if (!validPattern(path)) throw new TareError('E_DOCKERFILE', `the pattern ${quotePath(path)} is malformed`);
  const start = names.slice(0, first).map(unescaped);
  const folder = tree.resolve((start.length === 0 ? ROOT : `/${start.join('/')}`) as TreePath)?.entry;
  let found: readonly Entry[] = folder === undefined ? [] : [folder];
  for (const pattern of names.slice(first)) {
    found = found.flatMap((entry) =>
      tree.children(entry.path).filter((child) => matchPath(textOfBytes(pattern), textOfBytes(nameOf(child.path)))),
    );
  }
  return found.map((entry) => entry.path);
}

/** A backslash takes the meaning of the character after it away. */
const hasWildcards = (name: string): boolean => WILDCARDS.test(name.replaceAll(/\\./g, ''));
const unescaped = (name: string): string => name.replaceAll(/\\(.)/g, '$1');

function selected(tree: Tree, path: TreePath, hidden: IgnoreMatcher | undefined): Selected[] {
  const entry = tree.resolve(path)?.entry;
  if (entry === undefined) throw notThere(path);
  const name = path === ROOT ? '' : nameOf(path);
  if (entry.type !== 'directory') {
    const isHidden = hidden?.hides(`/${name}` as TreePath) !== undefined || hidden?.hides(path) !== undefined;
    return isHidden ? [] : [{ name, entry, inside: [] }];
  }
  return [{ name, entry, inside: insideOf(tree, entry.path, hidden) }];
}

const notThere = (path: TreePath): TareError =>
  new TareError('E_PATH_NOT_FOUND', `${quotePath(path)} is not there`, {
    hint: 'paths of COPY begin at the folder of the build context, or at the root of the stage after --from',
  });

/** All below a folder that is not hidden, parents first. Paths of the patterns begin at the folder. */
function insideOf(tree: Tree, folder: TreePath, hidden: IgnoreMatcher | undefined): readonly Entry[] {
  const out: Entry[] = [];
  const visit = (at: TreePath): void => {
    for (const child of tree.children(at)) {
      const relative = relativeTo(folder, child.path);
      const isHidden = hidden?.hides(relative) !== undefined;
      if (!isHidden) out.push(child);
      if (child.type === 'directory' && (!isHidden || hidden.mayHoldExceptions(relative))) visit(child.path);
    }
  };
  visit(folder);
  return withFolders(tree, folder, out);
}

/** With a slash in front. */
const relativeTo = (folder: TreePath, path: TreePath): TreePath =>
  folder === ROOT ? path : (path.slice(folder.length) as TreePath);

/** What an exception brings back needs the folders that lead to it. */
function withFolders(tree: Tree, top: TreePath, entries: readonly Entry[]): readonly Entry[] {
  const there = new Set<string>([top]);
  const out: Entry[] = [];
  const add = (path: TreePath): void => {
    if (there.has(path)) return;
    there.add(path);
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    if (isInside(top, parent as TreePath)) add(parent as TreePath);
    const entry = tree.get(path);
    if (entry !== undefined) out.push(entry);
  };
  for (const { path } of entries) add(path);
  return out;
}

/** `--parents`: what matches below a folder, with the folders that lead to it as they are in the source. */
function selectedWithParents(
  tree: Tree,
  base: TreePath,
  pattern: string,
  hidden: IgnoreMatcher | undefined,
): Selected[] {
  const top = tree.resolve(base)?.entry;
  if (top === undefined) throw notThere(base);
  const wanted = createIgnoreMatcher(ignoreRules([pattern.replace(/^\//, '')], { file: '--parents' }));
  const found = insideOf(tree, top.path, hidden).filter(
    ({ path }) => wanted.hides(relativeTo(top.path, path)) !== undefined,
  );
  if (found.length === 0 && !hasWildcards(pattern)) throw notThere(joinPath(top.path, pattern.replace(/^\//, '')));
  return [{ name: '', entry: top, asContainer: true, inside: withFolders(tree, top.path, found) }];
}
