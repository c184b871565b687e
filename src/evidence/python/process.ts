import { sha256 } from '../../base/digest.ts';
import { bytesOfText, isInside, joinPath, parentOf, ROOT, type TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import type { Fact, Facts } from '../facts.ts';
import { locate } from '../locate.ts';
import { fileAt, folderAt, readText } from '../node/files.ts';
import type { ProcessContext } from '../types.ts';
import { type Layout, layoutOf } from './layout.ts';
import { createResolver, type Resolver } from './resolve.ts';
import { applicationFolders, placeOf } from './place.ts';
import { scanSource } from './scan/scan.ts';
import type { Scan } from './scan/types.ts';
import { type Site, siteOf } from './site.ts';
import type { Start } from './start.ts';

/** One way of running python in one tree: what every answer about its modules depends on. */
export interface PythonProcess {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly facts: Facts | undefined;
  readonly context: ProcessContext;
  readonly start: Start;
  readonly layout: Layout;
  readonly site: Site;
  readonly resolver: Resolver;
  /** Folders of the standard library, links resolved. */
  readonly stdlib: readonly TreePath[];
  /** Folders of installed packages, links resolved. */
  readonly packages: readonly TreePath[];
  /** `sys.path`, and each folder with its links resolved, in its order. */
  readonly path: readonly { readonly folder: TreePath; readonly real: TreePath }[];
  scan(file: Entry): Promise<Scan | undefined>;
  /** A text that is run beside the file: on the command line, in a `.pth`. */
  scanText(file: Entry, text: string): Promise<Scan>;
}

/** A source beyond this is not read; the largest of real packages has 5 MB. */
export const MAX_SOURCE_BYTES = 8 * 1024 * 1024; // 8 MiB
/** Changes with what `scanSource` finds. */
const SCAN_QUESTION = 'python scan 1';
/** Folders of one search path. */
const MAX_FOLDERS = 256;

export async function pythonProcess(
  tools: { readonly tree: Tree; readonly content: ContentReader; readonly facts?: Facts | undefined },
  context: ProcessContext,
  start: Start,
): Promise<PythonProcess | undefined> {
  const { content, facts, tree } = tools;
  const { command } = start;
  const env = command.ignoresEnvironment
    ? Object.fromEntries(Object.entries(context.env).filter(([name]) => !name.startsWith('PYTHON')))
    : context.env;
  const layout = await layoutOf(tree, content, start.executable, env['PYTHONHOME']);
  if (layout === undefined) return undefined;
  const site = await siteOf({ tree, content, layout, command, env });
  const scans = new Map<TreePath, Promise<Scan | undefined>>();
  const scan = (file: Entry): Promise<Scan | undefined> => {
    let found = scans.get(file.path);
    if (found === undefined) {
      found = scanFile(content, facts, file);
      scans.set(file.path, found);
    }
    return found;
  };
  const own = await ownFolders(tree, context, start, env, scan);
  const folders = [...new Set([...own, ...layout.libraryPath, ...site.folders])].slice(0, MAX_FOLDERS);
  const path = folders.flatMap((folder) => {
    const real = folderAt(tree, folder)?.path;
    return real === undefined ? [] : [{ folder, real }];
  });
  const realOf = (list: readonly TreePath[]): TreePath[] =>
    list.flatMap((folder) => folderAt(tree, folder)?.path ?? []);
  return {
    tree,
    content,
    facts,
    context,
    start,
    layout,
    site,
    resolver: createResolver({
      tree,
      path: path.map(({ folder }) => folder),
      editable: site.editable,
      tag: layout.tag,
    }),
    stdlib: realOf(layout.libraryPath),
    packages: realOf(site.folders),
    path,
    scan,
    scanText: (file, text) => learnScan(facts, file, `${SCAN_QUESTION} of ${sha256(text)}`, async () => text),
  };
}

async function scanFile(content: ContentReader, facts: Facts | undefined, file: Entry): Promise<Scan | undefined> {
  if (file.size > MAX_SOURCE_BYTES) return undefined;
  return learnScan(facts, file, SCAN_QUESTION, () => readText(content, file));
}

async function learnScan(
  facts: Facts | undefined,
  file: Entry,
  question: string,
  read: () => Promise<string>,
): Promise<Scan> {
  const known = facts?.find(file, question) as Scan | undefined;
  if (known !== undefined) return known;
  const scan = scanSource(await read());
  // All of it is texts, numbers and lists, which an interface cannot say.
  facts?.keep(file, question, scan as unknown as Fact);
  return scan;
}

/** What stands before the library in `sys.path`: the script's folder or the working one, PYTHONPATH, what servers add, what the script itself adds. */
async function ownFolders(
  tree: Tree,
  context: ProcessContext,
  start: Start,
  env: Readonly<Record<string, string>>,
  scan: (file: Entry) => Promise<Scan | undefined>,
): Promise<TreePath[]> {
  const out: TreePath[] = [];
  const { script } = start;
  if (!start.command.safePath && (env['PYTHONSAFEPATH'] ?? '') === '') {
    if (script === undefined) out.push(context.cwd);
    else {
      // A folder (or the package in it) may be what is started.
      const real = script.entry.type === 'directory' ? script.path : parentOf(script.entry.path);
      out.push(real);
      const first = fileAt(
        tree,
        script.entry.type === 'directory' ? joinPath(script.path, '__main__.py') : script.path,
      );
      const found = first === undefined ? undefined : await scan(first);
      for (const call of found?.calls ?? []) {
        if (!/^sys\.path\.(?:insert|append)$/.test(call.name)) continue;
        for (const text of call.args.at(-1) ?? []) {
          const place = placeOf(text, parentOf((first as Entry).path));
          if (place !== undefined && folderAt(tree, place) !== undefined) out.push(place);
        }
      }
    }
  }
  for (const item of (env['PYTHONPATH'] ?? '').split(':')) {
    const place = item === '' ? undefined : locate(tree, context.cwd, bytesOfText(item))?.path;
    if (place !== undefined) out.push(place);
  }
  out.push(...applicationFolders(tree, context.cwd, start));
  return out.filter((folder) => folder !== ROOT || context.cwd === ROOT);
}

/** A file's module name by the folder of `sys.path` that it lies deepest in. */
export function moduleNameOf(process: PythonProcess, file: TreePath): string | undefined {
  let best: string | undefined;
  for (const { real } of process.path) {
    if (!isInside(real, file) || file === real) continue;
    const rest = file.slice(real === ROOT ? 1 : real.length + 1);
    if (best === undefined || rest.length < best.length) best = rest;
  }
  if (best === undefined) return undefined;
  const name = best
    .replace(/(?:\.py|\.pyc|(?:\.[\w-]+)*\.so)$/, '')
    .replaceAll('/', '.')
    .replace(/(?:^|\.)__init__$/, '');
  return /^[^\s.]+(?:\.[^\s.]+)*$/.test(name) ? name : undefined;
}

/** Whether a file is neither python's nor an installed package's. */
export function isOwn(process: PythonProcess, file: TreePath): boolean {
  return (
    ![...process.stdlib, ...process.packages].some((folder) => isInside(folder, file)) &&
    !/\/(?:site|dist)-packages\//.test(file)
  );
}

export function isStdlib(process: PythonProcess, file: TreePath): boolean {
  return process.stdlib.some((folder) => isInside(folder, file)) && !/\/(?:site|dist)-packages\//.test(file);
}
