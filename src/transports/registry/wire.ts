import type { ClientRequest, IncomingMessage } from 'node:http';
import { throwIfCancelled } from '../../base/context.ts';
import type { Bytes } from '../../base/streams.ts';
import { VERSION } from '../../base/version.ts';
import { drop, incoming } from './incoming.ts';
import type { Line } from './lines.ts';
import { deliver, lengthOf, type RequestBody } from './outgoing.ts';
import { bodyOf } from './body.ts';
import { broken, translated } from './broken.ts';
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
  /** A GET of which much is expected. */
  readonly isBulk?: boolean;
}

/**
 * One request, one answer; no redirect is followed.
 * @throws Fault when the connection breaks or falls silent; TareError E_TLS, E_REGISTRY for what trying again cannot mend; E_CANCELLED; what the body throws
 */
export async function exchange(url: URL, sending: Sending, line: Line, pacing: Pacing): Promise<Answer> {
  const { body, headers, method, signal } = sending;
  throwIfCancelled(signal);
  if (sending.isBulk === true && line.connect !== undefined) {
    const { bulkExchange } = await import('./bulk/exchange.ts');
    const answer = await bulkExchange(url, sending, line.connect, pacing);
    if (answer !== undefined) return answer;
  }
  const request = line.begin(url, {
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
    body: bodyOf(url, () => incoming(response), signal, pacing),
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
