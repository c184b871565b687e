import { TareError } from '../base/error.ts';
import { narrowedCapabilities } from './capabilities.ts';
import type { Host } from './host.ts';
import type { SeccompAllowance } from './seccomp-document.ts';
import { seccompProfile, type SeccompProfile, type SeccompWatch } from './seccomp.ts';
import { SYSTEM_PATH } from './spawn.ts';
import type { Mount, Network, RunSpec } from './types.ts';
import type { UserIds } from './user.ts';

export interface RuntimeMount {
  readonly destination: string;
  readonly type?: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** `process` of the OCI runtime spec (config.md), also what `exec` takes. */
export interface RuntimeProcess {
  readonly terminal: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly additionalGids?: readonly number[];
    readonly umask: number;
  };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<'bounding' | 'effective' | 'permitted', readonly string[]>>;
  readonly noNewPrivileges: boolean;
}

/** `hooks` of the OCI runtime spec (config.md, "POSIX-platform Hooks"). */
export interface RuntimeHooks {
  readonly poststart: readonly { readonly path: string; readonly args: readonly string[] }[];
}

export interface RuntimeConfig {
  readonly ociVersion: '1.0.2';
  readonly process: RuntimeProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly mounts: readonly RuntimeMount[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hooks?: RuntimeHooks;
  readonly linux: {
    readonly namespaces: readonly { readonly type: string; readonly path?: string }[];
    readonly sysctl?: Readonly<Record<string, string>>;
    readonly seccomp?: SeccompProfile;
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
  };
}

export const DEFAULT_HOSTNAME = 'tare';
const UMASK = 0o022;

/** Kernel interfaces that tell about, or act on, the whole machine. */
const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const READ_ONLY_PATHS: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Who the process is in the container, with the environment that it finds. */
export function runtimeProcess(host: Host, spec: RunSpec, user: UserIds): RuntimeProcess {
  // With one id there is nobody else to become: the process is that one, without the powers of root over the other files of its owner.
  const single = host.ids === 'single';
  const all = spec.privileged === true ? host.allCapabilities : host.capabilities;
  const left = narrowedCapabilities(all, spec.capabilities);
  const without = new Set(narrowedCapabilities(all, spec.withoutCapabilities ?? []));
  const capabilities = single && user.uid !== 0 ? [] : left.filter((name) => !without.has(name));
  const powers = user.uid === 0 ? capabilities : [];
  return {
    terminal: spec.terminal !== undefined,
    ...(spec.terminal === undefined
      ? {}
      : { consoleSize: { height: spec.terminal.rows, width: spec.terminal.columns } }),
    user: single
      ? { uid: 0, gid: 0, umask: UMASK }
      : {
          uid: user.uid,
          gid: user.gid,
          umask: UMASK,
          // The primary group among them, as containerd has it: a process cannot drop the group that a file denies it (CVE-2022-36109).
          additionalGids: [user.gid, ...user.additionalGids],
        },
    args: spec.args,
    env: environment(spec, user),
    cwd: spec.cwd === '' ? '/' : spec.cwd,
    capabilities: { bounding: capabilities, effective: powers, permitted: powers },
    noNewPrivileges: spec.noNewPrivileges ?? true,
  };
}

function environment({ env: given, terminal }: RunSpec, user: UserIds): readonly string[] {
  // The last one of a name wins, as with execve(2) by way of a shell; libc would take the first.
  const entries = new Map(
    given.filter((each) => each.includes('=')).map((each) => [each.slice(0, each.indexOf('=')), each]),
  );
  if (!entries.has('PATH')) entries.set('PATH', `PATH=${SYSTEM_PATH}`);
  // What every database of terminals has, and every program that has none speaks.
  if (terminal !== undefined && !entries.has('TERM')) entries.set('TERM', 'TERM=xterm');
  if (!entries.has('HOME')) entries.set('HOME', `HOME=${user.home}`);
  return [...entries.values()];
}

/**
 * The bundle's config.json (OCI runtime spec 1.0.2). No limits, no cgroup settings: see docs/ARCHITECTURE.md.
 * @throws TareError E_TRACER when this machine's calls cannot be watched
 */
export function runtimeConfig(options: {
  readonly host: Host;
  readonly spec: RunSpec;
  readonly user: UserIds;
  readonly files: readonly RuntimeMount[];
  /** Where a mount of `spec.mounts`, by its number, is found on the host. */
  readonly sourceOf: (mount: number) => string;
  readonly watch?: SeccompWatch | undefined;
  readonly within?: SeccompAllowance | undefined;
}): RuntimeConfig {
  const { files, host, sourceOf, spec, user, watch, within } = options;
  const ownNetwork = spec.network.kind !== 'host';
  const isPrivileged = spec.privileged === true;
  const seccomp = isPrivileged
    ? undefined
    : seccompProfile({ arch: process.arch, singleId: host.ids === 'single', watch, within });
  if (seccomp === undefined && watch !== undefined)
    throw new TareError('E_TRACER', `the container cannot be observed: there is no table of calls for ${process.arch}`);
  return {
    ociVersion: '1.0.2',
    process: runtimeProcess(host, spec, user),
    root: { path: 'root', readonly: spec.readOnly },
    hostname: spec.hostname ?? DEFAULT_HOSTNAME,
    mounts: [
      ...systemMounts(host, ownNetwork, isPrivileged),
      ...temporary(spec),
      ...files,
      ...userMounts(spec, sourceOf),
    ],
    linux: {
      namespaces: [...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })), ...networkNamespace(spec.network)],
      // In a network of its own every port is the container's to take, also for an ordinary user.
      ...(ownNetwork ? { sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0' } } : {}),
      ...(seccomp === undefined ? {} : { seccomp }),
      maskedPaths: isPrivileged ? [] : MASKED_PATHS,
      readonlyPaths: isPrivileged ? [] : READ_ONLY_PATHS,
    },
  };
}

