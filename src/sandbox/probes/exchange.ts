import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { TareError } from '../../base/error.ts';
import type { HttpProbe, PortMapping } from '../types.ts';
import { httpAnswer, mediaTypeOf } from './answer.ts';
import { readBody, type BodyRoom } from './body-answer.ts';
import type { HttpAnswer } from './types.ts';

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
 * Asks a published port of a container. What is kept of its answers for comparison takes `room`.
 * @throws TareError E_LIMIT when the body is larger than 512 MiB; Node's own errors of connections, and of the signal
 */
export async function exchange(
  probe: HttpProbe,
  published: PortMapping,
  signal: AbortSignal,
  room?: BodyRoom,
): Promise<Exchange> {
  const response = await ask(probe, published, signal);
  const status = response.statusCode ?? 0;
  const { headers } = response;
  if (ENDLESS.has(mediaTypeOf(headers['content-type']))) {
    response.destroy();
    return { status, headers, body: Buffer.alloc(0), answer: httpAnswer(status, headers, undefined) };
  }
  const reader = readBody(room);
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new TareError('E_LIMIT', `the answer is larger than ${MAX_BODY_BYTES} bytes`);
    reader.add(chunk);
  }
  const { answer, body } = reader.done();
  return { status, headers, body, answer: httpAnswer(status, headers, answer) };
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
