/*
 * A Compose project (https://github.com/compose-spec/compose-spec, 00-overview.md to 14-include.md) after everything that is only notation is gone:
 * files merged, variables filled in, short forms written out, `extends` and `include` followed, services of other profiles left out. Paths of this machine are
 * absolute. Times are milliseconds, sizes bytes. Lists are in byte order of their names unless their order means something.
 */

/** What runs together. */
export interface Project {
  /** `[a-z0-9][a-z0-9_-]*`. */
  readonly name: string;
  /** The folder that relative paths begin at. */
  readonly dir: string;
  /** All files that were read, in the order of reading; with those of `include` and `extends`. */
  readonly files: readonly string[];
  readonly services: readonly Service[];
  readonly networks: readonly ProjectNetwork[];
  readonly volumes: readonly ProjectVolume[];
  /** Top-level keys that begin with `x-`, unread. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface Service {
  readonly name: string;
  /** `compose.yaml:12`: of its key, for messages. */
  readonly at: string;
  /** At least one of both is there. */
  readonly image?: string;
  readonly build?: ServiceBuild;
  readonly platform?: string;
  /** In place of the image's own; null or undefined: the image's own. An empty list: none at all. */
  readonly command?: readonly string[] | null;
  readonly entrypoint?: readonly string[] | null;
  /** With what the `env_file`s say below it; no variable is left open. */
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
  /** TCP ports for other services; they need not be told. */
  readonly expose: readonly number[];
  /** By name; `default` is written out. Empty: `network_mode: none`. */
  readonly networks: readonly ServiceNetwork[];
  readonly dependsOn: readonly Dependency[];
  readonly healthcheck?: Healthcheck;
  /** Of two of which one lies in the other, the outer comes first. */
  readonly mounts: readonly ServiceMount[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly hostname?: string;
  readonly readOnly: boolean;
  readonly restart: Restart;
  readonly stopSignal?: string;
  /** Default 10000. */
  readonly stopGraceMs: number;
  /** How many containers: `scale`, or `deploy.replicas`. Default 1. */
  readonly replicas: number;
  /** As `CAP_SYS_PTRACE`; or `ALL`. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** Undefined: nothing is said of it, and so it is. */
  readonly noNewPrivileges?: boolean;
  /** `HOST:ADDRESS`, for /etc/hosts. */
  readonly extraHosts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly tty: boolean;
  /** Bytes, and processors: told to orchestrators; nobody holds a container to them here. */
  readonly limits: Resources;
  readonly reservations: Resources;
  readonly profiles: readonly string[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface ServiceBuild {
  /** A folder, absolute; or a URL of git, as written. */
  readonly context: string;
  /** Absolute, or below the URL. Default: Dockerfile in the context. */
  readonly dockerfile?: string;
  readonly dockerfileInline?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  /** Name → folder, image or URL, as `--build-context`. */
  readonly additionalContexts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly platforms: readonly string[];
  readonly tags: readonly string[];
  /** Names of secrets of the project and where they are: for RUN --mount=type=secret. */
  readonly secrets: readonly { readonly id: string; readonly source: FileSource }[];
}

export interface ServicePort {
  /** `compose.yaml:14`. */
  readonly at: string;
  readonly target: number;
  /** Undefined: any that is free. With replicas a range, from which each takes one; one port leads to all of them in turn. */
  readonly published?: { readonly first: number; readonly last: number };
  readonly hostIp?: string;
  readonly protocol: 'tcp' | 'udp';
}

export interface ServiceNetwork {
  /** A key of the project's networks. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly ipv4Address?: string;
}

export interface Dependency {
  readonly service: string;
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  /** False: it may be missing or fail. */
  readonly required: boolean;
  /** Whether it is restarted when that one is. */
  readonly restart: boolean;
}

export interface Healthcheck {
  /** `disable: true`, or `NONE`. */
  readonly disabled: boolean;
  /** Undefined: the image's own. `CMD-SHELL` is written out as `/bin/sh -c`. */
  readonly argv?: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly startPeriodMs?: number;
  readonly startIntervalMs?: number;
}

export type ServiceMount =
  | {
      readonly kind: 'bind';
      readonly at: string;
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** Make the folder when it is not there: the short form does. */
      readonly create: boolean;
    }
  | {
      readonly kind: 'volume';
      readonly at: string;
      /** A key of the project's volumes; undefined: one of this container alone. */
      readonly volume?: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** False: an empty volume gets what the image has there. */
      readonly noCopy: boolean;
    }
  | {
      readonly kind: 'tmpfs';
      readonly at: string;
      readonly target: string;
      readonly size?: number;
      readonly mode?: number;
    }
  /** Of `configs` and `secrets`. */
  | {
      readonly kind: 'file';
      readonly at: string;
      readonly of: 'config' | 'secret';
      readonly name: string;
      readonly source: FileSource;
      readonly target: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** `text` is the content itself: of `content`, or of the variable that `environment` names. */
export type FileSource = { readonly file: string } | { readonly text: string };

export type Restart =
  | { readonly policy: 'no' }
  | { readonly policy: 'always' | 'unless-stopped' }
  | { readonly policy: 'on-failure'; readonly retries?: number };

export interface Resources {
  readonly cpus?: number;
  readonly memory?: number;
}

export interface ProjectNetwork {
  /** The key, by which services name it. */
  readonly name: string;
  /** Nothing leads out of it. */
  readonly internal: boolean;
  /** IPv4, as `10.20.0.0/24`. */
  readonly subnet?: string;
  readonly at: string;
}

export interface ProjectVolume {
  readonly name: string;
  /** `external: true`: it must be there already. */
  readonly external: boolean;
  /** What it is called outside of the project: `name`, else `PROJECT_KEY`. */
  readonly fullName: string;
  readonly at: string;
}
