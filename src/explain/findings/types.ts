import type { OperatingSystem } from '../../packages/contents.ts';
import type { Runtime } from '../../packages/runtimes/index.ts';
import type { Package } from '../../packages/types.ts';

/** A C library of the image: its loader or the library itself, links followed. */
export interface Libc {
  readonly name: 'glibc' | 'musl';
  /** E.g. `2.36`, `1.2.5`; null when the file does not say. */
  readonly version: string | null;
  readonly path: string;
}

/** What the Go linker wrote into a program (`runtime/debug.BuildInfo`). */
export interface GoBuild {
  readonly path: string;
  /** Of the tool chain: `1.22.5`; what is not a release as it stands there. */
  readonly go: string;
  /** The package path of the program: `example.com/app/cmd/server`; empty when it was built without modules. */
  readonly main: string;
  readonly module: string;
  /** Null for `(devel)` and for none. */
  readonly version: string | null;
  /** In byte order of their paths; a replaced module is named as what replaces it. */
  readonly dependencies: readonly GoModule[];
  /** `-ldflags`, `CGO_ENABLED`, `GOARCH`, `vcs.revision` …, as the linker has them, but for secrets that stand in flags. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface GoModule {
  readonly path: string;
  readonly version: string;
}

export interface PackageCount {
  readonly manager: Package['manager'];
  readonly count: number;
  /** How many of them lack files that their records name; documentation does not count. */
  readonly partial: number;
}

/** `USER` of the config, resolved through /etc/passwd of the image. */
export interface User {
  /** As the config has it; empty when it names none, which is root. */
  readonly text: string;
  /** Null for a name that the image does not know. */
  readonly uid: number | null;
  readonly root: boolean;
}

export type SpecialKind = 'setuid' | 'setgid' | 'capabilities' | 'world-writable';

export interface SpecialFile {
  readonly path: string;
  /** Octal, with setuid, setgid and sticky: `4755`. */
  readonly mode: string;
  readonly kinds: readonly SpecialKind[];
}

/** Where a secret is and what it looks like; never its value. */
export interface Secret {
  /** A path of the image; `config.Env NAME`, `config.Labels NAME` or `history N` for what stands in the config. */
  readonly path: string;
  /** E.g. `private key (PEM)`, `AWS access key`. */
  readonly kind: string;
  /** From 1. */
  readonly line?: number;
  /** The layer that has it, 0 the base. */
  readonly layer?: number;
  /** A later layer deletes or replaces it; it is shipped all the same. */
  readonly hidden?: boolean;
}

export interface Certificates {
  readonly path: string;
  readonly count: number;
  /** When the first of them ends, RFC 3339 in UTC; null when no date could be read. */
  readonly notAfter: string | null;
}

export interface Missing {
  /** The program or library that needs it. */
  readonly path: string;
  /** What it asks for, as it does: `libc.so.6`, `/lib64/ld-linux-x86-64.so.2`. */
  readonly library: string;
  /** The version that the library there does not offer, e.g. `GLIBC_2.38`; empty when the library itself is not there. */
  readonly symbol: string;
}

/** How old the parts are: dates only, RFC 3339 in UTC. */
export interface Age {
  /** When the image says that it was made. */
  readonly created: string | null;
  /** The newest date of anything in it. */
  readonly newest: { readonly what: string; readonly date: string } | null;
  /** When the base was made, and where that is known from. */
  readonly base: { readonly date: string; readonly from: string } | null;
  /** Oldest first. */
  readonly parts: readonly { readonly name: string; readonly date: string }[];
}

/** How many there are of each list that is cut; `unsearched`: files that were not searched for secrets, because there are too many. */
export type FindingCounts = Readonly<
  Record<'runtimes' | 'go' | 'special' | 'secrets' | 'unsearched' | 'certificates' | 'missing', number>
>;

export interface Secrets {
  readonly found: readonly Secret[];
  /** Files for which no time was left. */
  readonly unsearched: number;
}

/** What is in an image, by kind. Lists are in byte order of the paths and hold at most `MAX_ROWS`; `counts` has all. */
export interface Findings {
  readonly os: OperatingSystem | null;
  readonly libc: readonly Libc[];
  readonly runtimes: readonly Runtime[];
  readonly go: readonly GoBuild[];
  readonly packages: readonly PackageCount[];
  readonly user: User;
  readonly special: readonly SpecialFile[];
  readonly secrets: readonly Secret[];
  readonly certificates: readonly Certificates[];
  readonly missing: readonly Missing[];
  readonly age: Age;
  readonly counts: FindingCounts;
}
