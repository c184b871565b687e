import { compareBytes } from '../base/path.ts';
import type { SeccompAllowance, SeccompArgument } from './seccomp-document.ts';
import { HOT_SYSCALLS } from './trace/start-up-syscalls.ts';
import { WATCHED_SYSCALLS } from './trace/path-syscalls.ts';
import { ALLOWED_PERSONALITIES, ALLOWED_SYSCALLS, PRETENDED_SYSCALLS, REFUSED_SYSCALLS } from './seccomp-syscalls.ts';

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO' | 'SCMP_ACT_NOTIFY';
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

/** `linux.seccomp` of the OCI runtime spec (config-linux.md, "Seccomp"). */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  /** Where a runtime sends the descriptor that SCMP_ACT_NOTIFY speaks through. */
  readonly listenerPath?: string;
  readonly syscalls: readonly SeccompRule[];
}

/** Whom to ask about calls before they happen. Only what is allowed without it is asked about, and always allowed then. */
export interface SeccompWatch {
  readonly listenerPath: string;
  /** All calls but those of the hot set; else those that name paths and ports. */
  readonly all: boolean;
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

/** Calls of which only some are allowed: one of the conditions must hold. */
const CONDITIONS: Readonly<Record<string, readonly SeccompArgument[]>> = {
  // clone3 passes its flags in memory, where no filter can look: ENOSYS (the default) makes libc use clone.
  clone: [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
  socket: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }],
  personality: ALLOWED_PERSONALITIES.map((value) => ({ index: 0, value, op: 'SCMP_CMP_EQ' })),
};

/** All calls that a container may make, in byte order; on conditions, those that have any. */
export function allowedSyscalls(): readonly {
  readonly name: string;
  readonly conditions?: readonly SeccompArgument[];
}[] {
  const plain = Object.values(ALLOWED_SYSCALLS).flatMap(words);
  const names = [...new Set([...plain, ...Object.keys(CONDITIONS)])].sort(compareBytes);
  return names.map((name) => {
    const conditions = CONDITIONS[name];
    return conditions === undefined ? { name } : { name, conditions };
  });
}

export interface SeccompOptions {
  /** As `process.arch`. */
  readonly arch: string;
  readonly singleId: boolean;
  readonly watch?: SeccompWatch | undefined;
  /** Only what this profile allows too. */
  readonly within?: SeccompAllowance | undefined;
}

/** The filter of every container; undefined on an architecture that has no table (the runtime's other walls remain). */
export function seccompProfile(options: SeccompOptions): SeccompProfile | undefined {
  const { watch, within } = options;
  const architectures = ARCHITECTURES[options.arch];
  if (architectures === undefined) return undefined;
  const pretended = options.singleId ? words(PRETENDED_SYSCALLS) : [];
  const actionOf = (name: string): SeccompRule['action'] =>
    watch !== undefined && (WATCHED_SYSCALLS.has(name) || (watch.all && !HOT_SYSCALLS.has(name)))
      ? 'SCMP_ACT_NOTIFY'
      : 'SCMP_ACT_ALLOW';
  const free: string[] = [];
  const conditional: SeccompRule[] = [];
  for (const { conditions, name } of allowedSyscalls()) {
    // libseccomp adds to each socket call its form as socketcall(2), with the same action.
    if (pretended.includes(name) || (watch !== undefined && name === 'socketcall')) continue;
    const allowance = within === undefined ? 'free' : within(name);
    if (allowance === undefined) continue;
    if (conditions !== undefined) {
      const both = allowance === 'free' ? conditions : conditions.filter((each) => isAmong(each, allowance));
      for (const each of both) conditional.push({ names: [name], action: actionOf(name), args: [each] });
    } else if (allowance === 'free') free.push(name);
    else for (const args of allowance) conditional.push({ names: [name], action: actionOf(name), args });
  }
  const allowed = free.filter((name) => actionOf(name) === 'SCMP_ACT_ALLOW');
  const watched = free.filter((name) => actionOf(name) === 'SCMP_ACT_NOTIFY');
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    architectures,
    ...(watch === undefined ? {} : { listenerPath: watch.listenerPath }),
    syscalls: [
      { names: allowed, action: 'SCMP_ACT_ALLOW' },
      ...(watched.length === 0 ? [] : [{ names: watched, action: 'SCMP_ACT_NOTIFY' } satisfies SeccompRule]),
      { names: Object.values(REFUSED_SYSCALLS).flatMap(words).sort(), action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      ...conditional,
      ...(pretended.length === 0
        ? []
        : [{ names: pretended, action: 'SCMP_ACT_ERRNO', errnoRet: 0 } satisfies SeccompRule]),
    ],
  };
}

function isAmong(condition: SeccompArgument, rules: readonly (readonly SeccompArgument[])[]): boolean {
  return rules.some(
    ([one, ...more]) =>
      more.length === 0 &&
      one !== undefined &&
      one.index === condition.index &&
      one.op === condition.op &&
      one.value === condition.value &&
      (one.valueTwo ?? 0) === (condition.valueTwo ?? 0),
  );
}

const words = (text: string): string[] => text.split(/\s+/);
