import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { Agent } from 'undici';
import { authenticate } from './auth.ts';
import { forward, type Answer, type Question } from './forward.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problem.ts';
import type { State } from './state.ts';
import type { CompiledRoute } from './table.ts';

export interface Means {
  readonly agent: Agent;
  readonly metrics: Metrics;
}

/** What one route answers: who is asking, how often, what is known already, and only then the downstream. @throws Problem */
export async function answerOf(
  route: CompiledRoute,
  question: Question,
  request: FastifyRequest,
  state: State,
  means: Means,
): Promise<Answer> {
  authenticate(route, question.headers.authorization, state.verifiers);
  const exceeded = await state.limiters.get(route)?.(request);
  if (exceeded !== undefined)
    throw new Problem(429, 'too many requests', { 'retry-after': String(Math.max(1, exceeded.waitSeconds)) });
  if (route.FileCacheOptions === undefined || question.method !== 'GET') return forward(route, question, means);
  return cached(route, question, state, means, route.FileCacheOptions.TtlSeconds * 1000);
}

async function cached(
  route: CompiledRoute,
  question: Question,
  { cache }: State,
  means: Means,
  ttlMs: number,
): Promise<Answer> {
  const key = keyOf(route, question);
  const label = { route: route.UpstreamPathTemplate };
  const found = cache.get(key);
  means.metrics.cache.inc({ ...label, result: found === undefined ? 'miss' : 'hit' });
  if (found !== undefined) return { ...found.answer, headers: { ...found.answer.headers, age: String(found.age) } };
  const answer = await forward(route, question, means);
  if (answer.status !== 200 || !mayKeep(answer) || Buffer.isBuffer(answer.body)) return answer;
  const read = await readUpTo(answer.body, cache.maxEntryBytes);
  if (!Buffer.isBuffer(read)) return { ...answer, body: read };
  const whole = { status: answer.status, headers: answer.headers, body: read };
  cache.set(key, whole, ttlMs);
  return whole;
}

/** Everything that the answer may depend on; of a token only its digest is remembered. */
function keyOf({ UpstreamPathTemplate }: CompiledRoute, { headers, target }: Question): string {
  const { accept, 'accept-encoding': encoding, 'accept-language': language, authorization = '', cookie = '' } = headers;
  const who =
    authorization + cookie === '' ? '' : createHash('sha256').update(`${authorization}\n${cookie}`).digest('hex');
  return JSON.stringify([UpstreamPathTemplate, target, accept, encoding, language, who]);
}

const VARYING = new Set(['accept', 'accept-encoding', 'accept-language', 'authorization', 'cookie']);

function mayKeep({ headers }: Answer): boolean {
  const control = String(headers['cache-control'] ?? '').toLowerCase();
  const vary = String(headers['vary'] ?? '').toLowerCase();
  return (
    headers['set-cookie'] === undefined &&
    !/no-store|private|no-cache/.test(control) &&
    vary.split(',').every((name) => name.trim() === '' || VARYING.has(name.trim()))
  );
}

/** All of it; or, when it is longer than `max` bytes, a stream of the same bytes. */
export async function readUpTo(body: Readable, max: number): Promise<Buffer | Readable> {
  const chunks: Buffer[] = [];
  let size = 0;
  const rest = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size > max)
      return Readable.from(
        (async function* whole() {
          yield* chunks;
          for (let more = await rest.next(); more.done !== true; more = await rest.next()) yield more.value;
        })(),
        { objectMode: false },
      );
  }
  return Buffer.concat(chunks, size);
}
