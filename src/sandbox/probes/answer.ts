import type { IncomingHttpHeaders } from 'node:http';
import { bodyAnswer, type BodyRoom } from './body-answer.ts';
import type { BodyAnswer, CommandAnswer, HttpAnswer } from './types.ts';

export { bodyAnswer } from './body-answer.ts';

const MAX_HEADER_LENGTH = 4096;

/**
 * The headers that tell a client how to go on: what the body is, where to ask next, what it may keep, how to log in. The others name the
 * server, its clock and its files' ages (`date`, `etag`, `last-modified`, `server`), or belong to one connection: they may differ.
 */
export const MATTERING_HEADERS = [
  'content-type',
  'location',
  'content-encoding',
  'content-language',
  'content-disposition',
  'cache-control',
  'www-authenticate',
  'allow',
  'access-control-allow-origin',
  'set-cookie',
] as const;

export function httpAnswer(status: number, headers: IncomingHttpHeaders, body: BodyAnswer | undefined): HttpAnswer {
  return { kind: 'http', status, headers: matteringHeaders(headers), ...(body === undefined ? {} : { body }) };
}

function matteringHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of MATTERING_HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    // The values of cookies are secrets and differ each time.
    const text = Array.isArray(value)
      ? value
          .map((cookie) => cookie.split('=', 1)[0]?.trim() ?? '')
          .sort()
          .join(', ')
      : value;
    found[name] = text.slice(0, MAX_HEADER_LENGTH);
  }
  return found;
}

export function commandAnswer(exit: number, stdout: string, stderr: string, room?: BodyRoom): CommandAnswer {
  return {
    kind: 'command',
    exit,
    stdout: bodyAnswer(Buffer.from(stdout, 'utf8'), room),
    stderr: bodyAnswer(Buffer.from(stderr, 'utf8'), room),
  };
}

/** Without parameters, lower case; empty when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
