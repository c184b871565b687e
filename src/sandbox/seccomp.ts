import { ALLOWED_PERSONALITIES, ALLOWED_SYSCALLS, PRETENDED_SYSCALLS, REFUSED_SYSCALLS } from './seccomp-syscalls.ts';

interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_NE' | 'SCMP_CMP_MASKED_EQ';
}

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

/** `linux.seccomp` of the OCI runtime spec (config-linux.md, "Seccomp"). */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

const EPERM = 1;
const ENOSYS = 38;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of sched.h: clone(2) may start processes, not namespaces. */
const NAMESPACE_FLAGS = 0x7e02_0000;
/** Sockets that reach out of the container whatever its network namespace is: AF_VSOCK (the hypervisor). */
const AF_VSOCK = 40;

/** Each machine's own calls, and those of the 32-bit programs that it can run: an architecture that is not listed is killed. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** The filter of every container; undefined on an architecture that has no table (the runtime's other walls remain). */
export function seccompProfile(options: {
  readonly arch: string;
  readonly singleId: boolean;
}): SeccompProfile | undefined {
  const architectures = ARCHITECTURES[options.arch];
  if (architectures === undefined) return undefined;
  const pretended = options.singleId ? words(PRETENDED_SYSCALLS) : [];
  const allowed = Object.values(ALLOWED_SYSCALLS)
    .flatMap(words)
    .filter((name) => name !== 'clone' && !pretended.includes(name));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    architectures,
    syscalls: [
      { names: [...new Set(allowed)].sort(), action: 'SCMP_ACT_ALLOW' },
      { names: Object.values(REFUSED_SYSCALLS).flatMap(words).sort(), action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      // clone3 passes its flags in memory, where no filter can look: ENOSYS (the default) makes libc use clone.
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }] },
      ...ALLOWED_PERSONALITIES.map((value): SeccompRule => ({
        names: ['personality'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
      })),
      ...(pretended.length === 0
        ? []
        : [{ names: pretended, action: 'SCMP_ACT_ERRNO', errnoRet: 0 } satisfies SeccompRule]),
    ],
  };
}

const words = (text: string): string[] => text.split(/\s+/);
