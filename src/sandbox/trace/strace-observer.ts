import type { ByteString } from '../../base/path.ts';
import { straceReader, type StraceCall } from '../../formats/strace/calls.ts';
import { createdThread, descriptorValue, fieldValue, stringValue } from '../../formats/strace/values.ts';
import { withoutDots } from './asked-path.ts';
import { accessesOfOpen, FOLDER_SYSCALLS, PATH_SYSCALLS, WATCHED_SYSCALLS } from './path-syscalls.ts';
import { NO_PROGRAM, type Recording } from './recording.ts';
import { HOT_SYSCALLS } from './start-up-syscalls.ts';
import type { TraceSpec } from './types.ts';

/** Calls that tell who is a process of the container. */
const PROCESS_SYSCALLS: readonly string[] = ['clone', 'clone3', 'fork', 'vfork', 'pivot_root', 'setns'];
const CREATORS: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork']);
/** Calls of threads whose creator has not been seen to make them yet; beyond it they are dropped. */
const MAX_WAITING_CALLS = 10_000;
const MAX_THREADS = 100_000;
const OPEN_FLAGS: Readonly<Record<string, number>> = { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 0o100, O_TRUNC: 0o1000 };

interface Thread {
  /** In the container's root: it has called pivot_root or setns, or was made by one that has. */
  inside: boolean;
  /** Has executed a program there; before it is the runtime. */
  started: boolean;
  cwd: ByteString | undefined;
  root: ByteString;
  program: number;
}

/** Arguments of strace up to the program to run; it writes to an open descriptor. Names that its version does not know are passed over ('?'). */
export function straceArguments(spec: TraceSpec, descriptor: number): readonly string[] {
  const traced = spec.syscalls
    ? `!${[...HOT_SYSCALLS]
        .filter((name) => !CREATORS.has(name))
        .map((name) => `?${name}`)
        .join(',')}`
    : [...WATCHED_SYSCALLS, ...PROCESS_SYSCALLS].map((name) => `?${name}`).join(',');
  return [
    '-f',
    '--seccomp-bpf',
    '-y',
    '-q',
    '-ttt',
    '--decode-pids=pidns',
    '-s',
    '4096',
    '-e',
    'signal=none',
    '-e',
    `trace=${traced}`,
    '-o',
    `|exec cat >&${descriptor}`,
  ];
}

export interface StraceObserver {
  /** One line of output, without its end. */
  line(text: ByteString): void;
  /** After the last line. */
  end(): void;
  /** Whether the first process that was traced has ended: strace ends then. */
  readonly ended: () => boolean;
}

export interface StraceObserverOptions {
  readonly recording: Recording;
  readonly spec: TraceSpec;
  /** Where the container's first program starts. */
  readonly cwd: ByteString;
  /** The phase at a time, in seconds since 1970. */
  readonly phaseAt: (time: number) => string;
}

