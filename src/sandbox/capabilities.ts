import { readFile } from 'node:fs/promises';

/** Bit numbers of linux/capability.h. Only those that are named somewhere in tare. */
const BITS: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_FSETID: 4,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_RAW: 13,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_ADMIN: 21,
  CAP_MKNOD: 27,
  CAP_AUDIT_WRITE: 29,
  CAP_SETFCAP: 31,
};

/** What Docker and podman leave to a container's root. */
export const CONTAINER_CAPABILITIES: readonly string[] = Object.keys(BITS).filter((name) => name !== 'CAP_SYS_ADMIN');

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
  const bit = BITS[name];
  return bit !== undefined && (mask & (1n << BigInt(bit))) !== 0n;
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
