/**
 * System calls that a contained program may make, by topic. Names that an architecture does not have are ignored by libseccomp.
 * The choice follows what the common container engines allow without extra capabilities (see seccomp(2), capabilities(7)).
 */
export const ALLOWED_SYSCALLS: Readonly<Record<string, string>> = {
  files: `access chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fadvise64_64
    fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync flock fstat fstat64 fstatat64 fstatfs
    fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 chdir lchown lchown32 link linkat lseek _llseek lstat
    lstat64 mkdir mkdirat mknod mknodat newfstatat oldfstat oldlstat oldstat open openat openat2 pipe pipe2 pread64 preadv preadv2
    pwrite64 pwritev pwritev2 read readahead readdir readlink readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64 splice
    stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range sync_file_range2 arm_sync_file_range arm_fadvise64_64 syncfs
    tee truncate truncate64 umask unlink unlinkat ustat utime utimensat utimensat_time64 utimes vmsplice write writev cachestat`,
  attributes: `fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr lremovexattr
    lsetxattr removexattr removexattrat setxattr setxattrat file_getattr file_setattr`,
  waiting: `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
    inotify_add_watch inotify_init inotify_init1 inotify_rm_watch poll ppoll ppoll_time64 pselect6 pselect6_time64 select _newselect
    signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 io_cancel io_destroy
    io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit`,
  memory: `brk madvise membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal
    msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease process_madvise remap_file_pages map_shadow_stack`,
  processes: `arch_prctl capget capset clone execve execveat exit exit_group fork getcpu getpgid getpgrp getpid getppid getpriority
    getrlimit ugetrlimit getrusage getsid gettid get_robust_list get_thread_area ioprio_get ioprio_set kcmp pause pidfd_getfd pidfd_open
    pidfd_send_signal prctl prlimit64 process_vm_readv process_vm_writev ptrace rseq sched_getaffinity sched_getattr sched_getparam
    sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity
    sched_setattr sched_setparam sched_setscheduler sched_yield setpgid setpriority setrlimit set_robust_list setsid set_thread_area
    set_tid_address vfork wait4 waitid waitpid futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake restart_syscall
    landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp`,
  identity: `getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid getresuid32
    getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid
    setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32 chroot`,
  signals: `alarm kill rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal sigpending sigprocmask sigreturn sigsuspend tgkill tkill`,
  time: `adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
    clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime
    timer_gettime64 timer_settime timer_settime64 times`,
  network: `accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send
    sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair`,
  ipc: `ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl
    msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget`,
  system: `getrandom ioctl modify_ldt name_to_handle_at riscv_flush_icache riscv_hwprobe sysinfo uname uretprobe`,
  arm: `breakpoint cacheflush set_tls`,
};

/**
 * Calls that are refused with EPERM, as a kernel without the privilege would. Everything that stands in no list is answered with ENOSYS, so that a
 * program written for a newer kernel falls back to an older call.
 */
export const REFUSED_SYSCALLS: Readonly<Record<string, string>> = {
  machine: `acct clock_settime clock_settime64 create_module delete_module finit_module get_kernel_syms init_module ioperm iopl
    kexec_file_load kexec_load nfsservctl query_module quotactl quotactl_fd reboot setdomainname sethostname settimeofday stime swapoff swapon
    syslog sysfs uselib vhangup vm86 vm86old`,
  mounts: `fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_by_handle_at open_tree pivot_root umount umount2
    fanotify_init fanotify_mark`,
  namespaces: `setns unshare`,
  observers: `bpf lookup_dcookie perf_event_open userfaultfd`,
  memory: `get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node`,
  keys: `add_key keyctl request_key`,
  asynchronous: `io_uring_enter io_uring_register io_uring_setup`,
};

/** Values of personality(2) that programs need: the default, 32-bit addresses (8), uname 2.6 (0x20000), both, and the question (0xffffffff). */
export const ALLOWED_PERSONALITIES: readonly number[] = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/** In a user namespace with one id these cannot succeed; they are answered with 0, and the owner stays who it is. */
export const PRETENDED_SYSCALLS =
  'chown chown32 fchown fchown32 fchownat lchown lchown32 setgroups setgroups32 setgid setgid32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32';
