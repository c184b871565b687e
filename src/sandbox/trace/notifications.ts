import type { ByteString } from '../../base/path.ts';
import type { Kernel } from './kernel.ts';
import { accessesOfOpen, FOLDER_SYSCALLS, PATH_SYSCALLS } from './path-syscalls.ts';
import type { Processes } from './processes.ts';
import { NO_PROGRAM, type Recording } from './recording.ts';
import { AUDIT_ARCHITECTURES, showNumber, syscallNames, type SyscallArchitecture } from './syscall-numbers.ts';
import type { Access } from './types.ts';

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** Longest socket address that matters: sockaddr_un. */
const MAX_ADDRESS_BYTES = 110;
/** Sockets that are bound and do not listen yet; beyond it the oldest are forgotten. */
const MAX_BOUND = 10_000;
const OPEN_HOW_BYTES = 8;
/** socketcall(2): which call it stands for (linux/net.h). The values of its second argument are the call's own. */
const SOCKETCALLS: ReadonlyMap<number, string> = new Map([
  [2, 'bind'],
  [3, 'connect'],
  [4, 'listen'],
]);

/** What was seen of one stopped call; it counts only when the process turns out to be still there. */
interface Seen {
  readonly path: ByteString;
  readonly how: Access;
}

/** One filter's notifications: a container has one for its first program, and one for each `exec`. */
export interface ListenerState {
  readonly fd: number;
  /** Whether its first program was executed; until then it is the runtime that asks. */
  started: boolean;
}

export interface NotificationOptions {
  readonly kernel: Kernel;
  readonly processes: Processes;
  readonly recording: Recording;
  readonly syscalls: boolean;
}

/** Takes one notification of a listener, lets the call go on whatever happens, and records what it was about. @returns false when there was none */
export function notificationHandler(options: NotificationOptions): (listener: ListenerState) => boolean {
  const { kernel, processes, recording } = options;
  const { notification } = kernel;
  const tables = new Map<number, ReadonlyMap<number, string>>(
    Object.entries(AUDIT_ARCHITECTURES).map(([name, arch]) => [arch, syscallNames(name as SyscallArchitecture)]),
  );
  /** Socket (by inode) → port that it was bound to. */
  const bound = new Map<string, number>();

  const pathsOf = (name: string, tid: number): Seen[] => {
    const call = PATH_SYSCALLS.get(name);
    if (call === undefined) return [];
    const seen: Seen[] = [];
    for (const { dirfd, how, path: argument } of call.lookups) {
      if (notification.isNull(argument)) continue;
      const text = kernel.stringAt(argument);
      if (text === undefined) continue;
      const start = dirfd === undefined ? undefined : notification.int(dirfd);
      // With AT_EMPTY_PATH it is about the descriptor, which was looked up before; only executing it is new.
      const path =
        text !== ''
          ? processes.absolute(tid, start, text)
          : name === 'execveat' && start !== undefined
            ? processes.descriptor(tid, start)
            : undefined;
      if (path === undefined) continue;
      const all = call.flags === undefined ? [how] : accessesOfOpen(flagsOf(call.flags));
      for (const each of all) seen.push({ path, how: name.startsWith('open') ? each : how });
    }
    return seen;
  };

  const flagsOf = (flags: { readonly argument: number; readonly indirect: boolean }): number =>
    flags.indirect
      ? (kernel.bytesAt(flags.argument, OPEN_HOW_BYTES)?.readUInt32LE(0) ?? 0)
      : notification.int(flags.argument);

  /** @returns what a socket call looks up; ports are told once somebody listens there */
  const socketPath = (name: string, tid: number): Seen[] => {
    const socket = processes.raw(tid, notification.int(0));
    if (name === 'listen') {
      const port = socket === undefined ? undefined : bound.get(socket);
      if (port !== undefined) recording.port(port);
      return [];
    }
    const length = Math.min(notification.int(2) >>> 0, MAX_ADDRESS_BYTES);
    const address = length < 4 ? undefined : kernel.bytesAt(1, length);
    if (address === undefined || address.length < 4) return [];
    const family = address.readUInt16LE(0);
    if (family === AF_UNIX) {
      const end = address.indexOf(0, 2);
      // A name that starts with NUL is in no folder (unix(7), "abstract").
      const path = address.toString('latin1', 2, end === -1 ? address.length : end);
      const whole = path === '' ? undefined : processes.absolute(tid, undefined, path);
      return whole === undefined ? [] : [{ path: whole, how: name === 'bind' ? 'write' : 'open' }];
    }
    const port = address.readUInt16BE(2);
    if (name === 'bind' && (family === AF_INET || family === AF_INET6) && socket !== undefined && port !== 0) {
      if (bound.size >= MAX_BOUND) bound.delete(bound.keys().next().value ?? '');
      bound.set(socket, port);
    }
    return [];
  };

  const seenIn = (name: string, tid: number): Seen[] => {
    const folder = FOLDER_SYSCALLS.get(name);
    if (folder !== undefined) {
      const path = processes.descriptor(tid, notification.int(0));
      return path === undefined ? [] : [{ path, how: folder }];
    }
    if (name === 'socketcall') {
      const call = SOCKETCALLS.get(notification.int(0));
      // bind and connect have three arguments, listen two.
      return call !== undefined && kernel.unpackArguments(1, call === 'listen' ? 2 : 3) ? socketPath(call, tid) : [];
    }
    if (name === 'bind' || name === 'connect' || name === 'listen') return socketPath(name, tid);
    return pathsOf(name, tid);
  };

  return (listener) => {
    if (!kernel.receive(listener.fd)) return false;
    const name = tables.get(notification.arch())?.get(notification.number());
    const executes = name === 'execve' || name === 'execveat';
    const fromRuntime = !listener.started;
    let seen: readonly Seen[] = [];
    let program = NO_PROGRAM;
    try {
      if (name !== undefined && (executes || !fromRuntime)) {
        const tid = notification.tid();
        seen = seenIn(name, tid);
        // What starts the container's first program is no program of it.
        if (!fromRuntime && seen.length > 0) program = processes.program(tid);
        if (kernel.denied()) recording.lacks('the memory of a process could not be read: permission denied');
      }
    } catch (error) {
      // Whatever it was, the call must go on.
      recording.lacks(`a call could not be understood: ${error instanceof Error ? error.message : 'it failed'}`);
    }
    const alive = kernel.proceed(listener.fd);
    // A signal may have taken it away (Go sends itself many): it is made again, and still by the runtime.
    if (executes && alive) {
      listener.started = true;
      processes.forgetPrograms();
    }
    if (name === 'chroot') processes.rootsMayDiffer();
    if (!alive || (fromRuntime && !executes)) return true;
    for (const { how, path } of seen) recording.path(path, how, program);
    if (name === undefined)
      recording.lacks(`a system call is not known, ${showNumber(notification.arch(), notification.number())}`);
    else if (options.syscalls) recording.syscall(name);
    return true;
  };
}
