import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { fromErrno } from '../../base/error.ts';

export interface SshRelay {
  close(): void;
}

/**
 * A socket that leads to the agent's. An agent answers its own user alone, whereas the user of a step may be anybody to whom the mount gives the socket.
 * @throws TareError when it cannot listen
 */
export async function relaySsh(path: string, agent: string): Promise<SshRelay> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(agent);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => open.delete(from));
      from.pipe(to);
    }
  });
  try {
    server.listen(path);
    await once(server, 'listening');
  } catch (error) {
    throw fromErrno(error, `cannot listen on ${path}`);
  }
  return {
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
