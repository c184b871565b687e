import { statSync } from 'node:fs';
import type { ByteString } from '../../base/path.ts';
import { withoutDots } from './asked-path.ts';
import type { Kernel } from './kernel.ts';
import { NO_PROGRAM, type Recording } from './recording.ts';

const AT_FDCWD = -100;
/** Threads whose executable is remembered; beyond it all are forgotten and looked up again. */
const MAX_REMEMBERED = 4096;
/** How long it is believed, in milliseconds: ids are given again. */
const BELIEVED_MS = 500;
const DELETED = ' (deleted)';

/** What /proc tells of the stopped process. Every path is absolute in the container. */
export interface Processes {
  /** The number of the executable in the recording. */
  program(tid: number): number;
  /** After a program was replaced by another one. */
  forgetPrograms(): void;
  /** From now on processes may have a root of their own. */
  rootsMayDiffer(): void;
  /** The folder (or file) behind a descriptor; undefined when it is no path, or deleted. */
  descriptor(tid: number, fd: number): ByteString | undefined;
  /** A path as the process means it, cleaned; undefined when it starts nowhere. */
  absolute(tid: number, dirfd: number | undefined, path: ByteString): ByteString | undefined;
  /** `socket:[INODE]`, or what else a descriptor is. */
  raw(tid: number, fd: number): string | undefined;
}

export function tracedProcesses(kernel: Kernel, recording: Recording): Processes {
  const programs = new Map<number, { readonly program: number; readonly until: number }>();
  let ownRoots = false;

  /** The kernel shows links into another mount namespace as paths from that one's root: the container's. */
  const pathOf = (link: string): ByteString | undefined => {
    const target = kernel.readLink(link);
    if (target === undefined || !target.startsWith('/')) return undefined;
    return target.endsWith(DELETED) && isDeleted(link) ? undefined : target;
  };

  return {
    program(tid) {
      const now = performance.now();
      const known = programs.get(tid);
      if (known !== undefined && known.until > now) return known.program;
      if (programs.size >= MAX_REMEMBERED) programs.clear();
      const link = `/proc/${tid}/exe`;
      const target = kernel.readLink(link);
      const path = target?.endsWith(DELETED) === true ? target.slice(0, -DELETED.length) : target;
      const program = path === undefined ? NO_PROGRAM : recording.program(path);
      programs.set(tid, { program, until: now + BELIEVED_MS });
      return program;
    },
    forgetPrograms: () => programs.clear(),
    rootsMayDiffer() {
      ownRoots = true;
    },
    descriptor: (tid, fd) => pathOf(`/proc/${tid}/fd/${fd}`),
    absolute(tid, dirfd, path) {
      if (path.startsWith('/')) {
        const root = ownRoots ? pathOf(`/proc/${tid}/root`) : '/';
        if (root === undefined) return undefined;
        return withoutDots(root === '/' ? path : `${root}${path}`);
      }
      const start = pathOf(dirfd === undefined || dirfd === AT_FDCWD ? `/proc/${tid}/cwd` : `/proc/${tid}/fd/${dirfd}`);
      return start === undefined ? undefined : withoutDots(`${start}/${path}`);
    },
    raw: (tid, fd) => kernel.readLink(`/proc/${tid}/fd/${fd}`),
  };
}

/** A name may really end so. Following the link reaches the file itself, which no folder holds any more. */
function isDeleted(link: string): boolean {
  return (statSync(link, { throwIfNoEntry: false })?.nlink ?? 0) === 0;
}
