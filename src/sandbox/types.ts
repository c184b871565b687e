import type { Bytes } from '../base/streams.ts';
import type { ContainerEntry, EnterOptions } from './enter.ts';
import type { SeccompDocument } from './seccomp-document.ts';
import type { Switchboard } from './switchboard/index.ts';
import type { Observation, Progress, TraceSpec } from './trace/types.ts';

export interface PortMapping {
  /** 0 picks a free one. */
  readonly host: number;
  readonly container: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
}

export type Network =
  /** A namespace of its own with loopback alone. */
  | { readonly kind: 'none' }
  /** A namespace of its own; the listed TCP ports are reachable from the host through a relay. Nothing goes out. */
  | { readonly kind: 'private'; readonly publish: readonly PortMapping[] }
  /** A namespace that is there already: of `openNetworks`, with a way out, or of `Switchboard.plugIn`. */
  | JoinedNetwork
  | { readonly kind: 'host' };

export interface JoinedNetwork {
  readonly kind: 'joined';
  /** `/proc/PID/ns/net`. */
  readonly namespace: string;
  readonly resolvConf: string;
  /** Without root: the user namespace that it belongs to, and that the container is started in. */
  readonly userNamespace?: string;
  /** What the container's own name means. Default: its loopback. */
  readonly address?: string;
}

/** What is seen at an absolute path of the container. Of two targets of which one lies in the other, the outer must come first. */
export type Mount = BindMount | TmpfsMount | ViewMount | SecretMount;

export interface BindMount {
  readonly kind?: 'bind';
  /** A file or folder of the host. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface TmpfsMount {
  readonly kind: 'tmpfs';
  readonly target: string;
  /** Bytes; default: half of the memory. */
  readonly size?: number | undefined;
  /** Permission bits; default 1777. */
  readonly mode?: number | undefined;
}

/** Part of folders that lie over each other. */
export interface ViewMount {
  readonly kind: 'view';
  /** Lowest first; whiteouts and opaque folders as overlayfs has them. */
  readonly lowers: readonly string[];
  /** A path in it; links are followed inside. */
  readonly source: string;
  readonly target: string;
  /** A folder on the host for what is written, kept as `Changes.dir` is. Without it the view is read-only. */
  readonly changes?: string | undefined;
}

/** A file that is in memory alone, and is gone with the container. */
export interface SecretMount {
  readonly kind: 'secret';
  readonly target: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  /** Numbers of the container. Where there is one id alone, that has it. */
  readonly uid: number;
  readonly gid: number;
}

/** A root whose changes are kept. */
export interface Changes {
  /** What the root is made of, lowest first: the place of `rootfs`. */
  readonly lowers: readonly string[];
  /**
   * Holds `upper` (the changes, in the form of overlayfs: see `prepareChanges`) and `work` (of no use afterwards), which are made when they are
   * not there. On the host's own file system, not on an overlay. Without root its files may belong to subordinate ids.
   */
  readonly dir: string;
}

/** One container to run. The root file system is used as a read-only lower folder and never changed. */
export interface RunSpec {
  /** An unpacked root file system on the host. With `changes` it is not looked at. */
  readonly rootfs: string;
  /** Keeps what is written; else it is lost. */
  readonly changes?: Changes | undefined;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** As in the image config: `65532`, `65532:65532`, `node`, `node:node`. Names are looked up in the root's /etc/passwd and /etc/group. */
  readonly user: string;
  readonly readOnly: boolean;
  readonly network: Network;
  readonly mounts: readonly Mount[];
  /** `host`: straight to this process's own stdin, stdout and stderr; `pipe`: through `output`. */
  readonly stdio: 'host' | 'pipe';
  /**
   * A terminal of the container's own, of which this process's own shows everything and passes every key on, Ctrl-C too. With `stdio: 'host'`, when stdin
   * is a terminal. This is its size at first.
   */
  readonly terminal?: TerminalSize;
  readonly stopSignal?: string;
  readonly hostname?: string;
  /** `HOST:ADDRESS`, for /etc/hosts. */
  readonly hosts?: readonly string[];
  /** False: programs with suid bits and file capabilities get what these give (su, sudo, ping). Default true. */
  readonly noNewPrivileges?: boolean;
  /** All capabilities that this machine has to give, no seccomp filter, nothing masked. Default false. */
  readonly privileged?: boolean;
  /** Notices which paths the processes of the container ask for. */
  readonly trace?: TraceSpec;
  /** A seccomp profile in Docker's or the OCI's format, or the path of one: what it does not allow is refused besides. */
  readonly seccomp?: string | SeccompDocument;
  /** The capabilities that are left, of those that a container has (`CAP_CHOWN` or `CHOWN`). Default: all of those. */
  readonly capabilities?: readonly string[];
  /** Capabilities that it does not have. */
  readonly withoutCapabilities?: readonly string[];
}

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface Exit {
  readonly code: number;
  readonly signal?: string;
}

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

