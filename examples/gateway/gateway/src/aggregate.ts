import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { answerOf, type Means } from './answer.ts';
import { ERRORS_KEY } from './check-config.ts';
import type { Answer, Question } from './forward.ts';
import { Problem } from './problem.ts';
import type { State } from './state.ts';
import type { CompiledRoute } from './table.ts';

/** Of one part. */
const MAX_PART_BYTES = 1024 * 1024; // 1 MiB

type Part = { readonly key: string } & ({ readonly value: unknown } | { readonly status: number });

/**
 * Asks all routes at once: 200 with the JSON of each under its key; 207 when some fail, 502 when all do, and `errors` says which, with what status.
 * `questionFor` makes the question of each.
 */
export async function aggregate(
  parts: readonly { readonly key: string; readonly route: CompiledRoute }[],
  questionFor: (route: CompiledRoute) => Question,
  request: FastifyRequest,
  state: State,
  means: Means,
): Promise<Answer> {
  const asked = await Promise.all(
    parts.map(({ key, route }) => partOf(key, answerOf(route, questionFor(route), request, state, means))),
  );
  const errors = asked.flatMap((part) => ('status' in part ? [{ key: part.key, status: part.status }] : []));
  const merged = Object.fromEntries(asked.flatMap((part) => ('value' in part ? [[part.key, part.value]] : [])));
  const body = Buffer.from(JSON.stringify(errors.length === 0 ? merged : { ...merged, [ERRORS_KEY]: errors }));
  const status = errors.length === 0 ? 200 : errors.length === parts.length ? 502 : 207;
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}

async function partOf(key: string, asked: Promise<Answer>): Promise<Part> {
  try {
    const { body, status } = await asked;
    const bytes = Buffer.isBuffer(body) ? body : await read(body);
    if (status >= 400) return { key, status };
    return { key, value: bytes.length === 0 ? null : (JSON.parse(bytes.toString('utf8')) as unknown) };
  } catch (error) {
    return { key, status: error instanceof Problem ? error.status : 502 };
  }
}

async function read(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_PART_BYTES) throw new Problem(502, `a part is larger than ${MAX_PART_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
