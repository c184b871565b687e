import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** Longest path that the kernel takes, its NUL included, in bytes (linux/limits.h). */
const PATH_MAX = 4096;
const SMALLEST_PAGE = 4096;
/** Most paths are shorter: one call then reads them. */
const FIRST_READ_BYTES = 256;

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2_000_000;
const BACKLOG = 64;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const MSG_DONTWAIT = 0x40;
/** struct cmsghdr on 64-bit machines: length (8), level, type, then descriptors of 4 bytes. */
const CMSG_HEADER_BYTES = 16;

const SYS_SECCOMP: Readonly<Record<string, number>> = { x64: 317, arm64: 277 };
const SECCOMP_GET_NOTIF_SIZES = 3;
/** linux/seccomp.h: SECCOMP_IOCTL_NOTIF_RECV, _SEND, _SET_FLAGS. */
const NOTIF_RECV = 0xc050_2100n;
const NOTIF_SEND = 0xc018_2101n;
const NOTIF_SET_FLAGS = 0x4008_2104n;
const FD_SYNC_WAKE_UP = 1n;
const FLAG_CONTINUE = 1;

export const POLLIN = 1;
const POLLFD_BYTES = 8;

const EINTR = 4;
const ENOENT = 2;
const EPERM = 1;

export interface PollTarget {
  readonly fd: number;
  /** POLLIN when there is something to take; other bits when it is over. */
  revents: number;
}

/** The notification that was taken last. */
export interface Notification {
  /** Thread id, in this process's PID namespace. */
  readonly tid: () => number;
  readonly number: () => number;
  /** AUDIT_ARCH_*. */
  readonly arch: () => number;
  /** Low 32 bits of an argument, signed, as descriptors and flags are. */
  readonly int: (argument: number) => number;
  readonly isNull: (argument: number) => boolean;
}

export interface Kernel {
  readonly notification: Notification;
  /** A listening unix socket. `path` may be relative. */
  listen(path: string): number;
  accept(socket: number): number;
  /** The descriptors that came with a message; undefined when there is none yet. Empty at the end of the connection. */
  receiveDescriptors(connection: number): readonly number[] | undefined;
  /** Lets the kernel run this process where the stopped one was. Where it cannot, nothing changes. */
  wakeOnSameCpu(listener: number): void;
  /** Takes the next notification. @returns false when there is none any more */
  receive(listener: number): boolean;
  /** Lets the call go on. @returns false when its process is gone: what was read of it may be another's */
  proceed(listener: number): boolean;
  /** A NUL-terminated string where an argument points to, as latin1; undefined when there is none. */
  stringAt(argument: number): string | undefined;
  /** Up to `length` bytes where an argument points to; valid until the next read. */
  bytesAt(argument: number, length: number): Buffer | undefined;
  /** Puts 32-bit values, found in memory where an argument points to, in the place of the first arguments. @returns false when they cannot be read */
  unpackArguments(argument: number, count: number): boolean;
  /** Whether the memory of a process could not be read because we may not. */
  readonly denied: () => boolean;
  /** The target of a link, as latin1; undefined when there is none. */
  readLink(path: string): string | undefined;
  /** Waits for one of them, at most `timeoutMs` (-1: for ever). The list must not be changed, only replaced. @returns those where something is */
  poll<T extends PollTarget>(targets: readonly T[], timeoutMs: number): readonly T[];
  close(fd: number): void;
}

/**
 * What the watcher needs of the system and Node does not offer, called in the C library by way of koffi. All blocking, for one thread.
 * Structures are laid out by hand: 64-bit, little endian.
 * @throws Error when koffi cannot be loaded, or the kernel has no user notification
 */
