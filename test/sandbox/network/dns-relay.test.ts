import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startDnsRelay } from '../../../src/sandbox/network/dns-relay.ts';

it('passes questions and answers on, over UDP and TCP', async () => {
  const upstream = createSocket('udp4');
  upstream.on('message', (bytes, from) =>
    upstream.send(Buffer.concat([Buffer.from('re: '), bytes]), from.port, from.address),
  );
  upstream.bind(0, '127.0.0.2');
  await once(upstream, 'listening');
  const { port } = upstream.address();
  const streams = createServer((socket) =>
    socket.once('data', (bytes) => socket.end(`tcp: ${bytes.toString('utf8')}`)),
  );
  streams.listen(port, '127.0.0.2');
  await once(streams, 'listening');
  const relay = await startDnsRelay('127.0.0.3', '127.0.0.2', port);
  const client = createSocket('udp4');
  onTestFinished(() => {
    for (const each of [upstream, streams, relay, client]) each.close();
  });
  client.send('one', port, '127.0.0.3');
  const [answer] = (await once(client, 'message')) as [Buffer];
  expect(answer.toString('utf8')).toBe('re: one');
  const stream = connect(port, '127.0.0.3');
  stream.write('two');
  const [bytes] = (await once(stream, 'data')) as [Buffer];
  expect(bytes.toString('utf8')).toBe('tcp: two');
  await expect(startDnsRelay('127.0.0.3', '127.0.0.2', port)).rejects.toThrow(/EADDRINUSE/);
  expect((streams.address() as AddressInfo).port).toBe(port);
});

// Before it would for want of an answer.
it('lets go of connections when it is closed', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined));
  silent.listen(0, '127.0.0.4');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const relay = await startDnsRelay('127.0.0.5', '127.0.0.4', port);
  const asked = once(silent, 'connection');
  const stream = connect(port, '127.0.0.5');
  stream.on('error', () => undefined);
  await asked;
  const closed = once(stream, 'close');
  relay.close();
  await closed;
}, 8000);
