import { createServer, type AddressInfo, type Server } from 'node:net';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import type { PortMapping } from './types.ts';

export interface Listener {
  readonly mapping: PortMapping;
  readonly server: Server;
}

/**
 * Takes every port on the host before anything is started; `mapping.host` then is the real one. Nobody answers until the relay does.
 * @throws TareError E_PORT_IN_USE, E_PERMISSION (a port below 1024), E_USAGE (an address that is not ours); none stays taken then
 */
export async function listenAll(publish: readonly PortMapping[]): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const mapping of publish) listeners.push(await listen(mapping));
  } catch (error) {
    closeAll(listeners);
    throw error;
  }
  return listeners;
}

export function closeAll(listeners: readonly Listener[]): void {
  for (const { server } of listeners) if (server.listening) server.close();
}

function listen(mapping: PortMapping): Promise<Listener> {
  const address = mapping.address ?? '127.0.0.1';
  // The relay answers once the container is there. Who comes earlier is refused, as by a program that has not started yet.
  const server = createServer((early) => early.resetAndDestroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(explained(error, mapping.host, address));
    });
    server.listen({ host: address, port: mapping.host, exclusive: true }, () => {
      const { port } = server.address() as AddressInfo;
      resolve({ mapping: { host: port, container: mapping.container, address }, server });
    });
  });
}

function explained(error: Error, port: number, address: string): unknown {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return new TareError('E_PORT_IN_USE', `port ${port} of ${address} is taken by another program`, { cause: error });
    case 'EACCES':
      return new TareError('E_PERMISSION', `port ${port} of ${address} cannot be opened: permission denied`, {
        hint: 'ports below 1024 belong to root: choose a higher one',
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EINVAL':
      return new TareError('E_USAGE', `${address} is not an address of this machine`, { cause: error });
    default:
      return fromErrno(error, `cannot listen on port ${port} of ${address}`);
  }
}
