import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Digest } from '../../base/digest.ts';
import type { BodyAnswer, CommandAnswer, HttpAnswer } from './types.ts';

/** Longer bodies are compared by digest and size alone. */
const MAX_TEXT_BYTES = 64 * 1024; // 64 KiB
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

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function bodyAnswer(bytes: Uint8Array): BodyAnswer {
  return bodyAnswerOf(bytes, bytes.length, createHash('sha256').update(bytes));
}

/** `kept` is the beginning of the body, `size` the length of the whole in bytes, `hash` has seen all of it. */
export function bodyAnswerOf(kept: Uint8Array, size: number, hash: Hash): BodyAnswer {
  const digest: Digest = `sha256:${hash.digest('hex')}`;
  const text = kept.length === size ? textOf(kept) : undefined;
  return { size, digest, ...(text === undefined ? {} : { text }) };
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_TEXT_BYTES || bytes.includes(0)) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined; // Not UTF-8.
    throw error;
  }
}

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

export function commandAnswer(exit: number, stdout: string, stderr: string): CommandAnswer {
  return {
    kind: 'command',
    exit,
    stdout: bodyAnswer(Buffer.from(stdout, 'utf8')),
    stderr: bodyAnswer(Buffer.from(stderr, 'utf8')),
  };
}

/** Without parameters, lower case; empty when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
