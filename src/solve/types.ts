import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';
import type { Platform } from '../oci/types.ts';
import type { Image, ImageConfig } from '../oci/types.ts';

/**
 * One step of a build graph: plain, immutable data. What a vertex gives is one file system. Its digest (see `digest.ts`) depends on its operation and on
 * its inputs' digests alone: never on a name for people, a clock, or a folder of this machine.
 */
export type Vertex = Scratch | SourceVertex | ExecVertex | FileVertex | MergeVertex;

/** The empty file system. */
export interface Scratch {
  readonly op: 'scratch';
}

interface Named {
  /** For people: `[build 2/5] RUN make`. Not part of the digest. */
  readonly name: string;
  /** For messages: `Dockerfile:5`. Not part of the digest. */
  readonly where?: string;
}

export interface SourceVertex extends Named {
  readonly op: 'source';
  readonly source: Source;
}

export type Source =
  /** The file system of an image, by the digest of the manifest of one platform. */
  | { readonly kind: 'image'; readonly reference: string; readonly digest: Digest; readonly platform: Platform }
  /** A named folder of this machine (`context` is the main one), without what its ignore file hides. */
  | { readonly kind: 'local'; readonly context: string }
  /** One file at `/<filename>`. */
  | { readonly kind: 'http'; readonly url: string; readonly checksum?: Digest; readonly filename: string }
  /** `ref`: branch, tag or commit; `subdir` without leading slash. */
  | {
      readonly kind: 'git';
      readonly url: string;
      readonly ref: string;
      readonly subdir: string;
      readonly keepGitDir: boolean;
      readonly checksum?: string;
    }
  /** Files that stand in the Dockerfile itself: here-documents. Name in the root → text in UTF-8. `mode`: of each of them. */
  | { readonly kind: 'inline'; readonly files: Readonly<Record<string, string>>; readonly mode: number };

export type NetworkMode = 'default' | 'none' | 'host';

/** A process in a root; what it leaves behind is the result. */
export interface ExecVertex extends Named {
  readonly op: 'exec';
  readonly root: Vertex;
  readonly argv: readonly string[];
  /** `NAME=value`, in order. */
  readonly env: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** As in an image config. */
  readonly user: string;
  readonly mounts: readonly ExecMount[];
  readonly network: NetworkMode;
  readonly insecure: boolean;
  /** `HOST:ADDRESS`, beside what /etc/hosts says anyway. */
  readonly hosts: readonly string[];
  /** Environment variables which are given to the process and are no part of the digest (the proxies). */
  readonly silentEnv: readonly string[];
}

interface MountTarget {
  /** Absolute, in the root. */
  readonly target: string;
}

export type ExecMount =
  /** Part of another vertex's file system; what is written to it is lost. `source`: a path in it. */
  | (MountTarget & {
      readonly kind: 'bind';
      readonly from: Vertex;
      readonly source: string;
      readonly readOnly: boolean;
    })
  /** A folder that survives builds, and starts as `from`'s `source` when there is one. `mode`: permission bits of the folder. */
  | (MountTarget & {
      readonly kind: 'cache';
      readonly id: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly from?: Vertex;
      readonly source: string;
      readonly readOnly: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    })
  /** A file (`target`), an environment variable (`env`), or both. */
  | {
      readonly kind: 'secret';
      readonly id: string;
      readonly target?: string;
      readonly env?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | (MountTarget & {
      readonly kind: 'ssh';
      readonly id: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    })
  /** `size` in bytes. */
  | (MountTarget & { readonly kind: 'tmpfs'; readonly size?: number });

/** Changes of a root without a process, in order. */
export interface FileVertex extends Named {
  readonly op: 'file';
  readonly root: Vertex;
  readonly actions: readonly FileAction[];
  /** Sources that were written with more `..` than the context has folders, and where they lead in it. For messages; not part of the digest. */
  readonly outside?: readonly { readonly text: string; readonly path: string }[];
}

/** `user` or `user:group`, names or numbers; names are looked up in /etc/passwd and /etc/group of the root that is written to. */
export type Owner = string;

export type FileAction = CopyAction | MakeFolderAction;

/**
 * A source that is a folder gives its contents, not itself; a link is followed; a pattern that nothing matches copies nothing (as BuildKit's Dockerfile
 * front end asks for all of that). Folders that are missing on the way are made: 0755, of `owner`.
 */
export interface CopyAction {
  readonly kind: 'copy';
  readonly from: Vertex;
  /** Absolute patterns (Go's `filepath.Match`) or paths in `from`. */
  readonly sources: readonly string[];
  /** Absolute. With a trailing slash it is a folder; several sources need that. */
  readonly destination: string;
  /** Default: as in `from`; the files of a local folder are root's. */
  readonly owner?: Owner;
  /** Octal text (`755`), or symbolic as chmod(1) (`u=rwX,go=rX`). */
  readonly mode?: string;
  /** Keep the folders of a source below the part before `/./`. */
  readonly parents: boolean;
  /** Patterns as of .dockerignore, against what is copied. */
  readonly exclude: readonly string[];
  /** The sources are paths, not patterns. */
  readonly literal?: true;
  /** Unpack what is a tar (plain, gzip, bzip2, xz, zstd). */
  readonly unpack: boolean;
}

export interface MakeFolderAction {
  readonly kind: 'mkdir';
  /** Absolute; parents are made too. */
  readonly path: string;
  readonly mode: number;
  readonly owner?: Owner;
}

/** File systems over each other, the first lowest: what `COPY --link` makes needs nothing of what it lies on. */
export interface MergeVertex extends Named {
  readonly op: 'merge';
  readonly inputs: readonly Vertex[];
}

/** What a front end (a Dockerfile) makes of its input: the file system of the result, and all else that its image is. */
export interface BuildGraph {
  readonly target: Vertex;
  /** Without `rootfs`; the base's history first, then one row for each instruction. `empty_layer` marks those that make no layer. */
  readonly config: Omit<ImageConfig, 'rootfs'>;
  readonly platform: Platform;
}

/** What the front end must ask of the world before there is a graph: the config of a base image. */
export interface ImageResolver {
  /** @throws TareError E_IMAGE_NOT_FOUND, E_PLATFORM, … */
  (reference: string, platform: Platform): Promise<{ readonly digest: Digest; readonly config: ImageConfig }>;
}

/** Turns a graph into an image in the store. Implementations: local, BuildKit. */
export interface Executor {
  /** E.g. `local (crun 1.8.1, root)`, `buildkitd v0.29.0 at unix:///run/buildkit/buildkitd.sock`. */
  readonly description: string;
  solve(graph: BuildGraph, ctx: Context): Promise<Image>;
}
