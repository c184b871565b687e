import { createHash } from 'node:crypto';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { TareError } from '../../base/error.ts';
import type { HttpProbe, PortMapping } from '../types.ts';
import { bodyAnswerOf, httpAnswer, mediaTypeOf } from './answer.ts';
import type { HttpAnswer } from './types.ts';

/** What is kept of a body in memory; the rest is counted and hashed. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024; // 16 MiB
const MAX_BODY_BYTES = 512 * 1024 * 1024; // 512 MiB
/** Bodies without an end: their headers are the answer. */
const ENDLESS = new Set(['text/event-stream', 'multipart/x-mixed-replace']);

/** One question and its answer over HTTP. */
export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Its beginning, at most 16 MiB; empty when it has no end. */
  readonly body: Buffer;
  readonly answer: HttpAnswer;
}

/**
 * Asks a published port of a container.
 * @throws TareError E_LIMIT when the body is larger than 512 MiB; Node's own errors of connections, and of the signal
 */
export async function exchange(probe: HttpProbe, published: PortMapping, signal: AbortSignal): Promise<Exchange> {
  const response = await ask(probe, published, signal);
  const status = response.statusCode ?? 0;
  const { headers } = response;
  if (ENDLESS.has(mediaTypeOf(headers['content-type']))) {
    response.destroy();
    return { status, headers, body: Buffer.alloc(0), answer: httpAnswer(status, headers, undefined) };
  }
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let size = 0;
  let room = MAX_KEPT_BYTES;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new TareError('E_LIMIT', `the answer is larger than ${MAX_BODY_BYTES} bytes`);
    hash.update(chunk);
    if (room > 0) kept.push(chunk.subarray(0, room));
    room -= Math.min(room, chunk.length);
  }
  const body = Buffer.concat(kept);
  return { status, headers, body, answer: httpAnswer(status, headers, bodyAnswerOf(body, size, hash)) };
}

function ask(probe: HttpProbe, published: PortMapping, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: published.address ?? '127.0.0.1',
      port: published.host,
      method: probe.method ?? 'GET',
      path: probe.path,
      agent: false,
      signal,
      // The container's own port, so that redirects and generated addresses do not depend on the host's free ports.
      headers: { host: `localhost:${probe.port}`, ...probe.requestHeaders },
    });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(probe.requestBody);
  });
}
