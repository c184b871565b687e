import type { Bytes } from '../base/streams.ts';
import type { SeccompDocument } from './seccomp-document.ts';
import type { Observation, TraceSpec } from './trace/types.ts';

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
  | { readonly kind: 'host' };

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** One container to run. The root file system is used as a read-only lower folder and never changed. */
export interface RunSpec {
  /** An unpacked root file system on the host. */
  readonly rootfs: string;
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
  readonly stopSignal?: string;
  readonly hostname?: string;
  /** Notices which paths the processes of the container ask for. */
  readonly trace?: TraceSpec;
  /** A seccomp profile in Docker's or the OCI's format, or the path of one: what it does not allow is refused besides. */
  readonly seccomp?: string | SeccompDocument;
  /** The capabilities that are left, of those that a container has (`CAP_CHOWN` or `CHOWN`). Default: all of those. */
  readonly capabilities?: readonly string[];
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
  /** Runs one more process in the container, with its environment, user and folder. */
  exec(argv: readonly string[]): Promise<{ readonly exit: Exit; readonly stdout: string; readonly stderr: string }>;
  /** Stop signal, then SIGKILL after `graceMs`; removes everything that it made. Idempotent. */
  stop(graceMs: number): Promise<Exit>;
  /** What is seen from now on belongs to this phase (`start` at first; a probe's name). Nothing happens when it is not traced. */
  mark(phase: string): Promise<void>;
  /** What was seen; resolves when the container has ended. @throws TareError E_USAGE when it was not traced */
  observation(): Promise<Observation>;
}

export interface Sandbox {
  /** E.g. `crun 1.8.1 (root)`. */
  readonly description: string;
  start(spec: RunSpec, signal?: AbortSignal): Promise<Running>;
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
  /** Header values that must be there (names without regard to case). */
  readonly headers?: Readonly<Record<string, string>>;
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
export type { SeccompDocument } from './seccomp-document.ts';
export type { Access, Observation, ObservedPath, TraceSpec } from './trace/types.ts';
