import { CONTAINER_CAPABILITIES } from '../../base/container-capabilities.ts';

export interface NeededCapabilitiesOptions {
  /** Names of the system calls that were made. */
  readonly syscalls: readonly string[];
  /** TCP ports that were listened on. */
  readonly ports: readonly number[];
  /** Who the first process runs as. */
  readonly uid: number;
}

const FIRST_UNPRIVILEGED_PORT = 1024;

/**
 * The calls that each capability can make a difference for (capabilities(7)). Names alone cannot tell whether it did: what root called so keeps the
 * capability. Not counted: tgkill, which C libraries aim at their own process, and prctl, which names threads.
 */
const CALLS: Readonly<Record<string, string>> = {
  CAP_CHOWN: 'chown chown32 fchown fchown32 fchownat lchown lchown32',
  CAP_FOWNER: `chown chown32 fchown fchown32 fchownat lchown lchown32 chmod fchmod fchmodat fchmodat2 utime utimes futimesat utimensat utimensat_time64
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat unlink unlinkat rename renameat renameat2 rmdir`,
  CAP_FSETID: 'chown chown32 fchown fchown32 fchownat lchown lchown32 chmod fchmod fchmodat fchmodat2',
  CAP_KILL: 'kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal',
  CAP_SETGID: 'setgid setgid32 setregid setregid32 setresgid setresgid32 setgroups setgroups32 setfsgid setfsgid32',
  CAP_SETUID: 'setuid setuid32 setreuid setreuid32 setresuid setresuid32 setfsuid setfsuid32',
  CAP_SETPCAP: 'capset',
  // Raw and packet sockets, and the kernel's audit socket, are made by the call that makes every other socket.
  CAP_NET_RAW: 'socket socketcall',
  CAP_AUDIT_WRITE: 'socket socketcall',
  CAP_SYS_CHROOT: 'chroot',
  CAP_MKNOD: 'mknod mknodat',
  CAP_SETFCAP: 'setxattr lsetxattr fsetxattr setxattrat',
};
/** Root opens what belongs to somebody else without a call of its own for it. */
const ALWAYS: ReadonlySet<string> = new Set(['CAP_DAC_OVERRIDE']);

/**
 * Of the capabilities that container engines give by default, those that what was observed may have needed, in their usual order. A process that does not run
 * as root had none while it was observed (nor can it gain any: no new privileges), so it needs none; but engines without a network of their own for it ask for CAP_NET_BIND_SERVICE
 * to open ports below 1024.
 */
export function neededCapabilities(options: NeededCapabilitiesOptions): readonly string[] {
  const made = new Set(options.syscalls);
  const isRoot = options.uid === 0;
  return CONTAINER_CAPABILITIES.filter((name) => {
    if (name === 'CAP_NET_BIND_SERVICE') return options.ports.some((port) => port < FIRST_UNPRIVILEGED_PORT);
    if (!isRoot) return false;
    return ALWAYS.has(name) || (CALLS[name] ?? '').split(/\s+/).some((call) => made.has(call));
  });
}
