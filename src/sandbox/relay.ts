/**
 * Runs as a process of its own in the network namespace of one container, started by relay-client.ts. It gets the host's listening sockets over
 * the IPC channel (a socket stays in the namespace that it was made in) and joins each connection with one to the container's loopback.
 * It ends when its parent does.
 */
import { connect, Server, type Socket } from 'node:net';
import type { RelayQuestion, RelayAnswer } from './relay-client.ts';

const LOOPBACKS = ['127.0.0.1', '::1'] as const;

/** A connection to the container's own port, on whichever loopback address the program listens. */
function reach(port: number, onDone: (socket: Socket | undefined) => void, attempt = 0): void {
  const host = LOOPBACKS[attempt];
  if (host === undefined) {
    onDone(undefined);
    return;
  }
  const socket = connect({ host, port, allowHalfOpen: true });
  const failed = (): void => {
    reach(port, onDone, attempt + 1);
  };
  socket.once('error', failed);
  socket.once('connect', () => {
    socket.off('error', failed);
    onDone(socket);
  });
}

function join(outside: Socket, port: number): void {
  outside.on('error', () => outside.destroy());
  reach(port, (inside) => {
    if (inside === undefined || outside.destroyed) {
      inside?.destroy();
      // A reset, as the client would get from a port that nobody listens on.
      outside.resetAndDestroy();
      return;
    }
    inside.on('error', () => {
      outside.resetAndDestroy();
    });
    outside.on('close', () => inside.destroy());
    inside.on('close', () => outside.destroySoon());
    inside.setNoDelay(true);
    outside.setNoDelay(true);
    outside.pipe(inside);
    inside.pipe(outside);
  });
}

function answer(message: RelayAnswer): void {
  process.send?.(message);
}

process.on('message', (question: RelayQuestion, handle: unknown) => {
  if (question.kind === 'publish') {
    if (!(handle instanceof Server)) return;
    handle.on('connection', (outside: Socket) => {
      join(outside, question.port);
    });
    answer({ id: question.id, ok: true });
    return;
  }
  reach(question.port, (socket) => {
    socket?.destroy();
    answer({ id: question.id, ok: socket !== undefined });
  });
});
process.on('disconnect', () => {
  process.exit(0);
});
// A parent that ended while this file was being loaded was told of before anybody listened.
if (!process.connected) process.exit(0);
