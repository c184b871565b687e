import { isInside, nameOf, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { Warning } from '../../base/events.ts';
import type { Certainty } from '../types.ts';
import { fileAt, folderAt, resolveText } from './files.ts';
import { cutWarning, type Need } from './needs.ts';
import { isSecret } from './own-files.ts';
import { listFolder, listPattern } from './pattern.ts';
import type { NodeProcess } from './process.ts';
import type { Place } from './rules/index.ts';
import { WILD } from './scan/texts.ts';
import type { FileRequest, NameRequest } from './scan/types.ts';

/** Files and folders named by paths made from the module's own place. */
export function findFiles(
  process: NodeProcess,
  place: Place,
  request: FileRequest,
  own: boolean,
  warnings: Warning[],
): Need[] {
  const { tree } = process;
  const out: Need[] = [];
  const add = (path: TreePath, because: string): void => {
    if (!isSecret(nameOf(path)))
      out.push({ path, kind: 'node-import', because, certainty: 'likely', line: request.line });
  };
  for (const text of request.paths) {
    const isPattern = text.includes(WILD);
    const path = isPattern ? undefined : resolveText('/' as TreePath, text);
    if (path !== undefined && path !== place.file && fileAt(tree, path) !== undefined)
      add(path, `it names the file ${showPath(path)}`);
    if (path !== undefined && (folderAt(tree, path) === undefined || !isOwnFolder(process, place, path, own))) continue;
    const wide = isPattern && !isOwnFolder(process, place, parentOfPattern(text), own);
    // `__dirname + '/' + x` says nothing; `__dirname + '/' + x + '.html'` does.
    if (
      wide &&
      /^[^/]*$/.test(text.slice(text.lastIndexOf('/') + 1)) &&
      text.slice(text.lastIndexOf('/') + 1).replaceAll(WILD, '') === ''
    )
      continue;
    const listing =
      path === undefined
        ? listPattern(tree, text, { suits: (name) => !isSecret(name), guessExtensions: false, recursive: !wide })
        : listFolder(tree, path, { suits: (name) => !isSecret(name), recursive: true });
    if (listing === undefined) continue;
    for (const item of listing.files) add(item, `it names the folder ${showPath(listing.folder)}`);
    if (listing.cut) warnings.push(cutWarning(place, request.line, listing.folder, listing.files.length));
  }
  return out;
}

function parentOfPattern(text: string): TreePath {
  return parentOf(resolveText('/' as TreePath, `${text.slice(0, text.indexOf(WILD))}x`) as TreePath);
}

/** A folder that means its content: not one that the module itself lies in, nor the working directory, nor another package's. */
function isOwnFolder(process: NodeProcess, place: Place, folder: TreePath, own: boolean): boolean {
  if (isInside(folder, place.file) || isInside(folder, process.cwd)) return false;
  if (nameOf(folder) === 'node_modules' || nameOf(folder) === '.git') return false;
  if (!own) return place.manifest !== undefined && isInside(place.manifest.dir, folder);
  return isInside(process.cwd, folder) || (place.manifest !== undefined && isInside(place.manifest.dir, folder));
}

/** Names relative to the working directory, or, because people get that wrong and tests forgive them, to the module. */
export function findNames(process: NodeProcess, place: Place, request: NameRequest): Need[] {
  const { cwd, tree } = process;
  const runs = !request.by.startsWith('fs.') && !request.by.startsWith('express.');
  const out: Need[] = [];
  for (const name of request.names) {
    if (name.includes(WILD) || (runs && !/^\.{0,2}\//.test(name) && !/\.[cm]?js$/.test(name))) continue;
    const places: readonly (readonly [dir: TreePath, certainty: Certainty])[] = [
      [cwd, 'likely'],
      ...(runs ? [[parentOf(place.file), 'guess'] as const] : []),
    ];
    for (const [dir, certainty] of places) {
      const path = resolveText(dir, name);
      if (path === undefined || path === place.file || isSecret(nameOf(path))) continue;
      const because = `${request.by.slice(0, -1)}${JSON.stringify(name)})`;
      const files =
        fileAt(tree, path) !== undefined
          ? [path]
          : isOwnFolder(process, place, path, true)
            ? (listFolder(tree, path, { suits: (item) => !isSecret(item), recursive: true })?.files ?? [])
            : [];
      for (const file of files) out.push({ path: file, kind: 'node-import', because, certainty, line: request.line });
      if (files.length > 0) break;
    }
  }
  return out;
}
