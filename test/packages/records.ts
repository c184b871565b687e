import { pathOfText, textOfBytes, type TreePath } from '../../src/base/path.ts';
import { ownerOf, packageDbs } from '../../src/packages/index.ts';
import type { PackageDb, PackageDbOptions } from '../../src/packages/types.ts';
import { memoryTree, type MemoryFile } from '../helpers/memory-tree.ts';

/** The databases of a tree of files, with text in and text out. */
export interface Records {
  readonly dbs: readonly PackageDb[];
  readonly warnings: readonly string[];
  /** `manager name version` of the owner. */
  readonly owner: (path: string) => string | undefined;
  readonly filesOf: (name: string) => string[];
  /** Path → content of all reduced records. */
  readonly reduced: (...kept: readonly string[]) => Promise<Record<string, string>>;
}

export async function recordsOf(
  files: Readonly<Record<string, MemoryFile>>,
  options: PackageDbOptions = { under: [pathOfText('/')] },
): Promise<Records> {
  const { content, tree } = memoryTree(files);
  const warnings: string[] = [];
  const dbs = await packageDbs(tree, content, { ...options, warn: (warning) => warnings.push(warning.message) });
  return {
    dbs,
    warnings,
    owner: (path) => {
      const pkg = ownerOf(dbs, pathOfText(path));
      return pkg === undefined ? undefined : `${pkg.manager} ${pkg.name} ${pkg.version}`;
    },
    filesOf: (name) => {
      const found = dbs.flatMap((db) => db.packages.filter((pkg) => pkg.name === name).map((pkg) => db.files(pkg)));
      return (found[0] ?? []).map(textOfBytes);
    },
    reduced: async (...kept) => {
      const wanted = new Set<TreePath>(kept.map(pathOfText));
      const lists = await Promise.all(dbs.map((db) => db.reduced((path) => wanted.has(path))));
      return Object.fromEntries(
        lists.flat().map((entry) => {
          const { content, gid, mode, mtime, size, type, uid } = entry;
          if (content?.in !== 'memory' || content.bytes.length !== size) throw new Error('no content of that size');
          if (type !== 'file' || mode !== 0o644 || uid !== 0 || gid !== 0 || mtime !== 0)
            throw new Error('odd attributes');
          return [textOfBytes(entry.path), Buffer.from(content.bytes).toString('utf8')];
        }),
      );
    },
  };
}