/** Finds out of one strace's output around a runtime what processes of the container asked for, and records it; see Recording for the limits. */
export function straceObserver(options: StraceObserverOptions): StraceObserver {
  const { cwd, recording, spec } = options;
  const read = straceReader();
  const threads = new Map<number, Thread>();
  const waiting = new Map<number, StraceCall[]>();
  let waitingCalls = 0;
  let first: number | undefined;
  let ended = false;
  /** The state of the container's first program. */
  let container: Thread | undefined;
  /** Socket → port that it was bound to. */
  const bound = new Map<string, number>();

  const threadOf = (tid: number): Thread | undefined => {
    const known = threads.get(tid);
    // The runtime: nobody that is traced made it.
    if (known !== undefined || first !== undefined) return known;
    first = tid;
    return adopt(tid, undefined);
  };
  const adopt = (tid: number, parent: Thread | undefined): Thread => {
    const thread =
      parent === undefined ? { inside: false, started: false, cwd, root: '/', program: NO_PROGRAM } : { ...parent };
    if (threads.size < MAX_THREADS) threads.set(tid, thread);
    else recording.lacks('too many processes at once');
    return thread;
  };
  const absolute = (thread: Thread, dirfd: string | undefined, path: ByteString): ByteString | undefined => {
    if (path.startsWith('/')) return withoutDots(thread.root === '/' ? path : `${thread.root}${path}`);
    const start = dirfd === undefined ? thread.cwd : descriptorValue(dirfd);
    return start?.startsWith('/') === true ? withoutDots(`${start}/${path}`) : undefined;
  };

  const lookUp = (thread: Thread, call: StraceCall): void => {
    const { args, name } = call;
    const syscall = PATH_SYSCALLS.get(name);
    for (const { dirfd, how, path: argument } of syscall?.lookups ?? []) {
      const text = stringValue(args[argument] ?? '');
      const start = dirfd === undefined ? undefined : (args[dirfd] ?? '');
      if (text === undefined) continue;
      const path =
        text !== ''
          ? absolute(thread, start, text)
          : name === 'execveat' && start !== undefined
            ? descriptorValue(start)
            : undefined;
      if (path === undefined) continue;
      const flags = syscall?.flags === undefined ? undefined : openFlags(args[syscall.flags.argument] ?? '');
      const by = thread.started ? thread.program : NO_PROGRAM;
      if (flags === undefined || !name.startsWith('open')) recording.path(path, how, by);
      else for (const each of accessesOfOpen(flags)) recording.path(path, each, by);
      if (call.result === '0') happened(thread, name, path);
    }
    const folder = FOLDER_SYSCALLS.get(name);
    const path = folder === undefined ? undefined : descriptorValue(args[0] ?? '');
    if (folder === undefined || path?.startsWith('/') !== true) return;
    recording.path(path, folder, thread.program);
    if (name === 'fchdir') thread.cwd = path;
  };
  const happened = (thread: Thread, name: string, path: ByteString): void => {
    if (name === 'chdir') thread.cwd = path;
    else if (name === 'chroot') thread.root = path;
    else if (name === 'execve' || name === 'execveat') {
      thread.started = true;
      thread.program = recording.program(path);
      container ??= { ...thread };
    }
  };
  const socket = (thread: Thread, { args, name }: StraceCall): void => {
    const inode = descriptorValue(args[0] ?? '');
    const address = args[1] ?? '';
    if (name === 'listen') {
      const port = inode === undefined ? undefined : bound.get(inode);
      if (port !== undefined) recording.port(port);
      return;
    }
    const port = Number(/sin6?_port=htons\((\d+)\)/.exec(address)?.[1] ?? 0);
    if (name === 'bind' && port !== 0 && inode !== undefined && bound.size < MAX_THREADS) bound.set(inode, port);
    const text = stringValue(fieldValue(address, 'sun_path') ?? '');
    const path = text === undefined || text === '' ? undefined : absolute(thread, undefined, text);
    if (path !== undefined) recording.path(path, name === 'bind' ? 'write' : 'open', thread.program);
  };

  const take = (call: StraceCall): void => {
    const thread = threadOf(call.tid);
    if (thread === undefined) {
      if (waitingCalls >= MAX_WAITING_CALLS) return recording.lacks('calls of processes whose start was not seen');
      waitingCalls += 1;
      waiting.set(call.tid, [...(waiting.get(call.tid) ?? []), call]);
      return;
    }
    if (CREATORS.has(call.name)) {
      const tid = createdThread(call.result);
      if (tid !== undefined) {
        adopt(tid, thread);
        const late = waiting.get(tid) ?? [];
        waiting.delete(tid);
        waitingCalls -= late.length;
        late.forEach(take);
      }
    }
    if ((call.name === 'pivot_root' || call.name === 'setns') && call.result === '0') {
      thread.inside = true;
      thread.cwd = cwd;
    }
    recording.mark(options.phaseAt(call.time));
    // What the runtime does before it executes the container's first program is not the container's.
    const executes = call.name === 'execve' || call.name === 'execveat';
    if (!thread.inside || !(thread.started || executes)) return;
    // Each argument that says AT_FDCWD says which folder that is.
    const folder = call.args.find((arg) => arg.startsWith('AT_FDCWD<'));
    if (folder !== undefined) thread.cwd = descriptorValue(folder);
    // What strace has no name for.
    const unknown = /^syscall_(0x[0-9a-f]+)$/.exec(call.name)?.[1];
    if (unknown !== undefined) return recording.lacks(`a system call is not known, number ${unknown}`);
    if (call.name === 'bind' || call.name === 'connect' || call.name === 'listen') socket(thread, call);
    else lookUp(thread, call);
    if (spec.syscalls) recording.syscall(call.name);
  };

  return {
    ended: () => ended,
    end() {
      // strace cannot tell the number of a thread of another PID namespace that ends before its creator goes on. Threads outside have no other number: these are the container's.
      for (const [tid, calls] of container === undefined ? [] : waiting) {
        adopt(tid, container);
        calls.forEach(take);
      }
      waiting.clear();
    },
    line(text) {
      const event = read(text);
      if (event === undefined) return;
      if ('exit' in event) {
        // Every other thread of a process goes when one executes a program; the number of the first one stays in use.
        if (!event.exit.startsWith('superseded')) threads.delete(event.tid);
        if (event.tid === first) ended = true;
        return;
      }
      take(event);
    },
  };
}

function openFlags(text: string): number {
  const words = /flags=([A-Z0-9_|]+)/.exec(text)?.[1] ?? text;
  return words.split('|').reduce((flags, word) => flags | (OPEN_FLAGS[word] ?? 0), 0);
}
