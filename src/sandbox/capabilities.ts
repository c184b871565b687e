import { readFile } from 'node:fs/promises';
import { CONTAINER_CAPABILITIES } from '../base/container-capabilities.ts';

/** All of linux/capability.h by bit number; runtimes of today know these. */
const NAMES: readonly string[] =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
    .split(' ')
    .map((name) => `CAP_${name}`);

/** The lines of /proc/self/status that matter here; sets as bit masks. */
export interface Privileges {
  readonly effective: bigint;
  readonly bounding: bigint;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccomp: number;
}

export async function readPrivileges(): Promise<Privileges> {
  const status = await readFile('/proc/self/status', 'utf8');
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
  return {
    effective: BigInt(`0x${field('CapEff') ?? '0'}`),
    bounding: BigInt(`0x${field('CapBnd') ?? '0'}`),
    seccomp: Number(field('Seccomp') ?? 0),
  };
}

export function hasCapability(mask: bigint, name: string): boolean {
  const bit = NAMES.indexOf(name);
  return bit !== -1 && (mask & (1n << BigInt(bit))) !== 0n;
}

/** Of these, the ones that somebody names, with or without `CAP_`, in any case. */
export function narrowedCapabilities(all: readonly string[], wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return all;
  const names = new Set(wanted.map((name) => `CAP_${name.toUpperCase().replace(/^CAP_/, '')}`));
  return all.filter((name) => names.has(name));
}

/** The usual set of a container without what the machine's own bounding set lacks: asking for more makes the runtime fail. */
export function containerCapabilities(bounding: bigint): readonly string[] {
  return CONTAINER_CAPABILITIES.filter((name) => hasCapability(bounding, name));
}

/** What a privileged container gets. */
export function allCapabilities(bounding: bigint): readonly string[] {
  return NAMES.filter((name) => hasCapability(bounding, name));
}
