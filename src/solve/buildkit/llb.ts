/** The operations of moby/buildkit solver/pb/ops.proto as plain values; the names are those of `schema.ts`. Undefined members are not sent. */
export interface Op {
  readonly inputs?: readonly OpInput[];
  readonly platform?: OpPlatform;
  readonly source?: { readonly identifier: string; readonly attrs: Readonly<Record<string, string>> };
  readonly exec?: ExecOp;
  readonly file?: { readonly actions: readonly FileOpAction[] };
  readonly merge?: { readonly inputs: readonly { readonly input: number }[] };
}

/** Which output of which operation: the digest is of the operation's bytes. */
export interface OpInput {
  readonly digest: string;
  readonly index: number;
}

export interface OpPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
}

/** No input: the empty file system. No output: what is written is lost. */
export const NOTHING = -1;

export const NETWORK = { default: 0, host: 1, none: 2 } as const;
export const SECURITY = { sandbox: 0, insecure: 1 } as const;
export const MOUNT_TYPE = { bind: 0, secret: 1, ssh: 2, cache: 3, tmpfs: 4 } as const;
export const SHARING = { shared: 0, private: 1, locked: 2 } as const;

export interface ExecOp {
  readonly meta: {
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly user: string;
    readonly proxyEnv?: ProxyEnv;
    readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[];
    readonly removeMountStubsRecursive: boolean;
  };
  readonly mounts: readonly OpMount[];
  readonly network: number;
  readonly security: number;
  readonly secretEnv?: readonly { readonly id: string; readonly name: string; readonly optional: boolean }[];
}

export interface ProxyEnv {
  httpProxy?: string;
  httpsProxy?: string;
  ftpProxy?: string;
  noProxy?: string;
  allProxy?: string;
}

interface FileOpt {
  readonly id: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly optional: boolean;
}

export interface OpMount {
  readonly input: number;
  readonly selector?: string;
  readonly dest: string;
  readonly output: number;
  readonly readonly?: boolean;
  readonly mountType?: number;
  readonly tmpfs?: { readonly size: number };
  readonly cache?: { readonly id: string; readonly sharing: number };
  readonly secret?: FileOpt;
  readonly ssh?: FileOpt;
}

export interface OpUser {
  readonly byName?: { readonly name: string; readonly input: number };
  readonly byId?: number;
}

export interface OpOwner {
  readonly user?: OpUser;
  readonly group?: OpUser;
}

/** The time of the build, or of the source: none is given. */
export const NO_TIME = -1;

/** `input`, `secondaryInput`: an input of the operation, or (from the number of inputs on) the result of an earlier action. */
export interface FileOpAction {
  readonly input: number;
  readonly secondaryInput: number;
  readonly output: number;
  readonly copy?: FileOpCopy;
  readonly mkfile?: {
    readonly path: string;
    readonly mode: number;
    readonly data: Uint8Array;
    readonly timestamp: number;
  };
  readonly mkdir?: {
    readonly path: string;
    readonly mode: number;
    readonly makeParents: boolean;
    readonly owner?: OpOwner;
    readonly timestamp: number;
  };
}

export interface FileOpCopy {
  readonly src: string;
  readonly dest: string;
  readonly owner?: OpOwner;
  /** -1: as in the source. */
  readonly mode: number;
  readonly modeText?: string;
  readonly followSymlink: boolean;
  readonly dirCopyContents: boolean;
  readonly attemptUnpack: boolean;
  readonly createDestPath: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  readonly timestamp: number;
  readonly includePatterns?: readonly string[];
  readonly excludePatterns?: readonly string[];
  readonly requiredPaths?: readonly string[];
}

export interface Definition {
  /** Every operation once, each after its inputs; the last one only names what is wanted. */
  readonly def: readonly Uint8Array[];
  readonly metadata: Readonly<Record<string, OpMetadata>>;
}

export interface OpMetadata {
  readonly ignoreCache?: boolean;
  readonly description?: Readonly<Record<string, string>>;
  /** What the daemon must be able to do, by its own names. */
  readonly caps?: Readonly<Record<string, boolean>>;
}
