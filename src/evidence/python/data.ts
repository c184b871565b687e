import {
  compareBytes,
  isInside,
  joinPath,
  nameOf,
  parentOf,
  showPath,
  textOfBytes,
  type TreePath,
} from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { fileAt, folderAt, resolveText } from '../node/files.ts';
import { textMatcher } from '../node/pattern.ts';
import type { Asker } from './modules.ts';
import type { Need } from './needs.ts';
import { isOwn, isStdlib, type PythonProcess } from './process.ts';
import { HERE, type Scan, WILD } from './scan/types.ts';

/** Files of one package or folder that are looked at, and folders in folders. */
const MAX_LISTED = 20_000;
const MAX_DEPTH = 24;

/** What lies in packages and is read by no program: types, sources of extensions, documents, tests. */
const IDLE =
  /\.(?:py|pyc|pyo|pyi|pyx|pxd|pxi|c|h|cc|cpp|hpp|hh|f|f90|rs|so|a|o|lib|dll|pyd|dylib|exe|orig|rej|swp|po|pot|in|am|toml~)$|^py\.typed$|^(?:README|CHANGES|CHANGELOG|HISTORY|NEWS|AUTHORS|CONTRIBUTING|LICENSE|LICENCE|COPYING|NOTICE|INSTALL|THANKS|TODO)\b/i;
const IDLE_FOLDER =
  /^(?:tests?|testing|docs?|examples?|samples|benchmarks?|__pycache__|\.git|node_modules|include|src|.*\.(?:dist|egg)-info)$/;

/** Data files that a module opens beside itself: by paths from its own place, by `importlib.resources`, by names in its texts. */
export function dataNeeds(process: PythonProcess, asker: Asker, scan: Scan): Need[] {
  const out: Need[] = [];
  const folder = parentOf(asker.file.path);
  for (const { line, paths } of scan.files)
    for (const text of paths) out.push(...pathNeeds(process, asker, { text, line, folder }));
  for (const call of scan.calls) out.push(...resourceNeeds(process, asker, call));
  out.push(...absoluteNeeds(process, scan, isOwn(process, asker.file.path)));
  if (scan.opens && !isStdlib(process, asker.file.path)) out.push(...mentioned(process, asker, scan));
  return out;
}

/** What is there only while a system runs, what is nobody's business, and programs: a constant may name them for many reasons. */
const NEVER_TAKEN =
  /^\/(?:dev|proc|sys|run|tmp|root|home|s?bin|usr\/s?bin|usr\/local\/s?bin|var\/(?:run|tmp|log|lock)|etc\/(?:g?shadow-?|ssl\/private|passwd|group|hosts|resolv\.conf))(?:\/|$)/;
const MAX_NAMED_BYTES = 8 * 1024 * 1024; // 8 MiB

/** Files that a constant names by an absolute path: `/etc/mime.types`. */
function absoluteNeeds(process: PythonProcess, scan: Scan, own: boolean): Need[] {
  return scan.absolute.flatMap(([text, line]): Need[] => {
    const path = NEVER_TAKEN.test(text) ? undefined : resolveText('/' as TreePath, text);
    const entry = path === undefined ? undefined : fileAt(process.tree, path);
    if (path === undefined || entry === undefined || entry.size > MAX_NAMED_BYTES) return [];
    return [{ path, kind: 'opened', because: `it names ${showPath(path)}`, certainty: own ? 'likely' : 'guess', line }];
  });
}

interface NamedPath {
  readonly text: string;
  readonly line: number;
  /** Of the source. */
  readonly folder: TreePath;
}

function pathNeeds(process: PythonProcess, { file }: Asker, { folder, line, text }: NamedPath): Need[] {
  const { tree } = process;
  const wild = text.indexOf(WILD);
  const certainty = 'likely';
  if (wild === -1) {
    const path = resolveText(folder, `./${text.slice(HERE.length)}`);
    if (path === undefined || path === file.path) return [];
    const because = `it names ${showPath(path)} beside itself`;
    if (fileAt(tree, path) !== undefined)
      return IDLE.test(nameOf(path)) && !/\.pyi?$|\.so$/.test(path)
        ? []
        : [{ path, kind: 'opened', because, certainty, line }];
    // Its own folder, or one above, says nothing: that is how larger paths begin.
    if (folderAt(tree, path) === undefined || isInside(path, file.path) || isSearched(process, path)) return [];
    return filesBelow(tree, path, () => true).map((item) => ({ path: item, kind: 'opened', because, certainty, line }));
  }
  const fixed = text.slice(0, text.lastIndexOf('/', wild) + 1);
  const base = resolveText(folder, `./${fixed.slice(HERE.length)}`);
  if (base === undefined || folderAt(tree, base) === undefined || isSearched(process, base)) return [];
  const tail = text.slice(fixed.length);
  // `dirname(__file__) + '/' + x` says nothing of x, unless x has a fixed part.
  if (isInside(base, file.path) && tail.replaceAll(WILD, '').length < 2) return [];
  const matches = textMatcher(tail);
  const because = `it computes a name in ${showPath(base)}`;
  return filesBelow(tree, base, (path) => matches(textOfBytes(path.slice(base.length + 1)))).map((path) => ({
    path,
    kind: 'opened',
    because,
    certainty,
    line,
  }));
}

