import { bytesOfText, compareBytes, joinPath, nameOf, type TreePath } from '../../../base/path.ts';
import type { AnyNode } from '../scan/parse.ts';
import { fileAt, folderAt, resolveText } from '../files.ts';
import { WILD } from '../scan/texts.ts';
import type { Call } from '../scan/types.ts';
import type { Place, Rule } from './types.ts';

/** Where `bindings` 1.5 looks, in its order, below the package's folder. */
const FOLDERS =
  `build build/Debug build/Release out/Debug Debug out/Release Release build/default addon-build/release/install-root
  addon-build/debug/install-root addon-build/default/install-root`.split(/\s+/);

/** `require('bindings')('addon')` tries a list of folders; the first that holds the addon is the one. */
export const bindings: Rule = {
  name: 'bindings',
  wants: (target) => target?.module === 'bindings',
  find(call, place) {
    const root = place.manifest?.dir;
    if (root === undefined) return [];
    return namesOf(call)
      .flatMap((name) => locate(place, root, name.endsWith('.node') ? name : `${name}.node`))
      .map((path) => ({ path, because: 'the addon that the package bindings finds', certainty: 'likely' }));
  },
};

function namesOf(call: Call): readonly string[] {
  const [first] = call.arguments;
  if (first === undefined) return ['bindings'];
  const named = first.type === 'ObjectExpression' ? member(first, 'bindings') : first;
  if (named === undefined) return ['bindings'];
  return call.value(named).texts.filter((text) => !text.includes(WILD) && text !== '');
}

function member(object: AnyNode & { type: 'ObjectExpression' }, name: string): AnyNode | undefined {
  for (const property of object.properties) {
    if (property.type === 'Property' && property.key.type === 'Identifier' && property.key.name === name)
      return property.value;
  }
  return undefined;
}

function locate({ target, tree }: Place, root: TreePath, name: string): TreePath[] {
  for (const folder of FOLDERS) {
    const path = resolveText(root, `${folder}/${name}`);
    if (path !== undefined && fileAt(tree, path) !== undefined) return [path];
  }
  // lib/binding/node-v115-linux-x64/: the version of node is not known here, so all of them for this machine are kept.
  const binding = folderAt(tree, resolveText(root, 'lib/binding') as TreePath);
  if (binding === undefined) return [];
  return tree
    .children(binding.path)
    .filter((entry) => target.arch === undefined || nameOf(entry.path).endsWith(`-linux-${target.arch}`))
    .map((entry) => joinPath(entry.path, bytesOfText(name)))
    .filter((path) => fileAt(tree, path) !== undefined)
    .sort(compareBytes);
}
