import type { ServerResponse } from 'node:http';
import type { RegistryError, ResponseHeaders } from '../errors.ts';

/** On all answers, errors too: docker's clients look for it. */
const COMMON: ResponseHeaders = {
  'Docker-Distribution-API-Version': 'registry/2.0',
  'X-Content-Type-Options': 'nosniff',
};

export interface Answer {
  readonly status: number;
  readonly headers?: ResponseHeaders;
  /** Sent as it is; its length is announced for HEAD too. */
  readonly body?: string | Uint8Array;
}

export function writeHead(res: ServerResponse, status: number, headers: ResponseHeaders): void {
  for (const [name, value] of Object.entries({ ...COMMON, ...headers }))
    res.setHeader(name, typeof value === 'object' ? [...value] : value);
  res.writeHead(status);
}

export function send(res: ServerResponse, answer: Answer): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body, 'utf8') : answer.body;
  // 204 and 304 have no body and must not speak of one (RFC 9110, 8.6).
  const hasLength = answer.status !== 204 && answer.status !== 304;
  writeHead(res, answer.status, {
    ...(hasLength ? { 'Content-Length': body?.length ?? 0 } : {}),
    ...answer.headers,
  });
  // For HEAD, Node leaves the body away.
  res.end(body);
}

export function sendJson(res: ServerResponse, value: unknown, headers: ResponseHeaders = {}): void {
  send(res, {
    status: 200,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: `${JSON.stringify(value)}\n`,
  });
}

export function sendError(res: ServerResponse, error: RegistryError): void {
  send(res, {
    status: error.status,
    headers: { 'Content-Type': 'application/json', ...error.headers },
    body: error.body(),
  });
}

/** RFC 9110 dropped the header, distribution-spec 1.1 ("Warnings") keeps it, for clients to show to people. */
export function warning(text: string): ResponseHeaders {
  return { Warning: `299 - "${text.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"` };
}
