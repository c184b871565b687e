import type { Access } from './types.ts';

/** One path that a system call looks up. */
export interface Lookup {
  readonly how: Access;
  /** Which argument is the descriptor of the folder that a relative path starts at; undefined: the working folder. */
  readonly dirfd?: number;
  /** Which argument points to the path. */
  readonly path: number;
}

export interface PathSyscall {
  readonly lookups: readonly Lookup[];
  /** Where the O_ flags are that tell reading from writing: in that argument, or in memory where it points to (struct open_how). */
  readonly flags?: { readonly argument: number; readonly indirect: boolean };
}

/** Access → calls; `@D` names the argument with the folder's descriptor, the other number the one with the path. */
const LOOKUPS: Readonly<Partial<Record<Access, string>>> = {
  chdir: 'chdir 0, chroot 0',
  exec: 'execve 0, execveat @0 1',
  open: 'open 0, openat @0 1, openat2 @0 1, link 0, linkat @0 1',
  readlink: 'readlink 0, readlinkat @0 1',
  remove: 'unlink 0, unlinkat @0 1, rmdir 0',
  stat: `stat 0, lstat 0, oldstat 0, oldlstat 0, stat64 0, lstat64 0, newfstatat @0 1, fstatat64 @0 1, statx @0 1, access 0, faccessat @0 1, faccessat2 @0 1,
    statfs 0, statfs64 0, getxattr 0, lgetxattr 0, listxattr 0, llistxattr 0, getxattrat @0 1, listxattrat @0 1, file_getattr @0 1, name_to_handle_at @0 1`,
  watch: 'inotify_add_watch 1',
  write: `creat 0, truncate 0, truncate64 0, rename 0, rename 1, renameat @0 1, renameat @2 3, renameat2 @0 1, renameat2 @2 3, link 1, linkat @2 3, symlink 1,
    symlinkat @1 2, mkdir 0, mkdirat @0 1, mknod 0, mknodat @0 1, chmod 0, fchmodat @0 1, fchmodat2 @0 1, chown 0, chown32 0, lchown 0, lchown32 0, fchownat @0 1,
    utime 0, utimes 0, futimesat @0 1, utimensat @0 1, utimensat_time64 @0 1, setxattr 0, lsetxattr 0, removexattr 0, lremovexattr 0, setxattrat @0 1,
    removexattrat @0 1, file_setattr @0 1`,
};

const FLAGS: Readonly<Record<string, NonNullable<PathSyscall['flags']>>> = {
  open: { argument: 1, indirect: false },
  openat: { argument: 2, indirect: false },
  openat2: { argument: 2, indirect: true },
};

/** Calls that look paths up, by name (section 2 of the kernel's manual pages gives each one's arguments). */
export const PATH_SYSCALLS: ReadonlyMap<string, PathSyscall> = pathSyscalls();

/** Calls that name a folder by its descriptor, which is their first argument. */
export const FOLDER_SYSCALLS: ReadonlyMap<string, Access> = new Map([
  ['fchdir', 'chdir'],
  ['getdents', 'list'],
  ['getdents64', 'list'],
  ['readdir', 'list'],
]);

/** Calls on sockets: addresses that are paths, and ports. The address is the second argument, its length the third. */
export const SOCKET_SYSCALLS: ReadonlySet<string> = new Set(['bind', 'connect', 'listen']);

/** All of these. */
export const WATCHED_SYSCALLS: ReadonlySet<string> = new Set([
  ...PATH_SYSCALLS.keys(),
  ...FOLDER_SYSCALLS.keys(),
  ...SOCKET_SYSCALLS,
]);

function pathSyscalls(): Map<string, PathSyscall> {
  const all = new Map<string, PathSyscall>();
  for (const [how, text] of Object.entries(LOOKUPS) as [Access, string][])
    for (const each of text.split(',')) {
      const [, name = '', dirfd, path] = /^\s*(\w+) (?:@(\d) )?(\d)$/.exec(each) ?? [];
      const lookup: Lookup = { how, path: Number(path), ...(dirfd === undefined ? {} : { dirfd: Number(dirfd) }) };
      const flags = FLAGS[name];
      all.set(name, {
        lookups: [...(all.get(name)?.lookups ?? []), lookup],
        ...(flags === undefined ? {} : { flags }),
      });
    }
  return all;
}

const O_ACCMODE = 0o3;
const O_WRONLY = 0o1;
const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;

/** What open(2) with these flags does, on the machines of syscall-numbers.ts. */
export function accessesOfOpen(flags: number): readonly Access[] {
  const mode = flags & O_ACCMODE;
  const writes = mode !== 0 || (flags & (O_CREAT | O_TRUNC)) !== 0;
  if (!writes) return ['open'];
  return mode === O_WRONLY || (mode === O_RDWR && (flags & O_TRUNC) !== 0) ? ['write'] : ['open', 'write'];
}
