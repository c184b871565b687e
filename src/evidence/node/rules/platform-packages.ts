import { joinPath, parentOf, type TreePath } from '../../../base/path.ts';
import { folderAt, resolveText } from '../files.ts';
import { asObject, memberOf } from '../manifest.ts';
import { listFolder } from '../pattern.ts';
import { isForeign } from '../target.ts';
import type { Place, Wanted } from './types.ts';

/** Packages that one package offers for all its machines; swc, the widest, has about twenty. */
const MAX_OPTIONAL = 200;

/**
 * Packages with native parts put them into optional dependencies, one for each machine, and compute which to load (esbuild, swc, sharp,
 * rollup). Of those that are installed and fit, the native files are kept: addons, libraries, programs, WebAssembly.
 */
export async function platformPackages(place: Place): Promise<readonly Wanted[]> {
  const { manifest, manifests, target, tree } = place;
  const names = Object.keys(asObject(memberOf(manifest?.json, 'optionalDependencies')) ?? {}).slice(0, MAX_OPTIONAL);
  const out: Wanted[] = [];
  for (const name of names.sort()) {
    const dir = installed(place, name);
    const other = dir === undefined ? undefined : await manifests.at(dir);
    if (dir === undefined || other === undefined || isForeign(other.json, target)) continue;
    if (memberOf(other.json, 'cpu') === undefined && memberOf(other.json, 'os') === undefined) continue;
    const because = `the part of ${JSON.stringify(name)} for this machine`;
    const native = (file: string): boolean => /\.(?:node|wasm|so(?:\.\d+)*)$/.test(file) || !file.includes('.');
    const files = (listFolder(tree, dir, { suits: native, recursive: true })?.files ?? []).filter(
      (path) => /\.[^/]+$/.test(path.slice(dir.length)) || ((tree.resolve(path)?.entry.mode ?? 0) & 0o111) !== 0,
    );
    for (const path of files.length === 0 ? [] : [other.path, ...files])
      out.push({ path, because, certainty: 'likely' });
  }
  return out;
}

function installed({ file, tree }: Place, name: string): TreePath | undefined {
  for (let dir = parentOf(file); ; dir = parentOf(dir)) {
    const path = resolveText(joinPath(dir, 'node_modules'), name);
    if (path !== undefined && folderAt(tree, path) !== undefined) return path;
    if (dir === '/') return undefined;
  }
}
