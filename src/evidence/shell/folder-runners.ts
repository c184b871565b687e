import { joinPath, nameOf, pathOfText, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { findFile } from './search.ts';
import type { Where } from './session.ts';
import { afterOptions, type Argv } from './wrappers.ts';

/** Programs that run what they find in folders: the folders by default, and what is run there (a name below each of its folders, or its files). */
interface FolderRunner {
  readonly valued?: readonly string[];
  readonly folders?: readonly string[];
  readonly scripts?: readonly string[];
  /** Files, or folders whose files, it runs whatever it is told. */
  readonly fixed?: readonly string[];
  /** Command lines that it starts whatever it is told. */
  readonly starts?: readonly (readonly string[])[];
}

/** run-parts(8), runsvdir(8), runit(8), my_init of baseimage-docker (its README, "Running scripts during container startup"), and the scanners of s6. */
const FOLDER_RUNNERS: Readonly<Record<string, FolderRunner>> = {
  my_init: {
    fixed: ['/etc/my_init.d', '/etc/rc.local', '/etc/my_init.pre_shutdown.d', '/etc/my_init.post_shutdown.d'],
    starts: [['runsvdir', '/etc/service']],
  },
  runit: { fixed: ['/etc/runit/1', '/etc/runit/2', '/etc/runit/3', '/etc/runit/ctrlaltdel'] },
  'runit-init': { starts: [['/sbin/runit']] },
  runsvinit: { starts: [['runsvdir', '/etc/service']] },
  'run-parts': { valued: ['-a', '--arg', '-u', '--umask', '--regex'] },
  runsvdir: { folders: ['/etc/service', '/service'], scripts: ['run', 'finish', 'log/run'] },
  's6-svscan': { valued: ['-c', '-C', '-d', '-t'], scripts: ['run', 'finish', 'log/run'] },
  svscan: { folders: ['/service'], scripts: ['run', 'log/run'] },
};
/** Where s6-overlay looks, once its `/init` runs, and what it is made of itself (its README, "Usage"). */
const OVERLAY = ['/etc/cont-init.d', '/etc/cont-finish.d', '/etc/services.d', '/etc/s6-overlay'].map(pathOfText);
/** Either of them is there when `/init` is that of s6-overlay. */
const OVERLAY_SIGNS = ['/etc/s6-overlay', '/etc/s6', '/package/admin'].map(pathOfText);
const OVERLAY_PARTS = ['/package/admin', '/command', '/etc/s6'].map(pathOfText);
/** Files of an overlay that are run, and those that hold one command line of execline (s6-rc-compile, "oneshot"). */
const OVERLAY_RUN = /^\/etc\/cont-|\/(?:run|finish)$|\/scripts\//;
const OVERLAY_LINES = /\/(?:up|down)$/;
/** Scripts that one folder brings. */
const MAX_FOLDER_FILES = 256;
const MAX_DEPTH = 4;
/** Files of the overlay itself: some two hundred programs and their links. */
const MAX_PARTS = 4000;
const MAX_PARTS_DEPTH = 8;

/** What a program does because of folders that it is given, or knows. */
export interface FolderWork {
  readonly commands: readonly Argv[];
  /** Files of one command line of execline each. */
  readonly lines: readonly Entry[];
  /** Read, or run by what is not followed. */
  readonly parts: readonly TreePath[];
}

export function folderWork(tree: Tree, program: TreePath, argv: Argv, where: Where): FolderWork {
  if (program === '/init' && OVERLAY_SIGNS.some((path) => tree.resolve(path) !== undefined)) return overlay(tree, argv);
  const name = nameOf(program);
  const runner = Object.hasOwn(FOLDER_RUNNERS, name) ? FOLDER_RUNNERS[name] : undefined;
  if (runner === undefined) return { commands: [], lines: [], parts: [] };
  const words = argv.slice(afterOptions(argv, runner.valued ?? [])).flatMap((values) => values.slice(0, 1));
  const fixed = (runner.fixed ?? []).flatMap((text) => {
    const entry = tree.resolve(text as TreePath)?.entry;
    return entry?.type === 'directory' ? below(tree, entry, 0) : entry === undefined ? [] : [text];
  });
  const named =
    runner.fixed !== undefined || runner.starts !== undefined ? [] : words.length > 0 ? words : (runner.folders ?? []);
  const scripts = named.flatMap((text) => scriptsOf(tree, findFile(tree, text, where.folders)?.entry, runner.scripts));
  const commands = [...fixed, ...scripts].slice(0, MAX_FOLDER_FILES).map((path) => [[path]]);
  return {
    commands: [...commands, ...(runner.starts ?? []).map((line) => line.map((word) => [word]))],
    lines: [],
    parts: [],
  };
}

function overlay(tree: Tree, argv: Argv): FolderWork {
  const files = (folder: TreePath, depth: number): TreePath[] => below(tree, tree.resolve(folder)?.entry, depth);
  const own = OVERLAY.flatMap((folder) => files(folder, MAX_DEPTH));
  const run = own.filter((path) => OVERLAY_RUN.test(path)).slice(0, MAX_FOLDER_FILES);
  const lines = own.filter((path) => OVERLAY_LINES.test(path)).slice(0, MAX_FOLDER_FILES);
  const parts = OVERLAY_PARTS.flatMap((folder) => files(folder, MAX_PARTS_DEPTH));
  // What the image is told to run is run as one more service.
  const service = argv.slice(1);
  return {
    commands: [...run.map((path) => [[path]]), ...(service.length > 0 ? [service] : [])],
    lines: lines.flatMap((path) => tree.resolve(path)?.entry ?? []),
    parts: [...own, ...parts].slice(0, MAX_PARTS),
  };
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
