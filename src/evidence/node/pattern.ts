import { bytesOfText, joinPath, nameOf, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { folderAt, resolveName } from './files.ts';
import { WILD } from './scan/texts.ts';

/** Files that one computed name may bring in, and how deep below its fixed part they may lie. */
const MAX_LISTED = 2000;
const MAX_DEPTH = 16;

/** Suffixes that `require` tries. */
const EXTENSIONS = ['', '.js', '.json', '.node', '/index.js', '/index.json', '/index.node'];

export interface Listing {
  /** The folder of the fixed part. */
  readonly folder: TreePath;
  readonly files: readonly TreePath[];
  /** There were more than MAX_LISTED. */
  readonly cut: boolean;
}

export interface ListOptions {
  /** Which files are considered, by name. */
  readonly suits: (name: string) => boolean;
  /** Whether an extension may be missing from the pattern. */
  readonly guessExtensions: boolean;
  readonly recursive: boolean;
}

/** The folder in which all files of an absolute pattern lie: what stands before the last '/' before the first unknown part. */
function fixedFolder(pattern: string): TreePath | undefined {
  const wild = pattern.indexOf(WILD);
  const fixed = pattern.slice(0, pattern.lastIndexOf('/', wild === -1 ? pattern.length : wild) + 1);
  return resolveName('/' as TreePath, bytesOfText(fixed));
}

/** Files that an absolute pattern with unknown parts may mean. node_modules are not entered: whoever lives there is asked for by name. */
export function listPattern(tree: Tree, pattern: string, options: ListOptions): Listing | undefined {
  const folder = fixedFolder(pattern);
  if (folder === undefined) return undefined;
  const wild = pattern.indexOf(WILD);
  const tail = wild === -1 ? WILD : pattern.slice(pattern.lastIndexOf('/', wild) + 1);
  const matches = textMatcher(tail);
  const suffixes = options.guessExtensions ? EXTENSIONS : [''];
  return listFolder(tree, folder, {
    ...options,
    matches: (relative) =>
      suffixes.some(
        (suffix) => relative.endsWith(suffix) && matches(relative.slice(0, relative.length - suffix.length)),
      ),
  });
}

export function listFolder(
  tree: Tree,
  folder: TreePath,
  options: Pick<ListOptions, 'suits' | 'recursive'> & { readonly matches?: (relative: string) => boolean },
): Listing | undefined {
  const start = folderAt(tree, folder);
  if (start === undefined) return undefined;
  const files: TreePath[] = [];
  let cut = false;
  const visit = (real: TreePath, shown: TreePath, depth: number): void => {
    for (const child of tree.children(real)) {
      const name = nameOf(child.path);
      const at = joinPath(shown, name);
      if (child.type === 'directory') {
        if (options.recursive && name !== 'node_modules' && name !== '.git' && depth < MAX_DEPTH)
          visit(child.path, at, depth + 1);
        continue;
      }
      const type = child.type === 'symlink' ? tree.resolve(child.path)?.entry.type : child.type;
      if (type !== 'file' && type !== 'hardlink') continue;
      if (
        !options.suits(name) ||
        options.matches?.(textOfBytes(at.slice(folder === '/' ? 1 : folder.length + 1))) === false
      )
        continue;
      if (files.length < MAX_LISTED) files.push(at);
      else cut = true;
    }
  };
  visit(start.path, folder, 0);
  return { folder, files, cut };
}

/** Matches text against a pattern in which WILD is any text, in linear time. */
export function textMatcher(pattern: string): (text: string) => boolean {
  const parts = pattern.split(WILD);
  const first = parts[0] as string;
  if (parts.length === 1) return (text) => text === first;
  const last = parts.at(-1) as string;
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
}
