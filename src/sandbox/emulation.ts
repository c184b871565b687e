import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../base/error.ts';
import { findTool, runTool, toolEnvironment } from './spawn.ts';

const BINFMT = '/proc/sys/fs/binfmt_misc';
const MOUNT_MS = 5000;

/** What the ELF header of a program says (gABI, "ELF Header"): class, data encoding, and e_machine of elf.h; by Go's name of the architecture. */
const MACHINES: Readonly<Record<string, readonly [bits: 32 | 64, order: 'little' | 'big', machine: number]>> = {
  '386': [32, 'little', 3],
  amd64: [64, 'little', 62],
  arm: [32, 'little', 40],
  arm64: [64, 'little', 183],
  loong64: [64, 'little', 258],
  mips64: [64, 'big', 8],
  mips64le: [64, 'little', 8],
  ppc64le: [64, 'little', 21],
  riscv64: [64, 'little', 243],
  s390x: [64, 'big', 22],
};

/** What processors of one kind run besides their own. */
const ALSO: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/** Node's names of architectures (process.arch) that differ from Go's. */
const NODE_NAMES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/**
 * Whether programs of an architecture can be run: by the processor itself, by an emulator that the kernel starts (binfmt_misc) and that is there in every root
 * (flag F: it was opened when it was registered), or not at all. `unknown` when the kernel does not show us what is registered.
 */
export async function canRunArchitecture(
  architecture: string,
  env: NodeJS.ProcessEnv,
): Promise<'native' | 'emulated' | 'no' | 'unknown'> {
  const own = NODE_NAMES[process.arch] ?? process.arch;
  if (architecture === own || ALSO[own]?.includes(architecture) === true) return 'native';
  const start = magicOf(architecture);
  if (start === undefined) return 'unknown';
  const handlers = readHandlers(BINFMT) ?? (await mountedHandlers(env));
  if (handlers === undefined) return 'unknown';
  return handlers.some((text) => isHandlerFor(text, start)) ? 'emulated' : 'no';
}

interface Magic {
  readonly first: string;
  readonly machine: string;
}

export function magicOf(architecture: string): Magic | undefined {
  const found = MACHINES[architecture];
  if (found === undefined) return undefined;
  const [bits, order, machine] = found;
  const bytes = Buffer.alloc(2);
  if (order === 'little') bytes.writeUInt16LE(machine);
  else bytes.writeUInt16BE(machine);
  return {
    first: `7f454c46${bits === 64 ? '02' : '01'}${order === 'little' ? '01' : '02'}`,
    machine: bytes.toString('hex'),
  };
}

/** A file of binfmt_misc: `enabled`, `interpreter …`, `flags: …`, `offset 0`, `magic 7f45…`. e_machine is at byte 18. */
export function isHandlerFor(text: string, { first, machine }: Magic): boolean {
  const field = (name: RegExp): string => name.exec(text)?.[1] ?? '';
  const magic = field(/^magic ([0-9a-f]+)$/m);
  return (
    /^enabled$/m.test(text) &&
    field(/^flags: (\w*)$/m).includes('F') &&
    field(/^offset (\d+)$/m) === '0' &&
    magic.startsWith(first) &&
    magic.slice(36, 40) === machine
  );
}

/** Undefined when it is not mounted there. */
function readHandlers(dir: string): readonly string[] | undefined {
  try {
    const names = readdirSync(dir);
    if (!names.includes('status')) return undefined;
    if (readFileSync(join(dir, 'status'), 'latin1').trim() !== 'enabled') return [];
    return names
      .filter((name) => name !== 'status' && name !== 'register')
      .map((name) => readFileSync(join(dir, name), 'latin1'));
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** The kernel may have handlers that nothing shows: it is asked in a mount namespace of its own. */
async function mountedHandlers(env: NodeJS.ProcessEnv): Promise<readonly string[] | undefined> {
  const [unshare, sh] = [findTool('unshare', env), findTool('sh', env)];
  if (process.getuid?.() !== 0 || unshare === undefined || sh === undefined) return undefined;
  const script = `mount -t binfmt_misc none ${BINFMT} && cd ${BINFMT} && for file in *; do [ "$file" = register ] || { echo "== $file"; cat "$file"; }; done`;
  const answer = await runTool(unshare, ['--mount', '--propagation', 'private', sh, '-c', script], {
    env: toolEnvironment(env),
    timeoutMs: MOUNT_MS,
  });
  if (answer.code !== 0) return undefined;
  return answer.stdout.split(/^== .*$/m).slice(1);
}
