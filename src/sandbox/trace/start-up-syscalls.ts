/**
 * Calls that are made so often, or so early, that nobody is asked about them: every program makes them, and a runtime needs some between the moment
 * when the filter is there and the moment when somebody listens (it sends the descriptor itself).
 */
export const HOT_SYSCALLS: ReadonlySet<string> = new Set(
  `read write readv writev pread64 pwrite64 close lseek _llseek fstat fstat64 fcntl fcntl64 mmap mmap2 munmap mprotect mremap madvise brk
    futex futex_time64 futex_wait futex_wake futex_waitv futex_requeue set_robust_list get_robust_list rseq set_tid_address arch_prctl set_thread_area membarrier
    clone exit exit_group restart_syscall gettid getpid tgkill sched_yield sched_getaffinity
    rt_sigaction rt_sigprocmask rt_sigreturn sigaction sigprocmask sigreturn sigaltstack
    poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_wait epoll_pwait epoll_pwait2 epoll_ctl epoll_create1
    clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 gettimeofday time nanosleep getrandom
    sendmsg recvmsg sendto recvfrom send recv personality cacheflush set_tls`.split(/\s+/),
);

/** What a runtime does between installing a filter and executing the first program, and what a C library does before main. */
const RUNTIME_SYSCALLS =
  `access capget capset chdir close_range dup dup3 eventfd2 execve execveat faccessat faccessat2 fchdir fchown fstatfs getcwd getdents64 getegid geteuid getgid
    getppid getuid ioctl kill keyctl newfstatat fstatat64 open openat openat2 pidfd_getfd pidfd_open pipe2 prctl prlimit64 readlink readlinkat seccomp setgid setgid32 setgroups
    setgroups32 setresgid setresgid32 setresuid setresuid32 setsid setuid setuid32 socketpair stat stat64 statfs statfs64 statx sysinfo tkill umask uname ugetrlimit getrlimit wait4 waitid`.split(
    /\s+/,
  );

/** In every profile, whatever was observed: without them no container starts under it. */
export const START_UP_SYSCALLS: ReadonlySet<string> = new Set([...HOT_SYSCALLS, ...RUNTIME_SYSCALLS]);
