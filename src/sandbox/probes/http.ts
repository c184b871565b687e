import type { IncomingHttpHeaders } from 'node:http';
import { withDeadline } from '../../base/deadline.ts';
import { isTareError } from '../../base/error.ts';
import type { HttpProbe } from '../types.ts';
import { exchange, type Exchange } from './exchange.ts';
import { missingFrom } from './json-difference.ts';
import { suitsStatus, wantedStatus } from './status.ts';
import type { Attempt, ProbeKind } from './types.ts';

export const httpProbe: ProbeKind<{ readonly http: HttpProbe }> = {
  name: ({ http }) => `http ${http.method ?? 'GET'} ${http.port}${http.path}`,
  async attempt({ http }, { room, running, signal, timeoutMs }) {
    const published = running.ports.find((mapping) => mapping.container === http.port);
    if (published === undefined) return { ok: false, detail: `port ${http.port} is not published`, final: true };
    let late = false;
    try {
      return await withDeadline(signal, timeoutMs, async (limit) => {
        limit.addEventListener('abort', () => (late = true), { once: true });
        return judge(http, await exchange(http, published, limit, room));
      });
    } catch (error) {
      if (signal.aborted) return { ok: false, detail: 'interrupted' };
      if (late) return { ok: false, detail: `no answer within ${Math.round(timeoutMs)} ms`, late: true };
      return { ok: false, detail: isTareError(error) ? error.message : reasonOf(error) };
    }
  },
};

function judge(probe: HttpProbe, { answer, body, headers, status }: Exchange): Attempt {
  const detail = complaint(probe, status, headers, body);
  return detail === undefined ? { ok: true, answer } : { ok: false, detail, answer };
}

function complaint(probe: HttpProbe, status: number, headers: IncomingHttpHeaders, body: Buffer): string | undefined {
  if (!suitsStatus(probe.status, status)) return `status: expected ${wantedStatus(probe.status)}, got ${status}`;
  for (const [name, wanted] of Object.entries(probe.headers ?? {})) {
    const value = headers[name.toLowerCase()];
    const got = Array.isArray(value) ? value.join(', ') : value;
    if (got !== wanted)
      return `header ${name}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got) ?? 'none'}`;
  }
  if (probe.body !== undefined && !body.includes(probe.body))
    return `body: expected ${JSON.stringify(probe.body)} in ${JSON.stringify(body.toString('utf8', 0, 200))}`;
  if (probe.json === undefined) return undefined;
  const json = jsonOf(body);
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
