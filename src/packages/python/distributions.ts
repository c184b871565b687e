import { mapLimit } from '../../base/concurrency.ts';
import { joinPath, nameOf, parentOf, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { ManagerInput } from '../manager.ts';
import type { Claim } from '../ownership.ts';
import { CONCURRENT_READS, fileIn, readRecordText, recordedPath, tolerated } from '../record-files.ts';
import { recordLines } from './csv.ts';
import { headerOf } from './headers.ts';

/** One installed distribution. */
export interface Distribution extends Claim {
  /** METADATA or PKG-INFO. */
  readonly metadata: Entry;
  readonly metadataText: string;
  /** RECORD and its lines, where there is one. */
  readonly record?: { readonly path: TreePath; readonly lines: readonly (readonly [TreePath, string])[] };
}

const MAX_METADATA_BYTES = 16 * 1024 * 1024; // 16 MiB
const MAX_RECORD_BYTES = 64 * 1024 * 1024; // 64 MiB

/** What pip and other installers of wheels left: `*.dist-info` with METADATA and RECORD. */
export async function readDistInfos(input: ManagerInput): Promise<Distribution[]> {
  const found = await mapLimit(input.places().distInfos, CONCURRENT_READS, async (folder) => {
    const metadata = fileIn(input.tree, folder, 'METADATA');
    if (metadata === undefined) return undefined;
    return tolerated(folder, input.warn, async () => {
      const text = await readRecordText(input.content, metadata, MAX_METADATA_BYTES);
      const file = fileIn(input.tree, folder, 'RECORD');
      const own = below(input.tree, folder);
      if (file === undefined) {
        const paths = [...own, ...(await topLevelPaths(input, folder, text))];
        return distribution({ folder, metadata, text, paths });
      }
      const lines = pathsFrom(parentOf(folder), await readRecordText(input.content, file, MAX_RECORD_BYTES));
      const record = { path: joinPath(folder, 'RECORD'), lines };
      return { ...distribution({ folder, metadata, text, paths: [...lines.map(([path]) => path), ...own] }), record };
    });
  });
  return found.filter((item) => item !== undefined);
}

/** What setuptools and distutils left: `*.egg-info`, a folder with PKG-INFO, or that file itself. */
export async function readEggInfos(input: ManagerInput): Promise<Distribution[]> {
  const found = await mapLimit(input.places().eggInfos, CONCURRENT_READS, async ({ path, type }) => {
    const metadata = type === 'directory' ? fileIn(input.tree, path, 'PKG-INFO') : input.tree.get(path);
    if (metadata?.content === undefined) return undefined;
    return tolerated(path, input.warn, async () => {
      const text = await readRecordText(input.content, metadata, MAX_METADATA_BYTES);
      const list = fileIn(input.tree, path, 'installed-files.txt');
      const listed =
        list === undefined
          ? await topLevelPaths(input, path, text)
          : pathsFrom(path, await readRecordText(input.content, list, MAX_RECORD_BYTES)).map(([file]) => file);
      return distribution({ folder: path, metadata, text, paths: [...listed, path, ...below(input.tree, path)] });
    });
  });
  return found.filter((item) => item !== undefined);
}

function distribution(parts: {
  readonly folder: TreePath;
  readonly metadata: Entry;
  readonly text: string;
  readonly paths: readonly TreePath[];
}): Distribution {
  const { folder, metadata, paths, text } = parts;
  const [name = '', version = ''] = nameOf(folder)
    .replace(/\.(?:dist|egg)-info$/, '')
    .split('-');
  const pkg = {
    manager: 'python',
    name: textOfBytes(headerOf(text, 'Name') ?? name),
    version: textOfBytes(headerOf(text, 'Version') ?? version),
    record: folder,
  } as const;
  return { pkg, paths: () => paths, metadata, metadataText: text };
}

/** Paths are relative to the folder that holds the packages, or absolute; `../../../bin/x` is usual. */
function pathsFrom(base: TreePath, text: string): (readonly [TreePath, string])[] {
  return recordLines(text).flatMap(([name, line]) => {
    const path = recordedPath(name.startsWith('/') ? name : `${base}/${name}`);
    return path === undefined ? [] : [[path, line] as const];
  });
}

/** Without a list of files: the modules and packages of `top_level.txt`, else the one that is named like the distribution. */
async function topLevelPaths(input: ManagerInput, folder: TreePath, metadata: string): Promise<TreePath[]> {
  const file = fileIn(input.tree, folder, 'top_level.txt');
  const text = file === undefined ? undefined : await readRecordText(input.content, file, MAX_METADATA_BYTES);
  const names = text?.split(/\r?\n/) ?? [headerOf(metadata, 'Name')?.replaceAll('-', '_') ?? ''];
  return names
    .filter((name) => /^\w+$/.test(name))
    .flatMap((name) => {
      const module = joinPath(parentOf(folder), `${name}.py`);
      return [
        ...(input.tree.get(module) === undefined ? [] : [module]),
        ...below(input.tree, joinPath(parentOf(folder), name)),
      ];
    });
}

/** All files below a folder; links are not followed. */
function below(tree: Tree, folder: TreePath): TreePath[] {
  const out: TreePath[] = [];
  const pending = [folder];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of tree.children(at)) {
      if (entry.type === 'directory') pending.push(entry.path);
      else out.push(entry.path);
    }
  }
  return out;
}
