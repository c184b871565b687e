import { bytesOfText, compareBytes, joinPath, nameOf, textOfBytes, type TreePath } from '../../../base/path.ts';
import type { Tree } from '../../../tree/types.ts';
import { fileAt, folderAt, resolveText } from '../files.ts';
import { WILD } from '../scan/texts.ts';
import type { Target } from '../target.ts';
import type { Rule, Wanted } from './types.ts';

const LOADERS = /^(?:node-gyp-build|node-gyp-build-optional-packages|@aminya\/node-gyp-build|pkg-prebuilds)$/;

/**
 * `require('node-gyp-build')(__dirname)` loads build/Release/*.node, else build/Debug/*.node, else the prebuilt addon whose file name
 * suits the machine (node-gyp-build 4, node-gyp-build.js: `resolve`, `matchTags`). Only that one is kept, not those for all the others.
 */
export const nodeGypBuild: Rule = {
  name: 'node-gyp-build',
  wants: (target) => target !== undefined && LOADERS.test(target.module),
  find(call, place) {
    const [first] = call.arguments;
    const [text] = first === undefined ? [] : call.value(first).texts;
    const named =
      text === undefined || text.includes(WILD) || !text.startsWith('/')
        ? undefined
        : resolveText('/' as TreePath, text);
    const dir = named ?? place.manifest?.dir;
    if (dir === undefined) return [];
    return prebuiltAddons(place.tree, dir, place.target).map((path): Wanted => ({
      path,
      because: 'the addon that node-gyp-build picks for this machine',
      certainty: 'likely',
    }));
  },
};

/** The addon that is built, else the prebuilt ones that suit the machine. */
function prebuiltAddons(tree: Tree, dir: TreePath, target: Target): TreePath[] {
  for (const kind of ['Release', 'Debug']) {
    const built = addonsIn(tree, resolveText(dir, `build/${kind}`) as TreePath);
    if (built.length > 0) return built;
  }
  const prebuilds = folderAt(tree, joinPath(dir, bytesOfText('prebuilds')));
  if (prebuilds === undefined) return [];
  const out: TreePath[] = [];
  for (const folder of tree.children(prebuilds.path)) {
    const [platform, arches = ''] = textOfBytes(nameOf(folder.path)).split('-');
    if (platform !== 'linux' || (target.arch !== undefined && !arches.split('+').includes(target.arch))) continue;
    out.push(...addonsIn(tree, folder.path).filter((path) => suits(textOfBytes(nameOf(path)), target)));
  }
  return out.sort(compareBytes);
}

/** File names are tags between dots: `node.napi.node`, `addon.abi115.glibc.armv8.node`, `electron.napi.node`. */
function suits(name: string, target: Target): boolean {
  const tags = name.split('.').slice(0, -1);
  if (tags.includes('electron') || tags.includes('node-webkit')) return false;
  const libc = tags.find((tag) => tag === 'glibc' || tag === 'musl');
  return libc === undefined || target.libc === undefined || libc === target.libc;
}

function addonsIn(tree: Tree, dir: TreePath): TreePath[] {
  const folder = folderAt(tree, dir);
  if (folder === undefined) return [];
  return tree
    .children(folder.path)
    .filter((entry) => entry.path.endsWith('.node') && fileAt(tree, entry.path) !== undefined)
    .map((entry) => joinPath(dir, nameOf(entry.path)));
}
