import { bytesOfText, joinPath, nameOf, parentOf, textOfBytes, type TreePath } from '../../base/path.ts';
import { readAppHost } from '../../formats/apphost/index.ts';
import type { ElfFile } from '../../formats/elf/index.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { fileAt, folderAt, resolveName, resolveText } from '../node/files.ts';
import { DEFAULT_PATH, findProgram } from '../shell/search.ts';
import type { ProcessContext } from '../types.ts';
import { elfOf } from './machine.ts';
import { parseRollForward, type RollForward } from './runtime-config.ts';

/** Of the data of an executable that are searched, in bytes; those of hosts have some kilobytes. */
const MAX_DATA_BYTES = 4 * 1024 * 1024; // 4 MiB
const PT_LOAD = 1;

/** How a .NET application comes to life. */
export interface Start {
  /** The executable: the muxer `dotnet`, or the application's own; a library that nobody starts itself. */
  readonly host: TreePath;
  readonly elf: ElfFile | undefined;
  readonly kind: 'muxer' | 'apphost' | 'bundle' | 'library';
  /** The assembly that is started; undefined when the command line starts none (`dotnet --info`) or it is inside the executable. */
  readonly app: TreePath | undefined;
  readonly options: HostOptions;
  /** A command of the SDK (`dotnet run`), when that is what is started. */
  readonly command?: string;
}

interface HostOptions {
  readonly depsFile?: string;
  readonly runtimeConfig?: string;
  readonly fxVersion?: string;
  readonly rollForward?: RollForward;
  readonly additionalDeps: readonly string[];
  readonly probingPaths: readonly string[];
}

export const NO_OPTIONS: HostOptions = { additionalDeps: [], probingPaths: [] };
/** Options of the muxer that take the next word (`dotnet --help`; src/native/corehost/fxr/command_line.cpp). */
const VALUE_OPTIONS = new Set([
  '--additionalprobingpath',
  '--additional-deps',
  '--depsfile',
  '--fx-version',
  '--roll-forward',
  '--roll-forward-on-no-candidate-fx',
  '--runtimeconfig',
]);

/** Whether a folder holds an installation of .NET, next to its muxer. */
export function isDotnetRoot(tree: Tree, folder: TreePath): boolean {
  return folderAt(tree, joinPath(joinPath(folder, 'host'), 'fxr')) !== undefined;
}

/** What the context starts, when that is a .NET application. */
export async function startOfContext(
  tree: Tree,
  content: ContentReader,
  context: ProcessContext,
): Promise<Start | undefined> {
  const [program] = context.argv;
  if (program === undefined) return undefined;
  const searchPaths = [bytesOfText(context.env['PATH'] ?? DEFAULT_PATH)];
  const found = findProgram(tree, bytesOfText(program), { searchPaths, folders: [context.cwd] });
  return found === undefined ? undefined : startOf(tree, content, { host: found.entry, context });
}

/** What an executable starts with the command line of the context. Undefined when it is no host of .NET. */
export async function startOf(
  tree: Tree,
  content: ContentReader,
  { context, host }: { readonly host: Entry; readonly context: ProcessContext },
): Promise<Start | undefined> {
  const folder = parentOf(host.path);
  if (nameOf(host.path) === 'dotnet' && isDotnetRoot(tree, folder)) {
    const elf = await elfOf(content, host);
    const command = parseMuxerArgs(context.argv.slice(1));
    const app = command.app === undefined ? undefined : resolveText(context.cwd, command.app);
    const file = app === undefined ? undefined : fileAt(tree, app);
    const start = { host: host.path, elf, kind: 'muxer', options: command.options } as const;
    if (file !== undefined && app !== undefined) return { ...start, app };
    return { ...start, app: undefined, ...(command.app !== undefined && { command: command.app }) };
  }
  const elf = await elfOf(content, host);
  if (elf === undefined || (elf.type !== 'executable' && elf.interpreter === undefined)) return undefined;
  const appHost = readAppHost(await writableData(content, host, elf));
  if (appHost === undefined) return undefined;
  if (appHost.bundleOffset !== 0n) return { host: host.path, elf, kind: 'bundle', app: undefined, options: NO_OPTIONS };
  const names = [...appHost.assemblies, `${nameOf(host.path)}.dll`];
  const app = names
    .map((name) => resolveName(folder, name))
    .find((path) => path !== undefined && fileAt(tree, path) !== undefined);
  return { host: host.path, elf, kind: 'apphost', app, options: NO_OPTIONS };
}

