import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromErrno } from '../../base/error.ts';

/** What is kept of what the commands say when they fail. */
const MAX_WORDS_BYTES = 4096;

export interface Relay {
  /** A socket in a folder that is this user's alone. */
  readonly path: string;
  /** The last words of the commands on standard error. */
  words(): string;
  close(): Promise<void>;
}

/**
 * A unix socket each of whose connections is a command's standard input and output (`docker exec -i NAME buildctl dial-stdio`): the gRPC library
 * can connect to sockets only. Closing it ends the commands.
 */
export async function relayToCommand(command: readonly [string, ...string[]]): Promise<Relay> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-engine-'));
  const path = join(dir, 'engine.sock');
  const children = new Set<ChildProcess>();
  let words = '';
  const server = createServer((socket) => {
    const [program, ...args] = command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    children.add(child);
    const say = (text: string): void => void (words = (words + text).slice(-MAX_WORDS_BYTES));
    child.stderr.setEncoding('utf8').on('data', say);
    child.once('error', (error) => {
      say(error.message);
      socket.destroy();
    });
    child.once('close', () => {
      children.delete(child);
      socket.destroy();
    });
    // Either end may go first; `close` of the command tells both.
    socket.on('error', () => child.kill());
    socket.once('close', () => child.kill());
    child.stdin.on('error', () => socket.destroy());
    child.stdout.on('error', () => socket.destroy());
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw fromErrno(error, `cannot listen at ${path}`);
  }
  return {
    path,
    words: () => words.trim(),
    close: async () => {
      const ended = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)));
      for (const child of children) child.kill();
      server.close();
      await Promise.all(ended);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
