import type { SeccompDocument, SeccompDocumentRule } from '../seccomp-document.ts';
import { allowedSyscalls } from '../seccomp.ts';
import { START_UP_SYSCALLS } from './start-up-syscalls.ts';

export interface SeccompFileOptions {
  /** Names, as observed. What no container of tare may do is left out; what every start needs is added. */
  readonly syscalls: readonly string[];
  /** As in an image's platform. */
  readonly arch: string;
}

const ENOSYS = 38;

/** A machine's own calls, and those of the 32-bit programs that it runs. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/**
 * The profile under which a container can start and do what was observed. The same names give the same bytes.
 * `architectures` is what all engines read (with Docker it excludes `archMap`); an unknown platform gets none: the machine's own.
 * @returns the text of the file
 */
export function seccompFileOf(options: SeccompFileOptions): string {
  const wanted = new Set([...options.syscalls, ...START_UP_SYSCALLS]);
  const allowed = allowedSyscalls().filter(({ name }) => wanted.has(name));
  const architectures = ARCHITECTURES[options.arch];
  const action = 'SCMP_ACT_ALLOW';
  const document: SeccompDocument = {
    defaultAction: 'SCMP_ACT_ERRNO',
    // So that programs fall back to older calls, as on an older kernel.
    defaultErrnoRet: ENOSYS,
    ...(architectures === undefined ? {} : { architectures }),
    syscalls: [
      { names: allowed.flatMap(({ conditions, name }) => (conditions === undefined ? [name] : [])), action },
      ...allowed.flatMap(({ conditions = [], name }) =>
        conditions.map((each): SeccompDocumentRule => ({ names: [name], action, args: [each] })),
      ),
      // For engines that do not know defaultErrnoRet: C libraries take ENOSYS alone as the word to use clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