/** A folder of `sys.path`, or above one: all that is in it would be everything that is installed. */
function isSearched(process: PythonProcess, folder: TreePath): boolean {
  const real = folderAt(process.tree, folder)?.path ?? folder;
  return process.path.some((item) => isInside(real, item.real)) || isInside(real, process.context.cwd);
}

/** `importlib.resources` and its relatives: the package is named, or the module's own; the file is named or not. */
function resourceNeeds(process: PythonProcess, asker: Asker, call: Scan['calls'][number]): Need[] {
  const match =
    /(?:^|[._])resources?[._](?:files|open_text|open_binary|read_text|read_binary|path|contents|is_resource|resource_\w+)$|^files$|pkgutil\.get_data$|pkg_resources\.resource_\w+$|^resource_\w+$|PackageLoader$/.test(
      call.name,
    );
  if (!match) return [];
  const out: Need[] = [];
  const loader = call.name.endsWith('PackageLoader');
  for (const text of call.args[0] ?? ['\u0003']) {
    const name = text === '\u0002' || text === '\u0003' ? asker.module : text;
    if (name === undefined || name.includes(WILD)) continue;
    const found = process.resolver.find(name) ?? process.resolver.chain(name).at(-1);
    const folders =
      found === undefined
        ? []
        : found.search.length > 0
          ? found.search
          : found.path === undefined
            ? []
            : [parentOf(found.path)];
    const named = call.args[1] ?? (loader ? ['templates'] : undefined);
    const because = `${call.name}() of ${showPath(name)}`;
    for (const folder of folders) {
      for (const item of named ?? ['']) {
        const path = item === '' || item.includes(WILD) ? folder : resolveText(folder, item);
        if (path === undefined) continue;
        const files = fileAt(process.tree, path) !== undefined ? [path] : filesBelow(process.tree, path, () => true);
        for (const file of files)
          out.push({
            path: file,
            kind: 'opened',
            because,
            certainty: named === undefined ? 'guess' : 'likely',
            line: call.line,
          });
      }
    }
  }
  return out;
}

/** Files of the module's package whose name, or whose extension, stands in the source of a module that opens files beside itself. */
function mentioned(process: PythonProcess, { file, module }: Asker, scan: Scan): Need[] {
  if (scan.fileNames.length === 0 || isOwn(process, file.path)) return [];
  const top = module === undefined ? undefined : process.resolver.find(module.split('.')[0] as string);
  const root = top?.search.find((folder) => isInside(folderAt(process.tree, folder)?.path ?? folder, file.path));
  if (root === undefined) return [];
  const names = new Set(scan.fileNames);
  const extensions = new Set(
    scan.fileNames.filter((name) => /^\*?\.\w+$/.test(name)).map((name) => name.replace(/^\*/, '')),
  );
  const folder = parentOf(file.path);
  return filesBelow(process.tree, root, (path) => {
    const name = nameOf(path);
    if (names.has(textOfBytes(name))) return true;
    const dot = name.lastIndexOf('.');
    return dot > 0 && extensions.has(name.slice(dot)) && isInside(folder, path);
  }).map((path) => ({
    path,
    kind: 'opened',
    because: `it names ${showPath(nameOf(path))} and opens files beside itself`,
    certainty: 'likely',
  }));
}

/** Regular files below a folder that a program may read, in byte order. */
export function filesBelow(tree: Tree, folder: TreePath, suits: (path: TreePath) => boolean): TreePath[] {
  const out: TreePath[] = [];
  let looked = 0;
  const visit = (real: TreePath, shown: TreePath, depth: number): void => {
    for (const child of tree.children(real)) {
      if ((looked += 1) > MAX_LISTED) return;
      const name = nameOf(child.path);
      const path = joinPath(shown, name);
      if (child.type === 'directory') {
        if (!IDLE_FOLDER.test(name) && depth < MAX_DEPTH) visit(child.path, path, depth + 1);
      } else if (!IDLE.test(name) && isFile(tree, child) && suits(path)) out.push(path);
    }
  };
  const start = folderAt(tree, folder);
  if (start !== undefined) visit(start.path, folder, 0);
  return out.sort(compareBytes);
}

function isFile(tree: Tree, entry: Entry): boolean {
  return fileAt(tree, entry.path) !== undefined;
}