async function writableData(content: ContentReader, entry: Entry, elf: ElfFile): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let left = MAX_DATA_BYTES;
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD || !segment.writable || left === 0) continue;
    const size = Math.min(segment.size, left);
    pieces.push(await content.read(entry, { offset: segment.offset, size }));
    left -= size;
  }
  return Buffer.concat(pieces);
}

interface MuxerCommand {
  readonly app: string | undefined;
  readonly options: HostOptions;
}

/** `dotnet [host options] [exec [host options]] APP [arguments]`. */
export function parseMuxerArgs(words: readonly string[]): MuxerCommand {
  const values = new Map<string, string[]>();
  let at = 0;
  for (let exec = false; at < words.length; at++) {
    const word = words[at] as string;
    if (VALUE_OPTIONS.has(word.toLowerCase()) && words[at + 1] !== undefined) {
      const name = word.toLowerCase();
      values.set(name, [...(values.get(name) ?? []), words[++at] as string]);
    } else if (word === 'exec' && !exec) exec = true;
    else if (!word.startsWith('-')) break;
  }
  const last = (name: string): string | undefined => values.get(name)?.at(-1);
  const [depsFile, runtimeConfig, fxVersion] = [last('--depsfile'), last('--runtimeconfig'), last('--fx-version')];
  const rollForward = parseRollForward(last('--roll-forward'));
  return {
    app: words[at],
    options: {
      ...(depsFile !== undefined && { depsFile }),
      ...(runtimeConfig !== undefined && { runtimeConfig }),
      ...(fxVersion !== undefined && { fxVersion }),
      ...(rollForward !== undefined && { rollForward }),
      additionalDeps: values.get('--additional-deps') ?? [],
      probingPaths: values.get('--additionalprobingpath') ?? [],
    },
  };
}

/** `/app/shop` of `/app/shop.dll`: what its settings are named by. */
export function baseOf(app: TreePath): TreePath {
  return app.replace(/\.(?:dll|exe)$/i, '') as TreePath;
}

/** Folders where an executable of an application looks for the installation, each with the file that names it when one does. */
export async function rootsOf(
  tree: Tree,
  content: ContentReader,
  { arch, context }: { readonly arch: string; readonly context: ProcessContext },
): Promise<readonly { readonly folder: TreePath; readonly because: string; readonly named?: TreePath }[]> {
  const { cwd, env } = context;
  const out: { folder: TreePath; because: string; named?: TreePath }[] = [];
  for (const name of [`DOTNET_ROOT_${arch.toUpperCase()}`, 'DOTNET_ROOT']) {
    const folder = env[name] === undefined || env[name] === '' ? undefined : resolveText(cwd, env[name]);
    if (folder !== undefined) out.push({ folder, because: `${name} in the environment` });
  }
  for (const named of [`/etc/dotnet/install_location_${arch}`, '/etc/dotnet/install_location'] as TreePath[]) {
    const entry = fileAt(tree, named);
    if (entry === undefined || entry.size > 4096) continue;
    const text =
      textOfBytes(Buffer.from(await content.read(entry)).toString('latin1'))
        .split('\n')[0]
        ?.trim() ?? '';
    const folder = text.startsWith('/') ? resolveText(cwd, text) : undefined;
    if (folder !== undefined) out.push({ folder, because: textOfBytes(named), named });
  }
  for (const folder of [
    '/usr/share/dotnet',
    '/usr/lib/dotnet',
    '/usr/lib64/dotnet',
    '/usr/local/share/dotnet',
  ] as TreePath[])
    out.push({ folder, because: 'the usual place' });
  return out.filter(({ folder }) => isDotnetRoot(tree, folder));
}
