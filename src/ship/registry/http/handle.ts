import type { IncomingMessage, ServerResponse } from 'node:http';
import { accessLine } from '../access-log.ts';
import { METHODS, wantedBy } from '../api/table.ts';
import { EVERYBODY } from '../auth/anonymous.ts';
import type { Principal } from '../auth/types.ts';
import { asRegistryError, RegistryError } from '../errors.ts';
import { parseRoute, type Route } from '../route.ts';
import type { Service } from '../service.ts';
import type { Exchange, Handler } from './exchange.ts';
import { sendError } from './respond.ts';

/** After an error, this much of a body is still read, so that the client gets to read the answer. */
const MAX_DRAIN_BYTES = 16 * 1024 * 1024; // 16 MiB
const MAX_DRAIN_MS = 5_000;

/** Answers one request; never rejects. `log` gets a line when it is over. */
export async function handle(
  service: Service,
  req: IncomingMessage,
  res: ServerResponse,
  log: ((line: string) => void) | undefined,
): Promise<void> {
  const begun = performance.now();
  const { socket } = req;
  const before = socket.bytesWritten;
  const traffic = { received: 0 };
  const { path, query } = split(req.url ?? '');
  const seen: { route?: Route; principal?: Principal; failure?: string } = {};
  const closed = new Promise<void>((resolve) => {
    res.once('close', resolve);
  });
  try {
    await answer();
  } catch (error) {
    if (!(error instanceof RegistryError) && !res.destroyed) seen.failure = (error as Error).message;
    refuse(req, res, asRegistryError(error));
  }
  await closed;
  const record = {
    status: res.statusCode,
    bytesIn: traffic.received,
    bytesOut: Math.max(0, socket.bytesWritten - before),
    seconds: (performance.now() - begun) / 1000,
  };
  service.metrics.observe({ ...record, route: seen.route?.kind ?? 'none', method: req.method ?? '' });
  log?.(
    accessLine({
      ...record,
      req,
      path,
      at: new Date(),
      ...(seen.principal?.name === undefined ? {} : { user: seen.principal.name }),
      ...(seen.failure === undefined ? {} : { failure: seen.failure }),
    }),
  );

  async function answer(): Promise<void> {
    const route = parseRoute(path);
    if (route === undefined) throw new RegistryError('UNSUPPORTED', 'there is nothing at this path', { status: 404 });
    seen.route = route;
    const method = req.method ?? '';
    const allowed = methodsOf(route, service.readOnly);
    const wanted = wantedBy(route, method);
    if (wanted !== undefined) seen.principal = await service.access.check(req, wanted);
    const handler = allowed.get(method);
    if (handler === undefined)
      throw new RegistryError('UNSUPPORTED', `${method} is not possible here`, {
        status: 405,
        headers: { Allow: [...allowed.keys()].join(', ') },
      });
    await handler({ req, res, route, query, service, principal: seen.principal ?? EVERYBODY, traffic });
  }
}

function methodsOf(route: Route, readOnly: boolean): ReadonlyMap<string, Handler<Route['kind']>> {
  // Of the table's row, whose handlers take just this kind of route.
  const all = Object.entries(METHODS[route.kind] as Readonly<Record<string, (exchange: Exchange) => Promise<void>>>);
  return new Map(all.filter(([method]) => !readOnly || method === 'GET' || method === 'HEAD'));
}

function split(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark === -1
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function refuse(req: IncomingMessage, res: ServerResponse, error: RegistryError): void {
  // In the middle of a body nothing can be said any more: the client must see that it is cut short.
  if (res.headersSent || res.destroyed || (req.destroyed && !req.complete)) {
    res.destroy();
    return;
  }
  // Closed at once, the connection would be reset, and the answer lost with it.
  if (!req.complete) drain(req);
  sendError(res, error);
}

function drain(req: IncomingMessage): void {
  let bytes = 0;
  const timer = setTimeout(() => req.destroy(), MAX_DRAIN_MS);
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DRAIN_BYTES) req.destroy();
  });
  req.once('close', () => clearTimeout(timer));
  req.on('error', () => undefined);
}
