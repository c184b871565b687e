import { compareBytes, joinPath, nameOf, type TreePath } from '../../base/path.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { fileAt, folderAt, readText, resolveText } from '../node/files.ts';
import type { PythonCommand } from './command.ts';
import type { Layout } from './layout.ts';

/** A `.pth` file, and what its lines do. */
export interface PathFile {
  readonly path: TreePath;
  /** Lines that python executes, which begin with `import`. */
  readonly code: readonly string[];
}

export interface Site {
  /** Folders of packages, and what `.pth` files add, in the order of `sys.path`. */
  readonly folders: readonly TreePath[];
  readonly pathFiles: readonly PathFile[];
  /** Modules that editable installs lead elsewhere: name → folder or file. */
  readonly editable: ReadonlyMap<string, TreePath>;
}

const MAX_PTH_BYTES = 256 * 1024; // 256 KiB
const MAX_PTH_LINES = 2000;
const MAX_PTH_FILES = 500;
const MAX_FINDER_BYTES = 1024 * 1024; // 1 MiB

export interface SiteInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly layout: Layout;
  readonly command: PythonCommand;
  readonly env: Readonly<Record<string, string>>;
}

/** What Lib/site.py adds to `sys.path`, with Debian's change of it (dist-packages), where the tree's own site.py has that. */
export async function siteOf(input: SiteInput): Promise<Site> {
  const { command, tree } = input;
  const folders: TreePath[] = [];
  const pathFiles: PathFile[] = [];
  const editable = new Map<string, TreePath>();
  if (command.noSite) return { folders, pathFiles, editable };
  for (const folder of await siteFolders(input)) {
    const real = folderAt(tree, folder);
    if (real === undefined || folders.includes(folder)) continue;
    folders.push(folder);
    const names = tree.children(real.path).filter((entry) => /^[^.].*\.pth$/.test(nameOf(entry.path)));
    for (const { path } of names.slice(0, MAX_PTH_FILES).sort((a, b) => compareBytes(a.path, b.path))) {
      const file = fileAt(tree, path);
      if (file === undefined || file.size > MAX_PTH_BYTES) continue;
      const code: string[] = [];
      for (const line of (await readText(input.content, file)).split(/\r?\n/).slice(0, MAX_PTH_LINES)) {
        if (line.startsWith('#') || line.trim() === '') continue;
        if (/^import[ \t]/.test(line)) {
          code.push(line);
          for (const finder of line.match(/__editable__\w+/g) ?? [])
            await readFinder(input, joinPath(folder, `${finder}.py`), editable);
          continue;
        }
        const added = resolveText(folder, line.trim());
        if (added !== undefined && tree.resolve(added) !== undefined && !folders.includes(added)) folders.push(added);
      }
      pathFiles.push({ path: joinPath(folder, nameOf(path)), code });
    }
  }
  return { folders, pathFiles, editable };
}

async function siteFolders({ command, content, env, layout, tree }: SiteInput): Promise<TreePath[]> {
  const out: TreePath[] = [];
  const { basePrefix, prefix, venv, version } = layout;
  const own = venv === undefined;
  const name = `python${version}`;
  if ((own || venv.systemSitePackages) && !command.noUserSite && (env['PYTHONNOUSERSITE'] ?? '') === '') {
    const home = env['PYTHONUSERBASE'] ?? `${env['HOME'] ?? '/root'}/.local`;
    const folder = resolveText('/' as TreePath, `${home}/lib/${name}/site-packages`);
    if (folder !== undefined) out.push(folder);
  }
  const debian = await isDebian(tree, content, layout);
  const below = (dir: TreePath, text: string): TreePath => `${dir === '/' ? '' : dir}/${text}` as TreePath;
  if (!own) out.push(below(prefix, `lib/${name}/site-packages`), below(prefix, `lib64/${name}/site-packages`));
  if (own || venv.systemSitePackages) {
    if (debian)
      out.push(
        below(basePrefix, `local/lib/${name}/dist-packages`),
        below(basePrefix, 'lib/python3/dist-packages'),
        below(basePrefix, `lib/${name}/dist-packages`),
      );
    else out.push(below(basePrefix, `lib/${name}/site-packages`), below(basePrefix, `lib64/${name}/site-packages`));
  }
  return out;
}

async function isDebian(tree: Tree, content: ContentReader, { stdlib }: Layout): Promise<boolean> {
  const site = fileAt(tree, joinPath(stdlib, 'site.py'));
  return (
    site !== undefined && site.size < MAX_FINDER_BYTES && (await readText(content, site)).includes('dist-packages')
  );
}

/** The finders of setuptools' editable installs hold `MAPPING = {'package': '/src/package'}` (setuptools, command/editable_wheel.py). */
async function readFinder(
  { content, tree }: SiteInput,
  path: TreePath,
  editable: Map<string, TreePath>,
): Promise<void> {
  const file = fileAt(tree, path);
  if (file === undefined || file.size > MAX_FINDER_BYTES) return;
  const mapping = /^MAPPING\b[^=]*=\s*\{([^}]*)\}/m.exec(await readText(content, file))?.[1] ?? '';
  for (const [, name = '', target = ''] of mapping.matchAll(/['"]([\w.]+)['"]\s*:\s*['"]([^'"]+)['"]/g)) {
    const place = resolveText('/' as TreePath, target);
    if (place !== undefined && !editable.has(name)) editable.set(name, place);
  }
}
