import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { throwIfCancelled } from '../../base/context.ts';
import { errnoOf, TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';
import { VERSION } from '../../base/version.ts';
import { outgoing, type RequestBody } from './outgoing.ts';
import { Fault } from './retry.ts';
import type { Pacing } from './types.ts';

/** An answer whose body has not been read. Either read it to its end or `discard` it: else its connection stays taken. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  /** The first of that name (small letters). */
  readonly header: (name: string) => string | undefined;
  readonly headers: (name: string) => readonly string[];
  /** Throws Fault when it breaks, falls silent, or trickles. */
  readonly body: Bytes;
  readonly discard: () => void;
}

export interface Sending {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal: AbortSignal;
  /** How long the server may think, in ms. */
  readonly answerMs?: number;
}

/** For messages: without credentials, and without a query, which may be a signature. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * One request, one answer; no redirect is followed.
 * @throws Fault when the connection breaks or falls silent; TareError E_TLS, E_REGISTRY for what trying again cannot mend; E_CANCELLED; what the body throws
 */
export async function exchange(url: URL, sending: Sending, dispatcher: Dispatcher, pacing: Pacing): Promise<Answer> {
  const { request } = await import('undici');
  const { method, signal } = sending;
  throwIfCancelled(signal);
  const body = outgoing(sending.body, signal, pacing.silenceMs);
  let response: Dispatcher.ResponseData;
  try {
    response = await request(url, {
      method,
      dispatcher,
      signal: body.signal,
      headersTimeout: sending.answerMs ?? pacing.silenceMs,
      bodyTimeout: pacing.silenceMs,
      headers: { 'user-agent': `tare/${VERSION}`, 'accept-encoding': 'identity', ...sending.headers, ...body.headers },
      // It takes any iterable, whatever its types say.
      body: body.value as Readable | Uint8Array | null,
    });
  } catch (error) {
    // The source's own fault says more than the broken connection that it leads to.
    const own = body.failure();
    if (own !== undefined) throw own.error;
    throwIfCancelled(signal);
    if (body.isStalled()) throw new Fault(broken(url, 'it takes nothing any more', error));
    throw translated(url, error);
  } finally {
    body.end();
  }
  const headers = (name: string): readonly string[] => [response.headers[name] ?? []].flat();
  return {
    url,
    status: response.statusCode,
    headers,
    header: (name) => headers(name)[0],
    body: incoming(url, response.body, signal, pacing),
    discard: () => drop(response.body),
  };
}

/** What is short is read to its end, so that the connection can be used again. */
const MAX_DROPPED_BYTES = 64 * 1024; // 64 KiB

function drop(body: Dispatcher.ResponseData['body']): void {
  // Its error is that it was given up.
  body.on('error', () => undefined);
  body.dump({ limit: MAX_DROPPED_BYTES }).catch(() => body.destroy());
}

/** A server that gives a byte a minute would hold us for ever without ever being silent. */
async function* incoming(
  url: URL,
  body: Dispatcher.ResponseData['body'],
  signal: AbortSignal,
  pacing: Pacing,
): AsyncGenerator<Uint8Array> {
  let sinceLook = 0;
  let tooSlow = false;
  let waiting = false;
  // A receiver that takes its time is no fault of the server: only periods that were spent waiting count.
  const timer = setInterval(() => {
    if (waiting && sinceLook < pacing.minBytes) {
      tooSlow = true;
      body.destroy();
    }
    sinceLook = 0;
  }, pacing.windowMs);
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      waiting = true;
      const next = await chunks.next();
      waiting = false;
      if (next.done === true) {
        if (tooSlow) throw new Error('it came too slowly');
        return;
      }
      sinceLook += next.value.length;
      yield next.value;
    }
  } catch (error) {
    throwIfCancelled(signal);
    if (tooSlow) throw new Fault(broken(url, 'it sends too slowly', error));
    throw translated(url, error);
  } finally {
    clearInterval(timer);
    body.on('error', () => undefined).destroy();
  }
}

/** Trying again finds the same name, the same certificate, the same closed door. */
const LASTING = /ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|INVALID_ARG|EACCES/;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;
/** The other side does not speak TLS, or not ours. */
const NO_TLS = /EPROTO|ERR_SSL|ERR_TLS|wrong version number/;

function translated(url: URL, error: unknown): unknown {
  if (error instanceof Fault || error instanceof TareError) return error;
  const code = errnoOf(error) ?? '';
  const why = error instanceof Error && error.message !== '' ? error.message : code;
  if (CERTIFICATE.test(code)) {
    return new TareError('E_TLS', `the certificate of ${url.host} is not trusted: ${why}`, {
      hint: `put the certificate of its authority into /etc/containers/certs.d/${url.host}/ca.crt or SSL_CERT_FILE; or, to trust whoever answers, --insecure ${url.host}`,
      cause: error,
    });
  }
  if (NO_TLS.test(code) || /certificate required|bad certificate|handshake failure/i.test(why))
    return new TareError('E_TLS', `no secure connection to ${url.host}: ${why}`, {
      hint: /certificate|handshake/i.test(why)
        ? `it may want a client certificate: put it into /etc/containers/certs.d/${url.host}/ as client.cert and client.key`
        : `if it speaks plain HTTP: --insecure ${url.host}`,
      cause: error,
    });
  const failed = broken(url, why, error);
  return LASTING.test(code) ? failed : new Fault(failed);
}

function broken(url: URL, why: string, cause: unknown): TareError {
  return new TareError('E_REGISTRY', `cannot talk to ${shownUrl(url)}: ${why}`, { cause });
}
