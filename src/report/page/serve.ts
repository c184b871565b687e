import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import type { Page } from './html.ts';

export interface ServedPage {
  /** `http://127.0.0.1:40123/` */
  readonly url: string;
  /** Resolves when all connections are closed. */
  stop(): Promise<void>;
}

const MAX_HEADER_BYTES = 16 * 1024; // 16 KiB
const REQUEST_MS = 10_000;

/**
 * Serves one page on an address of this machine. A request that names another host is refused: a page of somebody else must not read this one by giving its own name
 * this machine's address (DNS rebinding).
 * @throws TareError E_PORT_IN_USE, E_PERMISSION, E_IO
 */
export function servePage(page: Page, address: { readonly host: string; readonly port: number }): Promise<ServedPage> {
  const body = Buffer.from(page.html);
  let hosts = new Set<string>();
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_MS }, (request, response) =>
    answer(request, response),
  );
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (!hosts.has(request.headers.host?.toLowerCase() ?? '')) return refuse(response, 421, 'this is not that host');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, 405, 'there is only a page to get');
    if (request.url !== '/') return refuse(response, 404, 'there is only one page');
    response.writeHead(200, {
      ...HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-length': body.length,
      'content-security-policy': `${page.policy}; frame-ancestors 'none'`,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address)));
    server.listen(address.port, address.host, () => {
      const { port } = server.address() as AddressInfo;
      const name = address.host.includes(':') ? `[${address.host}]` : address.host;
      hosts = new Set(
        [name, 'localhost'].flatMap((host) => (port === 80 ? [host, `${host}:80`] : [`${host}:${port}`])),
      );
      resolve({
        url: `http://${name}:${port}/`,
        stop: () =>
          new Promise((stopped) => {
            server.close(() => stopped());
            server.closeAllConnections();
          }),
      });
    });
  });
}

const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${why}\n`);
}

function listenError(error: Error, { host, port }: { readonly host: string; readonly port: number }): unknown {
  if (errnoOf(error) === 'EADDRINUSE')
    return new TareError('E_PORT_IN_USE', `${host}:${port} is in use`, {
      hint: 'take another port, or 0 for any that is free',
    });
  return fromErrno(error, `cannot listen on ${host}:${port}`);
}