function networkNamespace(network: Network): readonly { readonly type: string; readonly path?: string }[] {
  if (network.kind === 'host') return [];
  return [{ type: 'network', ...(network.kind === 'joined' ? { path: network.namespace } : {}) }];
}

function systemMounts(host: Host, ownNetwork: boolean, isPrivileged: boolean): readonly RuntimeMount[] {
  const mount = (destination: string, type: string, options: string): RuntimeMount => ({
    destination,
    type,
    source: type,
    options: options.split(','),
  });
  // Group 5 (tty) does not exist where one id is all there is.
  const tty = host.ids === 'single' ? '' : ',gid=5';
  return [
    mount('/proc', 'proc', 'nosuid,noexec,nodev'),
    mount('/dev', 'tmpfs', 'nosuid,strictatime,mode=755,size=65536k'),
    mount('/dev/pts', 'devpts', `nosuid,noexec,newinstance,ptmxmode=0666,mode=0620${tty}`),
    mount('/dev/shm', 'tmpfs', 'nosuid,noexec,nodev,mode=1777,size=65536k'),
    mount('/dev/mqueue', 'mqueue', 'nosuid,noexec,nodev'),
    // sysfs shows a network namespace: only its owner may mount a new one.
    host.rootless && !ownNetwork
      ? { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'] }
      : mount('/sys', 'sysfs', `nosuid,noexec,nodev,${isPrivileged ? 'rw' : 'ro'}`),
  ];
}

const temporary = (spec: RunSpec): readonly RuntimeMount[] =>
  spec.readOnly
    ? [{ destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] }]
    : [];

const userMounts = (spec: RunSpec, sourceOf: (mount: number) => string): readonly RuntimeMount[] =>
  spec.mounts.map((each, index) =>
    each.kind === 'tmpfs'
      ? {
          destination: each.target,
          type: 'tmpfs',
          source: 'tmpfs',
          options: [
            'nosuid',
            'nodev',
            `mode=${(each.mode ?? 0o1777).toString(8)}`,
            ...(each.size === undefined ? [] : [`size=${each.size}`]),
          ],
        }
      : {
          destination: each.target,
          type: 'bind',
          source: sourceOf(index),
          options: ['rbind', 'rprivate', 'nosuid', 'nodev', isWritable(each) ? 'rw' : 'ro'],
        },
  );

function isWritable(mount: Exclude<Mount, { readonly kind: 'tmpfs' }>): boolean {
  if (mount.kind === 'view') return mount.changes !== undefined;
  return mount.kind !== 'secret' && !mount.readOnly;
}

/** A file of the host seen at a path of the container. */
export function bindFile(source: string, destination: string): RuntimeMount {
  return { destination, type: 'bind', source, options: ['bind', 'rprivate', 'nosuid', 'nodev', 'noexec', 'ro'] };
}
