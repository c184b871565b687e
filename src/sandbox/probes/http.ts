import type { IncomingHttpHeaders } from 'node:http';
import { withDeadline } from '../../base/deadline.ts';
import { isTareError } from '../../base/error.ts';
import type { HttpProbe } from '../types.ts';
import { exchange, type Exchange } from './exchange.ts';
import { missingFrom } from './json-difference.ts';
import { suitsStatus, wantedStatus } from './status.ts';
import type { Attempt, ProbeKind } from './types.ts';

/** Of a header's value in a message, in characters. */
const MAX_SHOWN = 200;

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
  const wrong = wrongHeaders(probe, headers);
  if (wrong.length > 0) return wrong.join('; ');
  if (probe.body !== undefined && !body.includes(probe.body))
    return `body: expected ${JSON.stringify(probe.body)} in ${JSON.stringify(body.toString('utf8', 0, 200))}`;
  if (probe.json === undefined) return undefined;
  const json = jsonOf(body);
  return json === undefined
    ? `body: expected JSON, got ${JSON.stringify(body.toString('utf8', 0, 200))}`
    : missingFrom(probe.json, json.value);
}

/** All of them: who mends one wants to know of the others. */
function wrongHeaders(probe: HttpProbe, headers: IncomingHttpHeaders): readonly string[] {
  const valueOf = (name: string): string | undefined => {
    const value = headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  const betraying = (probe.absentHeaders ?? []).flatMap((name) => {
    const got = valueOf(name);
    return got === undefined ? [] : [`header ${name}: expected none, got ${shown(got)}`];
  });
  const unlike = Object.entries(probe.headers ?? {}).flatMap(([name, wanted]) => {
    const got = valueOf(name);
    if (wanted === true ? got !== undefined : got === wanted) return [];
    const expected = wanted === true ? 'any value' : JSON.stringify(wanted);
    return [`header ${name}: expected ${expected}, got ${got === undefined ? 'none' : shown(got)}`];
  });
  return [...betraying, ...unlike];
}

/** The values are the server's: of long ones the beginning tells enough. */
function shown(value: string): string {
  return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
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
