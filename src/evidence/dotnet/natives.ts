import { bytesOfText, joinPath, nameOf, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { Warning } from '../../base/events.ts';
import { libraryOf, type Library } from '../elf/library.ts';
import { firstLoaded, loaderOf, processOf, treeSettings } from '../elf/process.ts';
import { type Found, isFound } from '../elf/types.ts';
import { fileAt } from '../node/files.ts';
import type { AnalyserTools, Certainty, Edge } from '../types.ts';
import type { DotnetProcess } from './process.ts';

/** Where native libraries of one process are found. */
export interface Natives {
  /** As the runtime looks for what a P/Invoke names: with and without `lib` and `.so`, beside the assembly, in the folders of the application and its frameworks, by the loader. */
  find(name: string, assembly: TreePath): Promise<{ readonly path: TreePath; readonly how: string } | undefined>;
  /** What a native library of the runtime opens by itself. */
  edges(library: TreePath): Promise<readonly Edge[]>;
  readonly warnings: Warning[];
}

/** Not libraries: entry points inside the runtime, and what the C library's loader has loaded anyway. */
const BUILT_IN = /^(?:QCall|__Internal|libc|libdl|libm|libpthread|clr|coreclr|libcoreclr)$/i;
/** In the order in which the shim tries them (src/native/libs/System.Security.Cryptography.Native/opensslshim.c). */
const OPENSSL_VERSIONS = ['4', '3', '1.1', '1.0.2', '1.0.0', '10'];
/** Majors of ICU that the runtime tries, the highest first (pal_icushim.c). */
const ICU_NEWEST = 100;
const ICU_OLDEST = 50;
const ICU_LIBRARIES = ['libicuuc.so', 'libicui18n.so'];

export function nativesOf(tools: AnalyserTools, process: DotnetProcess): Natives {
  const { tree } = tools;
  const warnings: Warning[] = [];
  const search = systemSearch(tools, process);

  const inFolders = (name: string, assembly: TreePath): TreePath | undefined => {
    for (const folder of [parentOf(assembly), ...process.nativeFolders])
      for (const file of variantsOf(name)) {
        const found = fileAt(tree, joinPath(folder, bytesOfText(file)))?.path;
        if (found !== undefined) return found;
      }
    return undefined;
  };
  return {
    warnings,
    async find(name, assembly) {
      if (BUILT_IN.test(name) || name.includes('/') || name.includes('\0') || name.length > 255) return undefined;
      if (isUnused(name, process)) return undefined;
      const path = inFolders(name, assembly);
      if (path !== undefined) return { path, how: `found in ${showPath(parentOf(path))}` };
      for (const file of variantsOf(name).filter((item) => item.includes('.so'))) {
        const found = await search.find(file);
        if (found !== undefined) return { path: found.path, how: found.how };
      }
      return undefined;
    },
    async edges(library) {
      const name = nameOf(library);
      if (/System\.Security\.Cryptography\.Native\.OpenSsl/.test(name)) return openSsl(process, search, library);
      if (/System\.Globalization\.Native/.test(name)) return icu(process, search, library, warnings);
      if (/System\.Net\.Security\.Native/.test(name)) return gss(search, library);
      return [];
    },
  };
}

/** Names that the runtime tries, in order: those with an ending first as they are (docs/standard/native-interop/native-library-loading). */
function variantsOf(name: string): string[] {
  const whole = /\.so(?:\.|$)/.test(name);
  const tail = [`lib${name}.so`, `${name}.so`];
  return whole ? [name, `lib${name}`, ...tail] : [...tail.reverse(), name, `lib${name}`];
}

/** In .NET Core 3 this library only serves HTTP through libcurl, which somebody must switch on. */
function isUnused(name: string, process: DotnetProcess): boolean {
  if (name !== 'System.Net.Http.Native') return false;
  const asked =
    process.context.env['DOTNET_SYSTEM_NET_HTTP_USESOCKETSHTTPHANDLER'] ??
    process.property('System.Net.Http.UseSocketsHttpHandler');
  return !/^(?:0|false)$/i.test(asked ?? '');
}

interface SystemSearch {
  readonly library: Library;
  /** As the loader finds a name that `dlopen` gets in this process. */
  find(name: string): Promise<Found | undefined>;
}

function systemSearch(tools: AnalyserTools, process: DotnetProcess): SystemSearch {
  const library = libraryOf(tools.tree, tools.content, tools.facts);
  const prepare = async () => {
    const opened = await library.open(process.start.host);
    if (opened === undefined || 'broken' in opened) return undefined;
    const first = firstLoaded(opened, process.start.host);
    const own = await processOf(library, first, process.context);
    return { first, loader: await loaderOf(treeSettings(library), own, first) };
  };
  let ready: ReturnType<typeof prepare> | undefined;
  return {
    library,
    async find(name) {
      const prepared = await (ready ??= prepare());
      const found = await prepared?.loader.find(bytesOfText(name), prepared.first);
      return found !== undefined && isFound(found) ? found : undefined;
    },
  };
}

function opens(from: TreePath, found: Found, because: string, certainty: Certainty): Edge[] {
  const edges: Edge[] = [{ from, to: found.path, kind: 'elf-dlopen', because: `${because}, ${found.how}`, certainty }];
  if (found.config !== undefined)
    edges.push({
      from,
      to: found.config,
      kind: 'config',
      because: `without it the loader does not find ${showPath(found.path)}`,
      certainty: 'sure',
    });
  return edges;
}

async function openSsl(process: DotnetProcess, search: SystemSearch, from: TreePath): Promise<Edge[]> {
  const opened = await search.library.open(from);
  const named = opened === undefined || 'broken' in opened ? [] : await search.library.libraryStrings(opened);
  const forced = process.context.env['CLR_OPENSSL_VERSION_OVERRIDE'];
  const versions = [...(forced === undefined ? [] : [forced]), ...OPENSSL_VERSIONS];
  for (const version of versions) {
    const name = `libssl.so.${version}`;
    if (version !== forced && !named.includes(name)) continue;
    const found = await search.find(name);
    if (found !== undefined) return opens(from, found, `opens ${name} for cryptography and TLS`, 'likely');
  }
  return [];
}

/** `System.Globalization.Invariant`, or DOTNET_SYSTEM_GLOBALIZATION_INVARIANT, does without ICU. */
function isInvariant({ context, property }: DotnetProcess): boolean {
  const asked = property('System.Globalization.Invariant') ?? context.env['DOTNET_SYSTEM_GLOBALIZATION_INVARIANT'];
  return /^(?:1|true)$/i.test(asked ?? '');
}

async function icu(process: DotnetProcess, search: SystemSearch, from: TreePath, warnings: Warning[]): Promise<Edge[]> {
  if (isInvariant(process)) return [];
  const forced = process.context.env['CLR_ICU_VERSION_OVERRIDE'];
  const majors = Array.from({ length: ICU_NEWEST - ICU_OLDEST + 1 }, (_, at) => String(ICU_NEWEST - at));
  const edges: Edge[] = [];
  // Which majors a runtime accepts is written in its code alone: each that is there is kept, and hardly any system has two.
  for (const version of [...(forced === undefined ? [] : [forced]), ...majors, '']) {
    if (version === '' && edges.length > 0) break;
    edges.push(...(await icuOf(version, search, from)));
  }
  if (edges.length > 0) return edges;
  const path = showPath(process.app ?? process.start.host);
  const message = `${path} needs ICU for cultures, which is not in this tree, unless System.Globalization.Invariant is set`;
  warnings.push({ code: 'dotnet-icu', message, path });
  return [];
}

/** Both libraries of one version, or nothing. */
async function icuOf(version: string, search: SystemSearch, from: TreePath): Promise<Edge[]> {
  const edges: Edge[] = [];
  for (const library of ICU_LIBRARIES) {
    const name = version === '' ? library : `${library}.${version}`;
    const found = await search.find(name);
    if (found === undefined) return [];
    edges.push(
      ...opens(from, found, `opens ${name} for cultures, unless System.Globalization.Invariant is set`, 'likely'),
    );
  }
  return edges;
}

async function gss(search: SystemSearch, from: TreePath): Promise<Edge[]> {
  const opened = await search.library.open(from);
  if (opened === undefined || 'broken' in opened) return [];
  const name = (await search.library.libraryStrings(opened)).find((text) => text.startsWith('libgssapi'));
  const found = name === undefined ? undefined : await search.find(name);
  return found === undefined ? [] : opens(from, found, `opens ${showPath(name ?? '')} for Kerberos and NTLM`, 'likely');
}