export function openKernel(): Kernel {
  const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int, int, int)');
  const bind = libc.func('int bind(int, void *, unsigned int)');
  const listen = libc.func('int listen(int, int)');
  const accept = libc.func('int accept4(int, void *, void *, int)');
  const recvmsg = libc.func('intptr_t recvmsg(int, void *, int)');
  const ioctl = libc.func('int ioctl(int, unsigned long, void *)');
  const ioctlFlags = libc.func('int ioctl(int, unsigned long, uint64_t)');
  const poll = libc.func('int poll(void *, unsigned long, int)');
  const close = libc.func('int close(int)');
  const readlink = libc.func('intptr_t readlink(const char *, void *, size_t)');
  const processVmReadv = libc.func(
    'intptr_t process_vm_readv(int, void *, unsigned long, void *, unsigned long, unsigned long)',
  );
  const syscall = libc.func('long syscall(long, long, long, void *)');

  const sizes = Buffer.alloc(128);
  if (syscall(SYS_SECCOMP[process.arch] ?? -1, SECCOMP_GET_NOTIF_SIZES, 0, sizes) !== 0)
    throw new Error('the kernel offers no seccomp user notification');
  // struct seccomp_notif: id (8), pid, flags, then seccomp_data: nr, arch, instruction pointer (8), six arguments of 8.
  const request = Buffer.alloc(Math.max(256, sizes.readUInt16LE(0)));
  // struct seccomp_notif_resp: id (8), value (8), error, flags.
  const response = Buffer.alloc(Math.max(256, sizes.readUInt16LE(2)));
  const memory = Buffer.alloc(PATH_MAX);
  const memoryAddress = Number(koffi.address(memory));
  // struct iovec: address (8), length (8).
  const local = Buffer.alloc(128);
  const remote = Buffer.alloc(128);
  let wasDenied = false;
  let polled: readonly PollTarget[] = [];
  let pollSet = Buffer.alloc(0);

  const argumentAt = (argument: number): number => 32 + 8 * argument;
  /** Reads memory of the stopped process in pieces that end with pages: a path may end just before one that is not there. */
  const read = (argument: number, from: number, length: number): number => {
    const at = argumentAt(argument);
    const inPage = (request.readUInt32LE(at) + from) & (SMALLEST_PAGE - 1);
    const first = Math.min(length, SMALLEST_PAGE - inPage);
    // 64-bit sums in two halves: this is done for every call, and BigInt is slow.
    writeAddress(local, 0, memoryAddress, from);
    local.writeUInt32LE(length, 8);
    writeAddress(remote, 0, request.readUInt32LE(at) + request.readUInt32LE(at + 4) * 2 ** 32, from);
    remote.writeUInt32LE(first, 8);
    if (length > first) {
      writeAddress(remote, 16, remote.readUInt32LE(0) + remote.readUInt32LE(4) * 2 ** 32, first);
      remote.writeUInt32LE(length - first, 24);
    }
    const count = Number(processVmReadv(request.readUInt32LE(8), local, 1, remote, length === first ? 1 : 2, 0));
    if (count < 0 && koffi.errno() === EPERM) wasDenied = true;
    return count;
  };

  return {
    notification: {
      tid: () => request.readUInt32LE(8),
      number: () => request.readInt32LE(16),
      arch: () => request.readUInt32LE(20),
      int: (argument) => request.readInt32LE(argumentAt(argument)),
      isNull: (argument) => request.readBigUInt64LE(argumentAt(argument)) === 0n,
    },
    listen(path) {
      const fd = socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0) as number;
      const name = Buffer.from(path, 'utf8');
      const address = Buffer.alloc(256);
      address.writeUInt16LE(AF_UNIX, 0);
      name.copy(address, 2);
      if (fd < 0 || bind(fd, address, 2 + name.length + 1) !== 0 || listen(fd, BACKLOG) !== 0)
        throw new Error(`cannot listen on ${path}: errno ${koffi.errno()}`);
      return fd;
    },
    accept: (fd) => accept(fd, null, null, 0o2_000_000) as number,
    receiveDescriptors(connection) {
      const data = Buffer.alloc(65_536);
      const control = Buffer.alloc(256);
      const vector = Buffer.alloc(128);
      vector.writeBigUInt64LE(koffi.address(data), 0);
      vector.writeBigUInt64LE(BigInt(data.length), 8);
      // struct msghdr: name (8), its length (8), iovec (8), their number (8), control (8), its length (8), flags.
      const header = Buffer.alloc(128);
      header.writeBigUInt64LE(koffi.address(vector), 16);
      header.writeBigUInt64LE(1n, 24);
      header.writeBigUInt64LE(koffi.address(control), 32);
      header.writeBigUInt64LE(BigInt(control.length), 40);
      const count = Number(recvmsg(connection, header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) as number | bigint);
      if (count < 0) return undefined;
      const length = Number(header.readBigUInt64LE(40)) < CMSG_HEADER_BYTES ? 0 : Number(control.readBigUInt64LE(0));
      if (length === 0 || control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS) return [];
      const descriptors: number[] = [];
      for (let at = CMSG_HEADER_BYTES; at + 4 <= Math.min(length, control.length); at += 4)
        descriptors.push(control.readInt32LE(at));
      return descriptors;
    },
    wakeOnSameCpu: (listener) => void ioctlFlags(listener, NOTIF_SET_FLAGS, FD_SYNC_WAKE_UP),
    receive(listener) {
      for (;;) {
        request.fill(0);
        if (ioctl(listener, NOTIF_RECV, request) === 0) return true;
        if (koffi.errno() !== EINTR) return false;
      }
    },
    proceed(listener) {
      response.fill(0, 0, 24);
      request.copy(response, 0, 0, 8);
      response.writeUInt32LE(FLAG_CONTINUE, 20);
      for (;;) {
        if (ioctl(listener, NOTIF_SEND, response) === 0) return true;
        const errno = koffi.errno();
        if (errno === ENOENT) return false;
        if (errno !== EINTR) throw new Error(`a call cannot be answered: errno ${errno}`);
      }
    },
    stringAt(argument) {
      for (let have = 0; have < PATH_MAX;) {
        const length = have === 0 ? FIRST_READ_BYTES : PATH_MAX - have;
        const count = read(argument, have, length);
        if (count <= 0) return undefined;
        const end = memory.subarray(have, have + count).indexOf(0);
        if (end !== -1) return memory.toString('latin1', 0, have + end);
        if (count < length) return undefined;
        have += count;
      }
      return undefined;
    },
    bytesAt(argument, length) {
      const count = read(argument, 0, Math.min(length, memory.length));
      return count <= 0 ? undefined : memory.subarray(0, count);
    },
    unpackArguments(argument, count) {
      if (read(argument, 0, count * 4) !== count * 4) return false;
      for (let index = 0; index < count; index += 1)
        request.writeBigUInt64LE(BigInt(memory.readUInt32LE(index * 4)), argumentAt(index));
      return true;
    },
    denied: () => wasDenied,
    readLink(path) {
      const count = Number(readlink(path, memory, memory.length) as number | bigint);
      return count <= 0 ? undefined : memory.toString('latin1', 0, count);
    },
    poll<T extends PollTarget>(targets: readonly T[], timeoutMs: number) {
      if (polled !== targets) {
        polled = targets;
        pollSet = Buffer.alloc(Math.max(128, targets.length * POLLFD_BYTES));
        targets.forEach(({ fd }, index) => {
          pollSet.writeInt32LE(fd, index * POLLFD_BYTES);
          pollSet.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4);
        });
      }
      const count = poll(pollSet, targets.length, timeoutMs) as number;
      const ready: T[] = [];
      for (let index = 0; ready.length < count && index < targets.length; index += 1) {
        const target = targets[index];
        const revents = pollSet.readInt16LE(index * POLLFD_BYTES + 6);
        if (target === undefined || revents === 0) continue;
        target.revents = revents;
        ready.push(target);
      }
      return ready;
    },
    close: (fd) => void close(fd),
  };
}

/** Writes base + offset as 64 bits. User space ends at 2^47 (2^56 where a program asks for more; addresses above 2^53 are not read). */
function writeAddress(buffer: Buffer, at: number, base: number, offset: number): void {
  const sum = base + offset;
  buffer.writeUInt32LE(sum % 2 ** 32, at);
  buffer.writeUInt32LE(Math.floor(sum / 2 ** 32) >>> 0, at + 4);
}
