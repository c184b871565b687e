import { request, type IncomingMessage } from 'node:http';
import { isTareError } from '../../base/error.ts';
import { collectBytes } from '../../base/streams.ts';
import type { HttpProbe } from '../types.ts';
import { missingFrom } from './json-difference.ts';
import type { Attempt, ProbeAnswer, ProbeKind } from './types.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024; // 16 MiB
const FIRST_BAD_STATUS = 400;

export const httpProbe: ProbeKind<{ readonly http: HttpProbe }> = {
  name: ({ http }) => `http ${http.method ?? 'GET'} ${http.port}${http.path}`,
  async attempt({ http }, { running, signal, timeoutMs }) {
    const published = running.ports.find((mapping) => mapping.container === http.port);
    if (published === undefined) return { ok: false, detail: `port ${http.port} is not published`, final: true };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await ask(http, { host: published.address ?? '127.0.0.1', port: published.host }, limit);
      const body = await collectBytes(response, MAX_BODY_BYTES, 'the answer');
      return judge(http, response, body);
    } catch (error) {
      if (signal.aborted) return { ok: false, detail: 'interrupted' };
      if (limit.aborted) return { ok: false, detail: `no answer within ${Math.round(timeoutMs)} ms`, late: true };
      return { ok: false, detail: isTareError(error) ? error.message : reasonOf(error) };
    }
  },
};

function ask(probe: HttpProbe, where: { host: string; port: number }, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...where,
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

function judge(probe: HttpProbe, response: IncomingMessage, body: Buffer): Attempt {
  const status = response.statusCode ?? 0;
  const json = jsonOf(body);
  const answer: ProbeAnswer = {
    status,
    contentType: (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    ...(json === undefined ? {} : { json: json.value }),
  };
  const detail = complaint(probe, response, body, json);
  return detail === undefined ? { ok: true, answer } : { ok: false, detail, answer };
}

function complaint(
  probe: HttpProbe,
  response: IncomingMessage,
  body: Buffer,
  json: { readonly value: unknown } | undefined,
): string | undefined {
  const status = response.statusCode ?? 0;
  if (probe.status === undefined ? status >= FIRST_BAD_STATUS : status !== probe.status)
    return `status: expected ${probe.status ?? `below ${FIRST_BAD_STATUS}`}, got ${status}`;
  for (const [name, wanted] of Object.entries(probe.headers ?? {})) {
    const value = response.headers[name.toLowerCase()];
    const got = Array.isArray(value) ? value.join(', ') : value;
    if (got !== wanted)
      return `header ${name}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got) ?? 'none'}`;
  }
  if (probe.body !== undefined && !body.includes(probe.body))
    return `body: expected ${JSON.stringify(probe.body)} in ${JSON.stringify(body.toString('utf8', 0, 200))}`;
  if (probe.json === undefined) return undefined;
  return json === undefined
    ? `body: expected JSON, got ${JSON.stringify(body.toString('utf8', 0, 200))}`
    : missingFrom(probe.json, json.value);
}

function jsonOf(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body.toString('utf8')) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The relay resets a connection to a port that nobody listens on. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up/.test(message)
    ? `the connection was refused or broken off (${message})`
    : message;
}
