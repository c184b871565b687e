import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from '../service.ts';
import type { Route, RouteKind } from '../route.ts';
import type { Principal } from '../auth/types.ts';

/** One request with all that its handler may need. */
interface ExchangeOn<R extends Route> {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly route: R;
  readonly query: URLSearchParams;
  readonly service: Service;
  /** Who asks; with anonymous access nobody in particular. */
  readonly principal: Principal;
  /** Bytes of the body that have come; for the log. */
  readonly traffic: { received: number };
}

export type Exchange<K extends RouteKind = RouteKind> = ExchangeOn<Extract<Route, { readonly kind: K }>>;

export type Handler<K extends RouteKind> = (exchange: Exchange<K>) => Promise<void>;

/** A header that may stand there once only; undefined when it is missing. */
export function headerOf(exchange: Pick<Exchange, 'req'>, name: string): string | undefined {
  const value = exchange.req.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
