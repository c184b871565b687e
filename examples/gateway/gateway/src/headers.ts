import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Belong to one connection (RFC 9110, section 7.6.1), or are said anew for the next one. */
const HOP_BY_HOP = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Tell what stands behind the gateway. */
const BETRAYING = new Set([
  'server',
  'via',
  'x-aspnet-version',
  'x-aspnetmvc-version',
  'x-generator',
  'x-powered-by',
  'x-runtime',
]);

/** Values for the placeholders of transforms: `RemoteIpAddress`, `BaseUrl`, `DownstreamBaseUrl`, `UpstreamHost`, `RequestId`. */
export type Words = Readonly<Record<string, string>>;

/** What is passed on of a request. */
export function toDownstream(
  headers: IncomingHttpHeaders,
  transforms: Words,
  words: Words,
): Record<string, string | string[]> {
  return transformed(endToEnd(headers), transforms, words);
}

/** What is passed on of an answer; the length stays, for a body that is passed on as it is. */
export function toUpstream(headers: IncomingHttpHeaders, transforms: Words, words: Words): OutgoingHttpHeaders {
  const kept = Object.entries(endToEnd(headers)).filter(([name]) => !BETRAYING.has(name) && name !== 'date');
  const length = headers['content-length'];
  return {
    ...transformed(Object.fromEntries(kept), transforms, words),
    ...(length === undefined ? {} : { 'content-length': length }),
  };
}

/** Without what `connection` names besides. */
function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || HOP_BY_HOP.has(name) || named.has(name) ? [] : [[name, value]],
    ),
  );
}

/** A transform is a new value, or `find, replace`; an empty one takes the header away. */
function transformed(
  headers: Readonly<Record<string, string | string[]>>,
  transforms: Words,
  words: Words,
): Record<string, string | string[]> {
  const out = { ...headers };
  for (const [name, transform] of Object.entries(transforms)) {
    const key = name.toLowerCase();
    const [find, replace] = transform.split(',', 2).map((part) => filled(part.trim(), words));
    const before = out[key];
    if (transform === '') delete out[key];
    else if (find !== undefined && replace === undefined) out[key] = find;
    else if (find !== undefined && typeof before === 'string') out[key] = before.replaceAll(find, replace ?? '');
  }
  return out;
}

function filled(text: string, words: Words): string {
  // What comes from a client must not begin a header of its own.
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => words[name]?.replace(/[^\t\x20-\x7e]/g, '') ?? whole);
}
