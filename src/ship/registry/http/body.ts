import type { IncomingMessage } from 'node:http';
import { RegistryError } from '../errors.ts';
import type { Exchange } from './exchange.ts';

/** Whoever sends less than this in that time is not slow, but holds a connection. */
const MIN_BYTES_PER_WINDOW = 4 * 1024; // 4 KiB

/** How much may come, and what whoever sends more is told. */
export interface Room {
  readonly bytes: number;
  readonly refusal?: RegistryError;
  /** Others use it up as well: what is left at each moment, in bytes. */
  readonly shared?: { readonly left: () => number; readonly refusal: RegistryError };
}

/**
 * The body of a request. Throws when the client breaks off, or crawls; whoever stops in the middle leaves the connection as it is, so that an
 * answer can still be sent.
 * @throws RegistryError SIZE_INVALID beyond `room`, unless that says otherwise
 */
export async function* bodyOf(exchange: Exchange, room: Room): AsyncGenerator<Uint8Array> {
  const { req, res, service } = exchange;
  refuseLarge(announcedLength(req), room);
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue();
  let size = 0;
  let before = 0;
  const pace = setInterval(() => {
    if (size - before < MIN_BYTES_PER_WINDOW) req.destroy(new Error('the client sends too slowly'));
    before = size;
  }, service.limits.paceMs);
  pace.unref();
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      exchange.traffic.received = size;
      refuseLarge(size, room);
      if (room.shared !== undefined && (chunk as Buffer).length > room.shared.left()) throw room.shared.refusal;
      yield chunk as Buffer;
    }
  } finally {
    clearInterval(pace);
  }
}

/** Of the body, in bytes; undefined when it comes in chunks. */
export function announcedLength(req: IncomingMessage): number | undefined {
  const text = req.headers['content-length'];
  if (text !== undefined) return Number(text);
  return req.headers['transfer-encoding'] === undefined ? 0 : undefined;
}

function refuseLarge(size: number | undefined, { bytes, refusal }: Room): void {
  if (size === undefined || size <= bytes) return;
  throw refusal ?? new RegistryError('SIZE_INVALID', `the body is larger than ${bytes} bytes`, { status: 413 });
}
