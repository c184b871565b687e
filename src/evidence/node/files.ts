import { bytesOfText, type ByteString, type TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';

/** The regular file that a path leads to, through links; hard links count. */
export function fileAt(tree: Tree, path: TreePath): Entry | undefined {
  const entry = tree.resolve(path)?.entry;
  return entry?.type === 'file' || entry?.type === 'hardlink' ? entry : undefined;
}

/** The folder that a path leads to, through links. */
export function folderAt(tree: Tree, path: TreePath): Entry | undefined {
  const entry = tree.resolve(path)?.entry;
  return entry?.type === 'directory' ? entry : undefined;
}

/**
 * `path.resolve` of a name against a folder, on bytes: '..' at the root stays there. Undefined when the name holds a NUL byte, which no
 * file's name does.
 */
export function resolveName(dir: TreePath, name: ByteString): TreePath | undefined {
  if (name.includes('\0')) return undefined;
  const parts: string[] = [];
  for (const part of (name.startsWith('/') ? name : `${dir}/${name}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}` as TreePath;
}

/** The same for a name that stands in source text or JSON. */
export function resolveText(dir: TreePath, name: string): TreePath | undefined {
  return resolveName(dir, bytesOfText(name));
}

export async function readText(content: ContentReader, entry: Entry): Promise<string> {
  const text = Buffer.from(await content.read(entry)).toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
