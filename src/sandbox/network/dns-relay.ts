import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, connect, isIPv6, type Server, type Socket as TcpSocket } from 'node:net';

const DNS_PORT = 53;
/** A program asks again, or gives up, before that. */
const ANSWER_MS = 10_000; // 10 s
/** Questions that wait for an answer at one time; more are dropped, as a network would. */
const MAX_WAITING = 512;

export interface DnsRelay {
  close(): void;
}

/**
 * Passes questions that come to port 53 of `address` on to a resolver that only this machine can reach, over UDP and TCP (RFC 1035, 4.2), byte for byte.
 * @throws Error of the system when the port is taken
 */
export async function startDnsRelay(address: string, upstream: string, port = DNS_PORT): Promise<DnsRelay> {
  const udp = createSocket('udp4');
  const tcp = createServer();
  const waiting = new Set<Socket>();
  const connections = new Set<TcpSocket>();
  const close = (): void => {
    udp.close();
    tcp.close();
    for (const socket of waiting) socket.close();
    waiting.clear();
    for (const socket of connections) socket.destroy();
  };
  const ask = (question: Buffer, from: RemoteInfo): void => {
    if (waiting.size >= MAX_WAITING) return;
    const socket = createSocket(isIPv6(upstream) ? 'udp6' : 'udp4');
    waiting.add(socket);
    const done = (): void => {
      clearTimeout(timer);
      if (waiting.delete(socket)) socket.close();
    };
    const timer = setTimeout(done, ANSWER_MS);
    timer.unref();
    socket.unref();
    socket.on('error', done);
    socket.once('message', (answer) => {
      if (waiting.has(socket)) udp.send(answer, from.port, from.address);
      done();
    });
    // Connected, so that nobody else can answer.
    socket.connect(port, upstream, () => socket.send(question));
  };
  try {
    udp.bind(port, address);
    await once(udp, 'listening');
    await listening(tcp, address, port);
  } catch (error) {
    close();
    throw error;
  }
  udp.on('message', ask);
  // One datagram that cannot be sent, or one connection that cannot be taken, is no reason to end.
  udp.on('error', () => undefined);
  tcp.on('error', () => undefined);
  tcp.on('connection', (client) => {
    // A program that asks more at one time than anybody would gets no more of this machine.
    if (connections.size >= 2 * MAX_WAITING) {
      client.destroy();
      return;
    }
    const server = connect({ host: upstream, port });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      connections.add(one);
      one.setTimeout(ANSWER_MS, () => one.destroy());
      one.on('error', () => other.destroy());
      one.on('close', () => {
        connections.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  udp.unref();
  tcp.unref();
  return { close };
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
}
