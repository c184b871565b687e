import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const RELAY = fileURLToPath(new URL('../../dist/sandbox/relay.js', import.meta.url));

it('the relay ends when its parent does, even while it is being loaded', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = spawn(process.execPath, [RELAY], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  await new Promise((resolve) => child.send({ kind: 'publish', id: 0, port: 1 }, server, {}, resolve));
  child.disconnect();
  server.close();
  expect(await ended).toEqual([0, null]);
});
