import { type ByteString, joinPath, nameOf, pathOfText, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { findFile } from './search.ts';
import type { Where } from './session.ts';
import { afterOptions, type Argv } from './wrappers.ts';

/** Programs that run what they find in folders: the folders by default, and what is run there (a name below each of its folders, or its files). */
interface FolderRunner {
  readonly valued?: readonly string[];
  readonly folders?: readonly string[];
  readonly scripts?: readonly string[];
}

/** run-parts(8), runsvdir(8), and the scanners of s6; `init` of s6-overlay: its README, "Usage". */
const FOLDER_RUNNERS: Readonly<Record<string, FolderRunner>> = {
  'run-parts': { valued: ['-a', '--arg', '-u', '--umask', '--regex'] },
  runsvdir: { folders: ['/etc/service', '/service'], scripts: ['run', 'finish', 'log/run'] },
  's6-svscan': { valued: ['-c', '-C', '-d', '-t'], scripts: ['run', 'finish', 'log/run'] },
  svscan: { folders: ['/service'], scripts: ['run', 'log/run'] },
};
/** Where s6-overlay looks, once its `/init` runs. */
const OVERLAY = ['/etc/cont-init.d', '/etc/cont-finish.d', '/etc/services.d', '/etc/s6-overlay'].map(pathOfText);
/** Scripts that one folder brings. */
const MAX_FOLDER_FILES = 256;
const MAX_DEPTH = 4;

/** The scripts and programs that a program runs because they lie in folders that it is given. */
export function folderScripts(tree: Tree, program: TreePath, argv: Argv, where: Where): ByteString[] {
  const name = nameOf(program);
  if (program === '/init' && tree.resolve('/etc/s6-overlay' as TreePath) !== undefined)
    return OVERLAY.flatMap((folder) => below(tree, tree.resolve(folder)?.entry, MAX_DEPTH)).slice(0, MAX_FOLDER_FILES);
  const runner = Object.hasOwn(FOLDER_RUNNERS, name) ? FOLDER_RUNNERS[name] : undefined;
  if (runner === undefined) return [];
  const words = argv.slice(afterOptions(argv, runner.valued ?? [])).flatMap((values) => values.slice(0, 1));
  return (words.length > 0 ? words : (runner.folders ?? []))
    .flatMap((text) => scriptsOf(tree, findFile(tree, text, where.folders)?.entry, runner.scripts))
    .slice(0, MAX_FOLDER_FILES);
}

function scriptsOf(tree: Tree, folder: Entry | undefined, scripts: readonly string[] | undefined): TreePath[] {
  if (folder?.type !== 'directory') return [];
  if (scripts === undefined) return below(tree, folder, 0);
  const services = tree.children(folder.path).map((entry) => tree.resolve(entry.path)?.entry);
  return services.flatMap((service) =>
    service?.type === 'directory' ? scripts.map((script) => joinPath(service.path, script)) : [],
  );
}

function below(tree: Tree, folder: Entry | undefined, depth: number): TreePath[] {
  if (folder?.type !== 'directory') return [];
  return tree.children(folder.path).flatMap((entry) => {
    if (entry.type !== 'directory') return [entry.path];
    return depth > 0 ? below(tree, entry, depth - 1) : [];
  });
}
