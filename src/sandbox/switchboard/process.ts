/**
 * Runs as a process of its own in a network namespace (and, without root, a user namespace) that has nothing but the bridges of one system; started by
 * client.ts. It answers questions for names at every bridge, joins connections that come to sockets of the host with containers, and tells whether a
 * port accepts any. Both namespaces live as long as it does; it ends when its parent does.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, Server, type Socket } from 'node:net';
import { serveNames } from './name-server.ts';
import type { Names, Numbered, SwitchboardAnswer, Target } from './protocol.ts';

/** How long a container may take to accept a connection, in milliseconds. */
const CONNECT_MS = 5000;
const MAX_STDERR_CHARS = 1000;

const ip = process.argv[2] ?? 'ip';
let names: Names = { networks: {}, members: {} };
/** Those that are plugged in, also before anybody has seen that they run. */
let plugged: Names['members'] = {};

interface Published {
  readonly server: Server;
  targets: readonly Target[];
  turn: number;
}

const published = new Map<string, Published>();

function answer(message: SwitchboardAnswer): void {
  process.send?.(message);
}

function runIp(commands: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(ip, ['-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(0, MAX_STDERR_CHARS)));
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(stderr.trim().split('\n')[0] ?? ''))));
    child.stdin.end(commands.map((line) => `${line}\n`).join(''));
  });
}

/** A connection to a target, or undefined. */
function reach({ address, port }: Target): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, allowHalfOpen: true });
    const failed = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.setTimeout(CONNECT_MS, failed);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

async function join(outside: Socket, at: Published): Promise<void> {
  outside.on('error', () => outside.destroy());
  const { targets } = at;
  const first = at.turn++;
  let inside: Socket | undefined;
  for (let tried = 0; inside === undefined && tried < targets.length && !outside.destroyed; tried++) {
    const target = targets[(first + tried) % targets.length];
    if (target !== undefined) inside = await reach(target);
  }
  const found = inside;
  if (found === undefined || outside.destroyed) {
    found?.destroy();
    // A reset, as the client would get from a port that nobody listens on.
    outside.resetAndDestroy();
    return;
  }
  found.on('error', () => outside.resetAndDestroy());
  outside.on('close', () => found.destroy());
  found.on('close', () => outside.destroySoon());
  found.setNoDelay(true);
  outside.setNoDelay(true);
  outside.pipe(found);
  found.pipe(outside);
}

async function act(question: Numbered, handle: unknown): Promise<boolean> {
  switch (question.kind) {
    case 'bridge': {
      const { address, bits, bridge } = question;
      // What one network has is no business of another: nothing is passed on between bridges, whatever this machine does otherwise.
      writeFileSync('/proc/sys/net/ipv4/ip_forward', '0');
      await runIp([
        'link set lo up',
        `link add ${bridge} type bridge`,
        `addr add ${address}/${bits} dev ${bridge}`,
        `link set ${bridge} up`,
      ]);
      await serveNames(address, () => names);
      return true;
    }
    case 'plug':
      await runIp([`link set ${question.link} master ${question.bridge}`, `link set ${question.link} up`]);
      return true;
    case 'member':
      plugged = { ...plugged, [question.address]: question.networks };
      names = { ...names, members: { ...plugged, ...names.members } };
      return true;
    case 'names':
      names = { ...question.names, members: { ...plugged, ...question.names.members } };
      return true;
    case 'publish': {
      if (!(handle instanceof Server)) return false;
      const at: Published = { server: handle, targets: [], turn: 0 };
      // A client may have said all that it has to say, and still wait for the answer.
      Object.assign(handle, { allowHalfOpen: true });
      published.set(question.key, at);
      // A connection that cannot be taken is no reason to end.
      handle.on('error', () => undefined);
      handle.on('connection', (outside: Socket) => void join(outside, at));
      return true;
    }
    case 'targets': {
      const at = published.get(question.key);
      if (at !== undefined) at.targets = question.targets;
      return at !== undefined;
    }
    case 'close': {
      const at = published.get(question.key);
      published.delete(question.key);
      at?.server.close();
      return true;
    }
    default: {
      const socket = await reach(question.target);
      socket?.destroy();
      return socket !== undefined;
    }
  }
}

process.on('message', (question: Numbered, handle: unknown) => {
  act(question, handle).then(
    (ok) => answer({ id: question.id, ok }),
    (error: unknown) => answer({ id: question.id, ok: false, why: error instanceof Error ? error.message : '' }),
  );
});
process.on('disconnect', () => {
  process.exit(0);
});
// A parent that ended while this file was being loaded was told of before anybody listened.
if (!process.connected) process.exit(0);
