import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, errors, request, type Dispatcher } from 'undici';
import type { Downstream } from './balancer.ts';
import { toDownstream, toUpstream, type Words } from './headers.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problem.ts';
import type { CompiledRoute } from './table.ts';

/** One request as a route has it. */
export interface Question {
  readonly method: string;
  /** Path and query for the downstream. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | undefined;
  readonly requestId: string;
  readonly requestIdKey: string;
  readonly words: Words;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Readable | Buffer;
}

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** The downstream, or what stands before it, says that it cannot answer now. */
const FAILING = new Set([502, 503, 504]);
/** Nobody reads it: for the log and the metrics. */
const GONE = 499;
const CONNECT_TIMEOUT_MS = 2000;
const FIRST_PAUSE_MS = 25;
const MAX_HEADER_BYTES = 32 * 1024; // 32 KiB

export function openAgent(): Agent {
  return new Agent({
    connections: 256,
    pipelining: 1,
    keepAliveTimeout: 4000,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    maxHeaderSize: MAX_HEADER_BYTES,
  });
}

/** Asks the downstreams of a route, again when that is harmless. @throws Problem 502, 503, 504 when none answers */
export async function forward(
  route: CompiledRoute,
  question: Question,
  { agent, metrics }: { readonly agent: Agent; readonly metrics: Metrics },
): Promise<Answer> {
  const retries = IDEMPOTENT.has(question.method) ? route.QoSOptions.Retries : 0;
  const tried = new Set<Downstream>();
  for (let attempt = 0; ; attempt++) {
    const downstream = route.balancer.take(tried);
    if (downstream === undefined) {
      metrics.rejected.inc({ route: route.UpstreamPathTemplate });
      const seconds = String(Math.ceil(route.balancer.retryAfterMs() / 1000));
      throw new Problem(503, 'no downstream can be reached', { 'retry-after': seconds });
    }
    tried.add(downstream);
    const isLast = attempt >= retries;
    try {
      const answer = await askOnce(route, downstream, question, { agent, metrics });
      if (isLast || !FAILING.has(answer.status)) return answer;
      answer.body.resume();
      answer.body.on('error', () => undefined);
    } catch (error) {
      if (isLast || question.signal.aborted) throw error;
    }
    metrics.retries.inc({ route: route.UpstreamPathTemplate });
    await sleep(FIRST_PAUSE_MS * 2 ** attempt, undefined, { signal: question.signal });
  }
}

async function askOnce(
  route: CompiledRoute,
  downstream: Downstream,
  question: Question,
  { agent, metrics }: { readonly agent: Agent; readonly metrics: Metrics },
): Promise<Answer & { readonly body: Readable }> {
  const { TimeoutValue } = route.QoSOptions;
  const ending = new AbortController();
  const leave = (): void => ending.abort();
  question.signal.addEventListener('abort', leave, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    ending.abort();
  }, TimeoutValue);
  const words = { ...question.words, DownstreamBaseUrl: downstream.origin };
  let isDone = false;
  const done = (ok: boolean | undefined, outcome?: string): void => {
    if (isDone) return;
    isDone = true;
    question.signal.removeEventListener('abort', leave);
    route.balancer.done(downstream, ok);
    if (outcome !== undefined) metrics.downstream.inc({ origin: downstream.origin, outcome });
  };
  try {
    const response = await request(downstream.origin + question.target, {
      dispatcher: agent,
      method: question.method as Dispatcher.HttpMethod,
      headers: {
        ...toDownstream(question.headers, route.UpstreamHeaderTransform, words),
        [question.requestIdKey]: question.requestId,
      },
      body: question.body ?? null,
      bodyTimeout: TimeoutValue,
      headersTimeout: TimeoutValue,
      signal: ending.signal,
    });
    const ok = !FAILING.has(response.statusCode);
    // A connection counts until its answer has been read.
    response.body.once('close', () => done(ok, `${Math.floor(response.statusCode / 100)}xx`));
    return {
      status: response.statusCode,
      headers: toUpstream(response.headers, route.DownstreamHeaderTransform, words),
      body: response.body,
    };
  } catch (error) {
    // That a client is gone says nothing about the downstream.
    if (question.signal.aborted) {
      done(undefined);
      throw new Problem(GONE, 'the client is gone', {}, error);
    }
    done(false, isLate ? 'timeout' : 'unreachable');
    throw problemOf(error, isLate);
  } finally {
    clearTimeout(timer);
  }
}

function problemOf(error: unknown, isLate: boolean): Problem {
  if (isLate || error instanceof errors.HeadersTimeoutError)
    return new Problem(504, 'the downstream did not answer in time', {}, error);
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
    return new Problem(502, 'the downstream answered with something that is not HTTP', {}, error);
  return new Problem(503, 'the downstream cannot be reached', { 'retry-after': '1' }, error);
}
