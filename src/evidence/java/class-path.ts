import { type ByteString, bytesOfText, nameOf, parentOf, ROOT, showPath, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { isSharedFolder } from '../shared-folders.ts';
import { findFile, mayBeTaken } from '../shell/search.ts';
import type { Certainty } from '../types.ts';
import type { JarFacts } from './jar.ts';

/** A file that the class path brings in, and who says so. */
export interface ClassFile {
  readonly path: TreePath;
  readonly entry: Entry;
  readonly from: TreePath;
  readonly because: string;
  readonly certainty: Certainty;
  readonly kind: 'opened' | 'app';
}

interface ClassPathInput {
  readonly tree: Tree;
  readonly cwd: TreePath;
  readonly readJar: (entry: Entry) => Promise<JarFacts>;
}

/** Files of one class path. */
const MAX_FILES = 100_000;
const MAX_DEPTH = 32;
/** Archives and folders of a class path, and what the archives' manifests add, in the order in which they are found. */
export async function classPathFiles(
  elements: readonly { readonly text: string; readonly from: TreePath; readonly because: string }[],
  input: ClassPathInput,
): Promise<ClassFile[]> {
  const { cwd, tree } = input;
  const files = new Map<TreePath, ClassFile>();
  const add = (file: ClassFile): boolean => {
    if (files.has(file.entry.path) || files.size >= MAX_FILES) return false;
    files.set(file.entry.path, file);
    return true;
  };
  for (const { because, from, text } of elements) {
    const bytes = bytesOfText(text === '' ? '.' : text);
    for (const place of text.endsWith('*') ? archivesIn(tree, cwd, bytes) : [findFile(tree, bytes, [cwd])]) {
      if (place === undefined) continue;
      const file = { path: place.path, entry: place.entry, from, because, certainty: 'sure', kind: 'opened' } as const;
      if (place.entry.type === 'directory') addFolder(tree, file, add);
      else if (place.entry.content !== undefined && add(file)) await followManifest(file, input, add);
    }
  }
  return [...files.values()];
}

/** `DIR/*`: the archives in it, not what is in folders below (java(1), "Class Path Wildcards"). */
function archivesIn(tree: Tree, cwd: TreePath, pattern: ByteString): { path: TreePath; entry: Entry }[] {
  if (!/(?:^|\/)\*$/.test(pattern)) return [];
  const folder = findFile(tree, pattern.slice(0, -1) || '.', [cwd])?.entry;
  return tree.children(folder?.path ?? cwd).flatMap(({ path }) => {
    const entry = /\.jar$/i.test(path) ? tree.resolve(path)?.entry : undefined;
    return entry?.content === undefined ? [] : [{ path, entry }];
  });
}

/** Everything below a folder, resources too; of a folder that others share the classes alone. */
export function addFolder(tree: Tree, folder: Omit<ClassFile, 'kind'>, add: (file: ClassFile) => boolean): void {
  const shared = isSharedFolder(folder.entry.path);
  const visit = (path: TreePath, depth: number): void => {
    for (const entry of tree.children(path)) {
      if (entry.type === 'directory') {
        if (depth < MAX_DEPTH && !shared) visit(entry.path, depth + 1);
      } else if (!shared || entry.path.endsWith('.class'))
        add({ ...folder, path: entry.path, entry: tree.resolve(entry.path)?.entry ?? entry, kind: 'app' });
    }
  };
  visit(folder.entry.path, 0);
}

/** `Class-Path` of the manifest: URLs, relative to the archive (JAR File Specification, "Class-Path Attribute"). */
async function followManifest(
  first: ClassFile,
  { readJar, tree }: ClassPathInput,
  add: (file: ClassFile) => boolean,
): Promise<void> {
  const pending = [first];
  for (let jar = pending.pop(); jar !== undefined; jar = pending.pop()) {
    const { entry } = jar;
    for (const url of (await readJar(entry)).classPath) {
      const text = pathOfUrl(url);
      const place = text === undefined ? undefined : findFile(tree, text, [parentOf(jar.path)]);
      if (place === undefined || !mayBeTaken(place, parentOf(entry.path))) continue;
      const because = `Class-Path of its manifest names ${showPath(url)}`;
      const file = { ...place, from: entry.path, because, certainty: 'sure', kind: 'opened' } as const;
      if (place.entry.type === 'directory') addFolder(tree, file, add);
      else if (place.entry.content !== undefined && add(file)) pending.push(file);
    }
  }
}

function pathOfUrl(url: ByteString): ByteString | undefined {
  const plain = url.replace(/^file:(?:\/\/)?/, '');
  if (/^[a-z]{2,}:/i.test(plain)) return undefined;
  return plain.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** The application's own folder: where its archive lies, when nobody else's files are there. */
export function ownFolder(tree: Tree, jar: TreePath, cwd: TreePath): Entry | undefined {
  const folder = tree.resolve(parentOf(jar))?.entry;
  if (folder === undefined || folder.path === ROOT || isSharedFolder(folder.path)) return undefined;
  return mayBeTaken({ path: folder.path, entry: folder }, cwd) ? folder : undefined;
}

/** Libraries that lie in a folder, not below it. */
export function nativeLibraries(tree: Tree, folder: TreePath): Entry[] {
  const found = tree.resolve(folder)?.entry;
  return found === undefined
    ? []
    : tree.children(found.path).filter((entry) => /\.so(?:\.[\d.]+)?$/.test(nameOf(entry.path)));
}
