import type { ClientRequest, IncomingMessage } from 'node:http';
import { throwIfCancelled } from '../../base/context.ts';
import { errnoOf, TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';
import { VERSION } from '../../base/version.ts';
import { drop, incoming } from './incoming.ts';
import type { Begin } from './lines.ts';
import { deliver, lengthOf, type RequestBody } from './outgoing.ts';
import { Fault } from './retry.ts';
import { CONNECT_TIMEOUT_MS } from './tunnel.ts';
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
export async function exchange(url: URL, sending: Sending, begin: Begin, pacing: Pacing): Promise<Answer> {
  const { body, headers, method, signal } = sending;
  throwIfCancelled(signal);
  const request = begin(url, {
    method,
    headers: { 'user-agent': `tare/${VERSION}`, 'accept-encoding': 'identity', ...headers, ...lengthOf(body) },
  });
  const answered = answerTo(request, signal, sending.answerMs ?? pacing.silenceMs);
  const outgoing = deliver(request, body, pacing.silenceMs);
  let response: IncomingMessage;
  try {
    response = await answered;
  } catch (error) {
    await outgoing.end();
    // The source's own fault says more than the broken connection that it leads to.
    const own = outgoing.failure();
    if (own !== undefined) throw own.error;
    throwIfCancelled(signal);
    if (outgoing.isStalled()) throw new Fault(broken(url, 'it takes nothing any more', error));
    throw translated(url, error);
  }
  await outgoing.end();
  // An answer in the middle of the body: what follows on this connection would be the rest of it.
  if (!outgoing.isWhole()) response.once('end', () => request.destroy());
  const all = (name: string): readonly string[] => response.headersDistinct[name] ?? [];
  return {
    url,
    status: response.statusCode ?? 0,
    headers: all,
    header: (name) => all(name)[0],
    body: bodyOf(url, response, signal, pacing),
    discard: () => drop(response),
  };
}

/** Rejects when there is no connection in time, when it breaks, at the signal, and when the server thinks for too long about what it has got. */
function answerTo(request: ClientRequest, signal: AbortSignal, answerMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      request.destroy();
      // One that waits for a tunnel has no connection yet: it would tell of its end when there is one.
      reject(new Error('it was stopped'));
    };
    signal.addEventListener('abort', abort, { once: true });
    request.once('close', () => signal.removeEventListener('abort', abort));
    const within = (ms: number, why: string): NodeJS.Timeout => {
      const timer = setTimeout(() => request.destroy(new Error(why)), ms);
      request.once('close', () => clearTimeout(timer)).once('response', () => clearTimeout(timer));
      return timer;
    };
    request.once('socket', (socket) => {
      if (request.reusedSocket) return;
      const timer = within(CONNECT_TIMEOUT_MS, 'no connection within ten seconds');
      socket.once(request.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(timer));
    });
    request.once('finish', () => within(answerMs, 'no answer in time'));
    request.on('error', reject);
    request.once('close', () => reject(new Error('the connection was closed')));
    request.once('response', (response) => {
      // Whoever reads the body gets to know.
      response.on('error', () => undefined);
      resolve(response);
    });
  });
}

async function* bodyOf(
  url: URL,
  response: IncomingMessage,
  signal: AbortSignal,
  pacing: Pacing,
): AsyncGenerator<Uint8Array> {
  try {
    yield* incoming(response, pacing);
  } catch (error) {
    throwIfCancelled(signal);
    throw translated(url, error);
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
