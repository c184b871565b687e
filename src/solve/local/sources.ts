import { createHash } from 'node:crypto';
import { bytesOfText, joinPath, ROOT } from '../../base/path.ts';
import { contentReader } from '../../tree/content.ts';
import { createTree, plainDirectory } from '../../tree/memory.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { LocalContext } from '../context/index.ts';
import type { Source } from '../types.ts';
import type { FileSystem } from './result.ts';

/** For what is on this machine or in memory. */
export const noLayers = contentReader({
  layerTar: () => Promise.reject(new Error('there are no layers in a folder')),
});

/** A folder of this machine. */
export function localFiles({ digestsOf, hiddenBy, tree }: LocalContext): FileSystem {
  return {
    tree: withPlainRoot(tree),
    content: noLayers,
    digestsOf,
    hiddenBy,
  };
}

/** The folder itself does not travel, only what is in it: `COPY . /x` makes /x 0755 whatever it is here. */
function withPlainRoot(tree: Tree): Tree {
  const root = plainDirectory(ROOT);
  return {
    ...tree,
    get: (path) => (path === ROOT ? root : tree.get(path)),
    resolve: (path) => (path === ROOT ? { entry: root, via: [] } : tree.resolve(path)),
  };
}

/** Files that stand in the Dockerfile. */
export function inlineFiles({ files, mode }: Extract<Source, { readonly kind: 'inline' }>): FileSystem {
  const entries = Object.entries(files).map(([name, text]): Entry => {
    const bytes = Buffer.from(text, 'utf8');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const content = { in: 'memory' as const, bytes };
    const path = joinPath(ROOT, bytesOfText(name));
    return { path, type: 'file', mode, uid: 0, gid: 0, size: bytes.length, mtime: 0, content, sha256 };
  });
  return {
    tree: createTree([plainDirectory(ROOT), ...entries]),
    content: noLayers,
    digestsOf: () => Promise.resolve((entry) => entry.sha256 ?? ''),
  };
}
