/**
 * Runs as a process of its own beside one container, started by the script of ../launch.ts inside the container's user namespace: it must be able
 * to read the memory of processes there, and a fault in it must not be one of tare.
 *
 * Working folder: the bundle. Arguments: the bundle's folder (to be told apart in a list of processes), then `syscalls` or `paths`. Descriptors: 0 ends
 * when the runtime has ended, 1 gets a line when the socket is there, 4 is the stream to tare (watcher-protocol.ts). It is one loop that
 * blocks in poll(2) and never returns to Node's own: a stopped process waits for each answer.
 */
import { readSync, writeSync } from 'node:fs';
import { errnoOf } from '../../base/error.ts';
import { openKernel, POLLIN, type Kernel, type PollTarget } from './kernel.ts';
import { notificationHandler, type ListenerState } from './notifications.ts';
import { tracedProcesses } from './processes.ts';
import { encodeObservation, recording, type Recording } from './recording.ts';
import { FRAME, frame, SOCKET_NAME } from './watcher-protocol.ts';

const RUNTIME_ENDED = 0;
const READY = 1;
const CONTROL = 4;
const MAX_COMMAND_BYTES = 64 * 1024; // 64 KiB
const PART_BYTES = 256 * 1024; // 256 KiB
/** How long tare may take to read the result, in milliseconds. */
const GOODBYE_MS = 10_000;

type Role = 'runtime' | 'control' | 'socket' | 'connection' | 'listener';
interface Target extends PollTarget {
  readonly role: Role;
  readonly state?: ListenerState;
}

function main(): void {
  const syscalls = process.argv[3] === 'syscalls';
  const record = recording({ syscalls });
  let kernel: Kernel;
  let socket: number;
  try {
    kernel = openKernel();
    socket = kernel.listen(SOCKET_NAME);
  } catch (error) {
    tell(FRAME.unable, Buffer.from(error instanceof Error ? error.message : 'it failed', 'utf8'));
    process.exit(1);
  }
  write(READY, Buffer.from('ready\n'));
  const handle = notificationHandler({
    kernel,
    recording: record,
    processes: tracedProcesses(kernel, record),
    syscalls,
  });
  const commands = commandReader(record);
  let targets: Target[] = [
    { fd: RUNTIME_ENDED, role: 'runtime', revents: 0 },
    { fd: CONTROL, role: 'control', revents: 0 },
    { fd: socket, role: 'socket', revents: 0 },
  ];
  let heard = false;
  const drop = (target: Target): void => {
    kernel.close(target.fd);
    targets = targets.filter((each) => each !== target);
  };
  const serve = (target: Target): void => {
    switch (target.role) {
      case 'runtime':
        break;
      case 'control':
        // Without tare the container is about to be killed: its calls are answered until then.
        if (!commands()) drop(target);
        break;
      case 'socket': {
        const fd = kernel.accept(target.fd);
        if (fd >= 0) targets = [...targets, { fd, role: 'connection', revents: 0 }];
        break;
      }
      case 'connection': {
        const descriptors = kernel.receiveDescriptors(target.fd);
        if (descriptors === undefined) break;
        drop(target);
        for (const fd of descriptors) {
          heard = true;
          kernel.wakeOnSameCpu(fd);
          targets = [...targets, { fd, role: 'listener', revents: 0, state: { fd, started: false } }];
        }
        break;
      }
      case 'listener':
        if ((target.revents & POLLIN) !== 0 && target.state !== undefined) handle(target.state);
        else drop(target);
    }
  };
  for (let ended = false; ;) {
    const ready = kernel.poll(targets, ended ? 0 : -1);
    for (const target of ready) serve(target);
    if (ready.some(({ role }) => role === 'runtime')) ended = true;
    // What tare said before the end counts; after it there is nobody left who could ask.
    if (ended && !ready.some(({ role }) => role !== 'runtime')) break;
  }
  if (!heard) record.lacks('the runtime has installed no filter that asks');
  if (targets.some(({ role }) => role === 'control')) {
    sendResult(record);
    awaitGoodbye(kernel);
  }
  process.exit(0);
}

/** Reads what tare says, as far as it is there. @returns false at the end */
function commandReader(record: Recording): () => boolean {
  const chunk = Buffer.alloc(MAX_COMMAND_BYTES);
  let text = '';
  return () => {
    const count = readSync(CONTROL, chunk, 0, chunk.length, null);
    if (count === 0) return false;
    const lines = (text + chunk.toString('utf8', 0, count)).split('\n');
    text = (lines.pop() ?? '').slice(0, MAX_COMMAND_BYTES);
    for (const line of lines) {
      if (line === 'progress') tell(FRAME.progress, Buffer.from(JSON.stringify(record.progress())));
      if (!line.startsWith('mark ')) continue;
      record.mark(String(JSON.parse(line.slice('mark '.length))));
      tell(FRAME.marked);
    }
    return true;
  };
}

function sendResult(record: Recording): void {
  let pieces: Buffer[] = [];
  let size = 0;
  const flush = (): void => {
    tell(FRAME.part, Buffer.concat(pieces));
    pieces = [];
    size = 0;
  };
  for (const piece of encodeObservation(record.result())) {
    pieces.push(piece);
    size += piece.length;
    if (size >= PART_BYTES) flush();
  }
  flush();
  tell(FRAME.end);
}

/** Tare closes the stream when it has read the result. Ending before, with words of it unread or still to come, would break the stream off and lose the result. */
function awaitGoodbye(kernel: Kernel): void {
  const chunk = Buffer.alloc(MAX_COMMAND_BYTES);
  const deadline = performance.now() + GOODBYE_MS;
  for (let left = GOODBYE_MS; left > 0; left = Math.ceil(deadline - performance.now())) {
    if (kernel.poll([{ fd: CONTROL, revents: 0 }], left).length === 0) return;
    if (readSync(CONTROL, chunk, 0, chunk.length, null) === 0) return;
  }
}

function tell(kind: number, content?: Uint8Array): void {
  write(CONTROL, frame(kind, content));
}

/** Writes all of it. Who has gone needs nothing any more. */
function write(fd: number, bytes: Buffer): void {
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  } catch (error) {
    if (!['EPIPE', 'ECONNRESET'].includes(errnoOf(error) ?? '')) throw error;
  }
}

main();
