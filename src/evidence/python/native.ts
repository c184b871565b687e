import { bytesOfText, joinPath, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { libraryOf } from '../elf/library.ts';
import { firstLoaded, loaderOf, processOf, treeSettings } from '../elf/process.ts';
import { isFound, type Loaded, type Loader } from '../elf/types.ts';
import type { Facts } from '../facts.ts';
import { fileAt, resolveText } from '../node/files.ts';
import type { Asker } from './modules.ts';
import type { Need } from './needs.ts';
import { isStdlib, type PythonProcess } from './process.ts';
import { HERE, type Scan, WILD } from './scan/types.ts';

const OPENS = /(?:^|\.)(?:CDLL|PyDLL|LoadLibrary|load_library|dlopen)$/;
const FINDS = /(?:^|\.)find_library$/;
/** `ctypes.util.find_library` asks ldconfig (Lib/ctypes/util.py, _findSoname_ldconfig). */
const LDCONFIG = ['/sbin/ldconfig', '/etc/ld.so.cache'] as const;

const LOADERS = new WeakMap<PythonProcess, Promise<{ readonly loader: Loader; readonly first: Loaded } | undefined>>();

/** Shared libraries that a module opens by ctypes or cffi, found as the interpreter's own loader finds them. */
export async function nativeNeeds(process: PythonProcess, asker: Asker, scan: Scan): Promise<Need[]> {
  if (isStdlib(process, asker.file.path)) return [];
  const out: Need[] = [];
  for (const call of scan.calls) {
    const finds = FINDS.test(call.name);
    if (!finds && !OPENS.test(call.name)) continue;
    for (const text of call.args[0] ?? []) {
      if (text.includes(WILD) || text === '') continue;
      const because = `${call.name}(${JSON.stringify(text.replaceAll(HERE, '.'))})`;
      const found = finds ? await byShortName(process, text) : await byName(process, asker, text);
      for (const path of found)
        out.push({
          path,
          kind: 'elf-dlopen',
          because: `${because}, found as ${showPath(path)}`,
          certainty: 'likely',
          line: call.line,
        });
      if (!finds || found.length === 0) continue;
      for (const path of LDCONFIG as readonly string[])
        if (fileAt(process.tree, path as TreePath) !== undefined)
          out.push({
            path: path as TreePath,
            kind: 'command',
            because: `${because} asks it`,
            certainty: 'likely',
            line: call.line,
          });
    }
  }
  return out;
}

async function byName(process: PythonProcess, { file }: Asker, text: string): Promise<TreePath[]> {
  if (text.startsWith(HERE) || text.startsWith('/')) {
    const path = text.startsWith('/')
      ? resolveText('/' as TreePath, text)
      : resolveText(parentOf(file.path), `./${text.slice(1)}`);
    return path !== undefined && fileAt(process.tree, path) !== undefined ? [path] : [];
  }
  if (!/^[\w.+-]+$/.test(text)) return [];
  const beside = joinPath(parentOf(file.path), bytesOfText(text));
  const found = await search(process, text);
  return found === undefined ? (fileAt(process.tree, beside) === undefined ? [] : [beside]) : [found];
}

/** `find_library('magic')` answers with what ldconfig lists as libmagic.so.*. */
async function byShortName(process: PythonProcess, name: string): Promise<TreePath[]> {
  if (!/^[\w+-]+$/.test(name)) return [];
  const loader = await loaderFor(process);
  for (const folder of loader?.loader.sharedFolders ?? []) {
    const real = process.tree.resolve(folder as TreePath)?.entry;
    const entry = (real === undefined ? [] : process.tree.children(real.path)).find((item) => isVersionOf(item, name));
    if (entry !== undefined) return [entry.path];
  }
  return [];
}

function isVersionOf({ path }: Entry, name: string): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.startsWith(`lib${name}.so.`) || file === `lib${name}.so`;
}

async function search(process: PythonProcess, name: string): Promise<TreePath | undefined> {
  const loader = await loaderFor(process);
  const found = loader === undefined ? undefined : await loader.loader.find(bytesOfText(name), loader.first);
  return found !== undefined && isFound(found) ? found.path : undefined;
}

function loaderFor(process: PythonProcess): Promise<{ readonly loader: Loader; readonly first: Loaded } | undefined> {
  let loader = LOADERS.get(process);
  if (loader === undefined) {
    loader = createLoader(process.tree, process.content, process);
    LOADERS.set(process, loader);
  }
  return loader;
}

async function createLoader(
  tree: Tree,
  content: ContentReader,
  {
    context,
    facts,
    layout,
  }: {
    readonly context: PythonProcess['context'];
    readonly facts: Facts | undefined;
    readonly layout: PythonProcess['layout'];
  },
): Promise<{ readonly loader: Loader; readonly first: Loaded } | undefined> {
  const settings = treeSettings(libraryOf(tree, content, facts));
  const opened = layout.binary === undefined ? undefined : await settings.library.open(layout.binary.path);
  if (layout.binary === undefined || opened === undefined || 'broken' in opened) return undefined;
  const first = firstLoaded(opened, layout.binary.path);
  const process = await processOf(settings.library, first, context);
  return { loader: await loaderOf(settings, process, first), first };
}
