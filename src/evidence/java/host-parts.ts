import { type ByteString, joinPath, showPath, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import type { Part } from './runtime.ts';

/** Folders of libraries that every program shares, by the usual names of machines. */
const FOLDERS = ['/lib', '/usr/lib', '/lib64', '/usr/lib64', '/usr/local/lib'];
const MACHINE = /^[a-z0-9_]+-linux-[a-z]+$/;
/** Files of fonts and their configuration. */
const MAX_FONT_FILES = 2000;
const MAX_DEPTH = 8;

/** Libraries of the system that native code inside archives asks for: it is unpacked when it is used, so no loader sees it before. */
export function systemLibraries(
  tree: Tree,
  needed: readonly ByteString[],
  because: (name: ByteString) => string = (name) => `native code in an archive needs ${showPath(name)}`,
): Part[] {
  const folders = FOLDERS.flatMap((folder) => {
    const path = tree.resolve(folder as TreePath)?.entry.path;
    if (path === undefined) return [];
    const below = tree.children(path).filter((entry) => entry.type === 'directory' && MACHINE.test(lastOf(entry.path)));
    return [...below.map((entry) => entry.path), path];
  });
  return [...new Set(needed)].flatMap((name): Part[] => {
    const found = name.includes('/')
      ? undefined
      : folders.map((folder) => joinPath(folder, name)).find((path) => tree.resolve(path)?.entry.content !== undefined);
    return found === undefined
      ? []
      : [{ path: found, kind: 'elf-needed', because: because(name), certainty: 'likely' }];
  });
}

function lastOf(path: TreePath): ByteString {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Fonts, for programs that draw text: libfontmanager asks fontconfig, which it opens by name. */
export function fontFiles(tree: Tree): Part[] {
  const parts: Part[] = [];
  const visit = (path: TreePath, depth: number): void => {
    for (const entry of tree.children(path)) {
      if (parts.length >= MAX_FONT_FILES || depth > MAX_DEPTH) return;
      if (entry.type === 'directory') visit(entry.path, depth + 1);
      else parts.push({ path: entry.path, kind: 'config', because: 'a font, or what names fonts', certainty: 'guess' });
    }
  };
  for (const folder of ['/etc/fonts', '/usr/share/fontconfig', '/usr/share/fonts'] as TreePath[]) {
    const found = tree.resolve(folder)?.entry;
    if (found?.type === 'directory') visit(found.path, 0);
  }
  return [...parts, ...systemLibraries(tree, ['libfontconfig.so.1'], () => 'finds fonts for libfontmanager')];
}
