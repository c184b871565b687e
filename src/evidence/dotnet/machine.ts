import { pathOfText } from '../../base/path.ts';
import { readElfFrom, isElf, type ElfFile } from '../../formats/elf/index.ts';
import { isTareError } from '../../base/error.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { fileAt, readText } from '../node/files.ts';

/** What decides which of the files for several kinds of machines are taken. */
export interface Machine {
  /** `x64`, `arm64`, as .NET says it. */
  readonly arch: string;
  readonly musl: boolean;
  /** `debian.12`, `debian`, from os-release; the exact one first. */
  readonly systems: readonly string[];
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  'x86_64/64': 'x64',
  'i386/32': 'x86',
  'aarch64/64': 'arm64',
  'arm/32': 'arm',
  's390x/64': 's390x',
  'powerpc64/64': 'ppc64le',
  'riscv/64': 'riscv64',
  'loongarch/64': 'loongarch64',
};
const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release'].map(pathOfText);
const MAX_OS_RELEASE_BYTES = 64 * 1024; // 64 KiB

/** The headers of an ELF file; undefined when it is none, or broken. */
export async function elfOf(content: ContentReader, entry: Entry): Promise<ElfFile | undefined> {
  const read = (offset: number, size: number): Promise<Uint8Array> => content.read(entry, { offset, size });
  if (entry.size < 4 || !isElf(await read(0, 4))) return undefined;
  try {
    return await readElfFrom(read, entry.size, { sections: 'tolerant' });
  } catch (error) {
    if (isTareError(error, 'E_ELF') || isTareError(error, 'E_LIMIT')) return undefined;
    throw error;
  }
}

/** The machine that a host is made for. */
export async function machineOf(tree: Tree, content: ContentReader, host: ElfFile | undefined): Promise<Machine> {
  const musl =
    host !== undefined && [host.interpreter ?? '', ...host.needed].some((name) => /ld-musl-|libc\.musl-/.test(name));
  const arch = host === undefined ? 'x64' : (ARCHITECTURES[`${host.machineName}/${host.class}`] ?? host.machineName);
  return { arch, musl, systems: await systemsOf(tree, content) };
}

async function systemsOf(tree: Tree, content: ContentReader): Promise<string[]> {
  const entry = OS_RELEASE.map((path) => fileAt(tree, path)).find((found) => found !== undefined);
  if (entry === undefined || entry.size > MAX_OS_RELEASE_BYTES) return [];
  const fields = new Map<string, string>();
  for (const line of (await readText(content, entry)).split('\n')) {
    const [, name, value = ''] = /^(ID|VERSION_ID)=["']?([\w.-]*)["']?\s*$/.exec(line) ?? [];
    if (name !== undefined) fields.set(name, value);
  }
  const [id, version] = [fields.get('ID') ?? '', fields.get('VERSION_ID') ?? ''];
  return id === '' ? [] : version === '' ? [id] : [`${id}.${version}`, id];
}

/**
 * The names of the machine (RIDs), nearest first: the distribution's own when the graph knows it, then those of its C library, of Linux, of anything
 * (dotnet/runtime, docs/design/features/rid-graph, deps_format.cpp).
 */
export function ridsOf({ arch, musl, systems }: Machine, graph: ReadonlyMap<string, readonly string[]>): string[] {
  const plain = [
    ...(musl ? [`linux-musl-${arch}`, 'linux-musl'] : []),
    `linux-${arch}`,
    'linux',
    `unix-${arch}`,
    'unix',
    'any',
    'base',
  ];
  const own = systems.map((system) => `${system}-${arch}`).find((rid) => graph.has(rid));
  const wider = own === undefined ? [] : [own, ...(graph.get(own) ?? [])];
  return [...new Set([...wider, ...plain])];
}
