import { bytesOfText, joinPath, nameOf, pathOfText, type TreePath } from '../../base/path.ts';
import { isTareError } from '../../base/error.ts';
import { readElfFrom } from '../../formats/elf/index.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import type { ProcessContext } from '../types.ts';
import { fileAt } from './files.ts';
import { type Json, type JsonObject, memberOf } from './manifest.ts';

/** The machine that the image's node was built for, in node's words. A member is missing when nobody can tell. */
export interface Target {
  /** `process.arch`. */
  readonly arch?: string;
  readonly libc?: 'glibc' | 'musl';
}

/** `process.arch` by the ELF machine's name. */
const ARCHES: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  aarch64: 'arm64',
  arm: 'arm',
  i386: 'ia32',
  powerpc64: 'ppc64',
  s390x: 's390x',
  riscv: 'riscv64',
  loongarch: 'loong64',
};

/** Asks the node that starts the process: its ELF header and its interpreter say what an addon must fit. */
export async function targetOf(tree: Tree, content: ContentReader, context: ProcessContext): Promise<Target> {
  const path = nodeOf(tree, context);
  const entry = path === undefined ? undefined : fileAt(tree, path);
  if (entry === undefined) return {};
  try {
    const elf = await readElfFrom((offset, size) => content.read(entry, { offset, size }), entry.size, {
      sections: 'tolerant',
    });
    const arch = ARCHES[elf.machineName];
    const musl = elf.interpreter?.includes('ld-musl-') ?? elf.needed.some((name) => name.startsWith('libc.musl-'));
    return {
      ...(arch === undefined ? {} : { arch }),
      ...(elf.static ? {} : { libc: musl ? 'musl' : 'glibc' }),
    };
  } catch (error) {
    if (isTareError(error)) return {};
    throw error;
  }
}

function nodeOf(tree: Tree, context: ProcessContext): TreePath | undefined {
  const program = context.argv[0];
  if (program?.startsWith('/') === true && /^node(js)?$/.test(nameOf(pathOfText(program)))) return pathOfText(program);
  const folders = (context.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin').split(':');
  for (const folder of folders) {
    if (!folder.startsWith('/')) continue;
    const path = joinPath(pathOfText(folder), bytesOfText('node'));
    if (fileAt(tree, path) !== undefined) return path;
  }
  return undefined;
}

/** Whether a package is made for another machine: npm's `os`, `cpu` and `libc` members, where `!x` means "not x". */
export function isForeign(json: JsonObject, target: Target): boolean {
  if (!allows(memberOf(json, 'os'), 'linux')) return true;
  if (target.arch !== undefined && !allows(memberOf(json, 'cpu'), target.arch)) return true;
  return target.libc !== undefined && !allows(memberOf(json, 'libc'), target.libc);
}

function allows(member: Json | undefined, value: string): boolean {
  const words = typeof member === 'string' ? [member] : Array.isArray(member) ? (member as readonly Json[]) : [];
  const listed = words.filter((word): word is string => typeof word === 'string');
  if (listed.includes(`!${value}`)) return false;
  const wanted = listed.filter((word) => !word.startsWith('!'));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes('any');
}
