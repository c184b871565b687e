import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import {
  CLASSES,
  encodeAnswer,
  MAX_MESSAGE_BYTES,
  parseQuestion,
  RECORD_TYPES,
  RESPONSE_CODES,
} from '../../formats/dns/message.ts';
import type { Names } from './protocol.ts';

const DNS_PORT = 53;
/** A client that says nothing for so long is gone, in milliseconds. */
const IDLE_MS = 10_000;
const MAX_CONNECTIONS = 256;
const MAX_UNREAD_BYTES = 1024 * 1024; // 1 MiB

export interface Asked {
  /** The address that the question comes from. */
  readonly from: string;
  readonly names: Names;
  /** Turns the addresses of a name, so that replicas share the work. */
  readonly turn: number;
  readonly over: 'udp' | 'tcp';
}

/** The answer to one message, or undefined where none is due. Never throws. */
export function answerTo(message: Uint8Array, { from, names, over, turn }: Asked): Uint8Array | undefined {
  const question = parseQuestion(message);
  if (question === undefined) return undefined;
  if (question.opcode !== 0) return encodeAnswer(question, { code: RESPONSE_CODES.notImplemented });
  const networks = own(names.members, from);
  const isInternet = question.class === CLASSES.internet || question.class === CLASSES.any;
  // Somebody who is in no network of ours has no names to learn.
  if (networks === undefined || !isInternet) return encodeAnswer(question, { code: RESPONSE_CODES.refused });
  const found = new Set(networks.flatMap((network) => own(own(names.networks, network), question.name) ?? []));
  if (found.size === 0) return encodeAnswer(question, { code: RESPONSE_CODES.noSuchName });
  const wantsAddress = question.type === RECORD_TYPES.a || question.type === RECORD_TYPES.any;
  const all = wantsAddress ? [...found] : [];
  const first = all.length === 0 ? 0 : turn % all.length;
  const turned = [...all.slice(first), ...all.slice(0, first)];
  return encodeAnswer(question, {
    code: RESPONSE_CODES.ok,
    addresses: turned.map((address) => Uint8Array.from(address.split('.').map(Number))),
    maxBytes: MAX_MESSAGE_BYTES[over],
  });
}

/** A container may ask for `constructor` and the like. */
function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Answers questions for names at port 53 of an address, over UDP and TCP, as long as this process lives. @throws Error of the system */
export async function serveNames(address: string, names: () => Names): Promise<void> {
  const udp: Socket = createSocket('udp4');
  const tcp: Server = createServer();
  let turn = 0;
  udp.on('message', (message, from) => {
    // Who asks from port 0 cannot be answered; a container can do so.
    if (from.port === 0) return;
    const answer = answerTo(message, { from: from.address, names: names(), turn: turn++, over: 'udp' });
    if (answer !== undefined) udp.send(answer, from.port, from.address);
  });
  tcp.maxConnections = MAX_CONNECTIONS;
  tcp.on('connection', (client) => {
    const from = plain(client);
    answerOver(client, (message) => answerTo(message, { from, names: names(), turn: turn++, over: 'tcp' }));
  });
  udp.bind(DNS_PORT, address);
  await once(udp, 'listening');
  tcp.listen({ host: address, port: DNS_PORT });
  await once(tcp, 'listening');
  // One datagram that cannot be sent, or one connection that cannot be taken, is no reason to end.
  udp.on('error', () => undefined);
  tcp.on('error', () => undefined);
}

const plain = (client: TcpSocket): string => (client.remoteAddress ?? '').replace(/^::ffff:/, '');

/** Over TCP every message has its length in front (RFC 1035, 4.2.2). */
function answerOver(client: TcpSocket, answer: (message: Uint8Array) => Uint8Array | undefined): void {
  let waiting = Buffer.alloc(0);
  client.setTimeout(IDLE_MS, () => client.destroy());
  client.on('error', () => client.destroy());
  client.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const length = waiting.readUInt16BE(0);
      const bytes = answer(waiting.subarray(2, 2 + length));
      waiting = waiting.subarray(2 + length);
      if (bytes === undefined) continue;
      const size = Buffer.alloc(2);
      size.writeUInt16BE(bytes.length);
      client.write(Buffer.concat([size, bytes]));
    }
    // Who asks and asks, and never listens, is told nothing more.
    if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
  });
}