export interface Running {
  /** Host ports as published, in the order of the request. */
  readonly ports: readonly PortMapping[];
  readonly output: AsyncIterable<OutputChunk>;
  wait(): Promise<Exit>;
  /** Whether something in the container accepts TCP connections on this port of its own loopback now. */
  connects(port: number): Promise<boolean>;
  /** Runs one more process in the container, with its environment, user and folder. @param signal kills it: exit code 137 */
  exec(
    argv: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ readonly exit: Exit; readonly stdout: string; readonly stderr: string }>;
  /** For a process elsewhere that runs one more program in it; undefined when it has ended. */
  entry(): ContainerEntry | undefined;
  /** Gives the container's terminal, if it has one, another size. */
  resize(size: TerminalSize): Promise<void>;
  /** Stop signal, then SIGKILL after `graceMs`; removes everything that it made. Idempotent. */
  stop(graceMs: number): Promise<Exit>;
  /** What is seen from now on belongs to this phase (`start` at first; a probe's name). Nothing happens when it is not traced. */
  mark(phase: string): Promise<void>;
  /** What was seen so far; undefined when it is not traced, or its observation has ended. */
  progress(): Promise<Progress | undefined>;
  /** Processor time that its processes have used so far, in milliseconds, without those of `exec`; 0 when that cannot be told. */
  processorMs(): number;
  /** Memory that its processes hold now, in bytes; 0 when that cannot be told. */
  memoryBytes(): number;
  /** What was seen; resolves when the container has ended. @throws TareError E_USAGE when it was not traced */
  observation(): Promise<Observation>;
}

export interface Sandbox {
  /** E.g. `crun 1.8.1 (root)`. */
  readonly description: string;
  /** Which user ids exist in a container: all of the machine; root and a range of subordinate ids; or root alone. */
  readonly ids: 'all' | 'range' | 'single';
  /** What stands in front of a program that is to see files as containers do: unshare(1) and its flags. Empty as root. */
  readonly namespace: readonly string[];
  start(spec: RunSpec, signal?: AbortSignal): Promise<Running>;
  /** Private networks for several containers. @throws TareError E_TOOL_MISSING, E_SANDBOX */
  openSwitchboard(): Promise<Switchboard>;
  /** One more process in a container that this or another process of the same user has started. @throws TareError E_ENTRYPOINT, E_USER */
  enter(entry: ContainerEntry, options: EnterOptions): Promise<Exit>;
}

/** A check that a running container must pass. Ports are the container's own. */
export type Probe =
  | { readonly name?: string; readonly http: HttpProbe }
  | { readonly name?: string; readonly tcp: { readonly port: number } }
  | { readonly name?: string; readonly command: CommandProbe }
  | { readonly name?: string; readonly log: { readonly match: string } };

export interface HttpProbe {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly requestBody?: string;
  /** Default: any status below 400. A list: any of these. */
  readonly status?: number | readonly StatusPattern[];
  /** Header values that must be there (names without regard to case); true: with any value. */
  readonly headers?: Readonly<Record<string, string | true>>;
  /** Headers that must not be there, in any case. */
  readonly absentHeaders?: readonly string[];
  /** Must occur in the body. */
  readonly body?: string;
  /** Must be contained in the JSON body: objects by subset, arrays and scalars by equality. */
  readonly json?: unknown;
}

/** A status, or a hundred of them (OpenAPI 3.1, Responses Object). */
export type StatusPattern = number | '1XX' | '2XX' | '3XX' | '4XX' | '5XX';

export interface CommandProbe {
  readonly argv: readonly string[];
  /** Default 0. */
  readonly exit?: number;
  /** Must occur in stdout. */
  readonly output?: string;
}

export type { Bytes };
export type { ContainerEntry, EnterOptions } from './enter.ts';
export type { SeccompDocument } from './seccomp-document.ts';
export type { Bridge, Names, Plugged, Publication, Switchboard, Target } from './switchboard/index.ts';
export type { Access, Observation, ObservedPath, Progress, TraceSpec } from './trace/types.ts';
