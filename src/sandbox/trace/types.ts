import type { ByteString } from '../../base/path.ts';

/** What a traced process did with a path. `list`: read the names in a folder. `write`: opened for writing, created, truncated, renamed, … */
export type Access = 'chdir' | 'exec' | 'list' | 'open' | 'readlink' | 'remove' | 'stat' | 'watch' | 'write';

/** What is to be noticed while a container runs. */
export interface TraceSpec {
  /** Also which system calls are made: slower. */
  readonly syscalls: boolean;
}

/** One path, as processes of the container asked for it. */
export interface ObservedPath {
  /** Absolute in the container, as asked: '//' and '/.' are taken out, '..' and symbolic links are not followed. */
  readonly path: ByteString;
  /** In byte order. */
  readonly how: readonly Access[];
  /** Executables of the processes that asked, absolute in the container; in byte order. The first 16; none for what the runtime itself started. */
  readonly by: readonly ByteString[];
  /** The phase (see `Running.mark`) in which it was first asked for. */
  readonly phase: string;
}

/** How far the observation of a running container has come. */
export interface Progress {
  /** Different paths that were asked for so far. */
  readonly paths: number;
  /** Milliseconds since the last one that was new. */
  readonly quietMs: number;
}

/** What was seen while a container ran. Whether a path was found is not known: the root file system tells. */
export interface Observation {
  /** In byte order. */
  readonly paths: readonly ObservedPath[];
  /** TCP ports that a process of the container listened on, ascending; without those that the kernel chose. */
  readonly ports: readonly number[];
  /** Names of the system calls that were made, and of those that nobody is asked about because every program makes them (`HOT_SYSCALLS`), in byte order; when `TraceSpec.syscalls` asked for them. */
  readonly syscalls?: readonly string[];
  /** More was asked for than is kept, a call was not understood, or the watcher ended early: why the observation is not whole. */
  readonly incomplete?: string;
}
