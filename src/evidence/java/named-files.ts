import { bytesOfText, joinPath, showPath, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { findFile, mayBeTaken } from '../shell/search.ts';
import type { Edge, Question } from '../types.ts';
import { isSharedFolder } from '../shared-folders.ts';
import { addFolder, nativeLibraries } from './class-path.ts';
import type { JavaCommand } from './command.ts';

/** Options of the virtual machine that name a file. */
const FILE_OPTION =
  /^-(?:XX:(?:Flags|VMOptionsFile|SharedArchiveFile|AOTCache|AOTConfiguration|SharedClassListFile|CompileCommandFile)=|agentpath:|XX:StartFlightRecording[:=].*settings=)([^=,]+)/;
const PROPERTY = /^-D([^=]+)=(.*)$/s;
/** Properties whose value is a list of folders that native libraries are loaded from. */
const LIBRARY_PATHS = new Set([
  'java.library.path',
  'jna.library.path',
  'sun.boot.library.path',
  'org.lwjgl.librarypath',
]);
/** Settings that frameworks read from the working folder. */
const SETTINGS =
  /^(?:application|bootstrap|config|log4j2?|logback|logging)[\w.-]*\.(?:ya?ml|properties|json|xml|conf)$/;

/** Files that options and properties name: trust stores, settings, agents, archives of classes; and settings in the working folder. */
export function namedFiles({ context, path }: Question, command: JavaCommand, tree: Tree): Edge[] {
  const { cwd, env } = context;
  const edges: Edge[] = [];
  const edge = (to: TreePath, because: string, certainty: Edge['certainty'] = 'likely'): void =>
    void edges.push({ from: path, to, kind: 'opened', because, certainty });
  const open = (text: string, because: string): void => {
    const found = findFile(tree, bytesOfText(text.replace(/^=*(?:file:(?:\/\/)?)?/, '')), [cwd]);
    if (found === undefined || !mayBeTaken(found, cwd)) return;
    if (found.entry.type !== 'directory') edge(found.path, because);
    else if (!isSharedFolder(found.entry.path))
      addFolder(tree, { ...found, from: path, because, certainty: 'likely' }, (file) => {
        edge(file.path, because);
        return true;
      });
  };
  for (const option of command.options) {
    const file = FILE_OPTION.exec(option)?.[1];
    if (file !== undefined) open(file, `${option.slice(0, 80)} names it`);
    const [, name = '', value = ''] = PROPERTY.exec(option) ?? [];
    if (LIBRARY_PATHS.has(name)) for (const folder of value.split(':')) libraries(folder, name);
    else if (name !== '') for (const text of value.split(/[,;]/)) open(text, `the property ${name} names it`);
  }
  for (const name of ['LD_LIBRARY_PATH']) for (const folder of (env[name] ?? '').split(':')) libraries(folder, name);
  for (const folder of [cwd, joinPath(cwd, 'config')])
    for (const entry of tree.children(folder))
      if (SETTINGS.test(entry.path.slice(entry.path.lastIndexOf('/') + 1)))
        edge(entry.path, 'settings in the working folder', 'guess');
  return edges;

  function libraries(text: string, name: string): void {
    const found = text === '' ? undefined : findFile(tree, bytesOfText(text), [cwd])?.entry;
    // In a folder of the system a program takes what it names, and nobody knows what that is.
    if (found === undefined || isSharedFolder(found.path) || /^\/(?:usr\/)?lib/.test(found.path)) return;
    for (const { path: to } of nativeLibraries(tree, found.path))
      edges.push({
        from: path,
        to,
        kind: 'elf-dlopen',
        because: `${showPath(bytesOfText(name))} names its folder`,
        certainty: 'likely',
      });
  }
}
