import { bytesOfText, joinPath, nameOf, parentOf, textOfBytes, type TreePath } from '../../base/path.ts';
import { type AssetType, localPath, targetOf } from './deps.ts';
import { isJson, type Json, objectIn } from './json.ts';
import { parseVersion } from './versions.ts';

/** From this major on the host does not look whether a listed file is there (dotnet/runtime issue 2625). */
const FIRST_TRUSTING_HOST = 8;
const CHECKED: readonly AssetType[] = ['runtime', 'native'];

/** Whether a path is the list of a shared framework (`…/shared/NAME/VERSION/NAME.deps.json`) whose host refuses to start without every file in it. */
export function isCheckedManifest(path: TreePath): boolean {
  const folder = parentOf(path);
  const name = nameOf(parentOf(folder));
  if (nameOf(path) !== `${name}.deps.json` || nameOf(parentOf(parentOf(folder))) !== 'shared') return false;
  const version = parseVersion(textOfBytes(nameOf(folder)));
  return version !== undefined && version.major < FIRST_TRUSTING_HOST;
}

/** The same list without the files that are not kept. Undefined when all are. Everything else stays as it was, in its order. */
export function reducedManifest(path: TreePath, json: Json, isKept: (file: TreePath) => boolean): Json | undefined {
  let dropped = 0;
  const keep = (type: AssetType, [file]: readonly [string, unknown]): boolean => {
    const place = joinPath(parentOf(path), bytesOfText(localPath(type, file, undefined)));
    const kept = file.endsWith('/_._') || isKept(place);
    if (!kept) dropped += 1;
    return kept;
  };
  const target = targetOf(json);
  const libraries = Object.entries(target).map(([name, library]) => {
    if (!isJson(library)) return [name, library];
    const lists = CHECKED.filter((type) => isJson(library[type])).map((type) => [
      type,
      Object.fromEntries(Object.entries(objectIn(library, type)).filter((item) => keep(type, item))),
    ]);
    return [name, { ...library, ...Object.fromEntries(lists) }];
  });
  if (dropped === 0) return undefined;
  const targets = Object.entries(objectIn(json, 'targets')).map(([name, value]) => [
    name,
    value === target ? Object.fromEntries(libraries) : value,
  ]);
  return { ...json, targets: Object.fromEntries(targets) };
}
