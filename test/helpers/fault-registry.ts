import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request as it came, with what was known before its body. */
export interface Seen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export type Respond = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface Fault {
  readonly method?: string;
  readonly path?: RegExp;
  /** How often; default once. */
  readonly times?: number;
  /** Instead of the registry's own answer; undefined: the answer is given, but for what `cut` says. */
  readonly respond?: Respond;
  /** The connection is cut after so many bytes of the body: that of a GET on its way out, that of a PUT or PATCH on its way in. */
  readonly cut?: number;
}

export interface FaultRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** By `REPOSITORY@REFERENCE`. */
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  /** Bytes of uploads that have not ended. */
  readonly uploads: Map<string, Buffer>;
  readonly seen: readonly Seen[];
  fault(fault: Fault): void;
}

export interface FaultRegistryOptions {
  /** Answers the referrers API and notes subjects. */
  readonly referrers?: boolean;
  readonly noRanges?: boolean;
  /** Requests without what this accepts get 401 with the challenge. */
  readonly auth?: { readonly challenge: (host: string) => string; readonly accepts: (header: string) => boolean };
  /** Tags on a page. */
  readonly page?: number;
  /** Asked for chunks, in bytes. */
  readonly minChunk?: number;
}

/** A registry in memory that breaks where it is told to. It is gone when the test ends. */
export async function faultRegistry(options: FaultRegistryOptions = {}): Promise<FaultRegistry> {
  const seen: Seen[] = [];
  const faults: { readonly fault: Fault; left: number }[] = [];
  const state: State = { blobs: new Map(), manifests: new Map(), uploads: new Map(), options };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    seen.push({ method: request.method ?? '', path, headers: request.headers });
    const found = faults.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.method === undefined || fault.method === request.method) &&
        (fault.path === undefined || fault.path.test(path)),
    );
    if (found !== undefined) found.left -= 1;
    const fault = found?.fault;
    const work = async (): Promise<void> => {
      if (fault?.respond !== undefined) return fault.respond(request, response);
      if (options.auth !== undefined && !options.auth.accepts(request.headers.authorization ?? '')) {
        request.resume();
        const challenge = options.auth.challenge(request.headers.host ?? '');
        return json(response, 401, errors('UNAUTHORIZED'), { 'www-authenticate': challenge });
      }
      return answer(state, request, response, fault?.cut);
    };
    work().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...state,
    seen,
    fault: (fault) => faults.push({ fault, left: fault.times ?? 1 }),
  };
}

/** An answer with a body and nothing else. */
export function respond(status: number, body: string | Buffer = '', headers: Record<string, string> = {}): Respond {
  return (request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };
}

export const errors = (code: string, message = ''): unknown => ({ errors: [{ code, message }] });

export function sha(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

interface State extends Pick<FaultRegistry, 'blobs' | 'manifests' | 'uploads'> {
  readonly options: FaultRegistryOptions;
}

function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** What came of a body: all of it, or what came before the cut, which ends the connection. */
async function bodyOf(request: IncomingMessage, cut: number | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (cut !== undefined && size >= cut) return Buffer.concat(chunks).subarray(0, cut);
  }
  return Buffer.concat(chunks);
}

async function answer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  cut: number | undefined,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry');
  const upload = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/.exec(url.pathname);
  const blob = /^\/v2\/(.+)\/blobs\/(sha\d+:\w+)$/.exec(url.pathname);
  const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
  const referrers = /^\/v2\/(.+)\/referrers\/([^/]+)$/.exec(url.pathname);
  const tags = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname);
  if (upload !== null)
    return uploads(state, request, response, { url, id: upload[2] ?? '', repository: upload[1] ?? '', cut });
  const body = await bodyOf(request, undefined);
  if (url.pathname === '/v2/') return json(response, 200, {});
  if (blob !== null) return blobs(state, request, response, blob[2] ?? '', cut);
  if (manifest !== null)
    return manifests(state, request, response, { repository: manifest[1] ?? '', reference: manifest[2] ?? '', body });
  if (referrers !== null && state.options.referrers === true)
    return listReferrers(state, response, referrers[1] ?? '', referrers[2] ?? '');
  if (tags !== null) return listTags(state, response, url, tags[1] ?? '');
  return json(response, 404, errors('NOT_FOUND'));
}

function blobs(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  digest: string,
  cut: number | undefined,
): void {
  const bytes = state.blobs.get(digest);
  if (bytes === undefined) return json(response, 404, errors('BLOB_UNKNOWN'));
  if (request.method === 'DELETE') {
    state.blobs.delete(digest);
    return void response.writeHead(202).end();
  }
  const range = state.options.noRanges === true ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const from = Number(range?.[1] ?? 0);
  const part = bytes.subarray(from, range?.[2] ? Number(range[2]) + 1 : undefined);
  response.writeHead(range === null ? 200 : 206, {
    'content-length': String(part.length),
    'docker-content-digest': digest,
    ...(range === null ? {} : { 'content-range': `bytes ${from}-${from + part.length - 1}/${bytes.length}` }),
  });
  if (request.method === 'HEAD') return void response.end();
  if (cut === undefined || cut >= part.length) return void response.end(part);
  response.write(part.subarray(0, cut), () => response.destroy());
}

async function uploads(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  asked: { readonly url: URL; readonly id: string; readonly repository: string; readonly cut: number | undefined },
): Promise<void> {
  const { id, repository, url } = asked;
  const place = (name: string): Record<string, string> => ({
    location: `/v2/${repository}/blobs/uploads/${name}?state=a%2Fb`,
    ...((state.uploads.get(name)?.length ?? 0) > 0 ? { range: `0-${(state.uploads.get(name)?.length ?? 0) - 1}` } : {}),
  });
  if (request.method === 'POST') {
    request.resume();
    const mount = url.searchParams.get('mount') ?? '';
    if (state.blobs.has(mount) && url.searchParams.has('from')) return void response.writeHead(201).end();
    const name = randomUUID();
    state.uploads.set(name, Buffer.alloc(0));
    const least = state.options.minChunk;
    response.writeHead(202, {
      ...place(name),
      ...(least === undefined ? {} : { 'oci-chunk-min-length': String(least) }),
    });
    return void response.end();
  }
  const held = state.uploads.get(id);
  if (held === undefined) return json(response, 404, errors('BLOB_UPLOAD_UNKNOWN'));
  if (url.searchParams.get('state') !== 'a/b') return json(response, 400, errors('BLOB_UPLOAD_INVALID', 'no state'));
  if (request.method === 'GET') return void response.writeHead(204, place(id)).end();
  const start = /^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1];
  if (start !== undefined && Number(start) !== held.length) return void response.writeHead(416, place(id)).end();
  const body = await bodyOf(request, asked.cut);
  const whole = Buffer.concat([held, body]);
  state.uploads.set(id, whole);
  if (asked.cut !== undefined) return void request.socket.destroy();
  if (request.method === 'PATCH') return void response.writeHead(202, place(id)).end();
  const digest = url.searchParams.get('digest') ?? '';
  if (sha(whole) !== digest) return json(response, 400, errors('DIGEST_INVALID'));
  state.uploads.delete(id);
  state.blobs.set(digest, whole);
  response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest }).end();
}

function manifests(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  { body, reference, repository }: { readonly repository: string; readonly reference: string; readonly body: Buffer },
): void {
  const key = `${repository}@${reference}`;
  if (request.method === 'PUT') {
    const entry = { mediaType: request.headers['content-type'] ?? '', bytes: body };
    state.manifests.set(key, entry);
    state.manifests.set(`${repository}@${sha(body)}`, entry);
    const subject = (JSON.parse(body.toString('utf8')) as { subject?: { digest: string } }).subject?.digest;
    const noted = subject !== undefined && state.options.referrers === true;
    response.writeHead(201, { 'docker-content-digest': sha(body), ...(noted ? { 'oci-subject': subject } : {}) });
    return void response.end();
  }
  const found = state.manifests.get(key);
  if (found === undefined) return json(response, 404, errors('MANIFEST_UNKNOWN', `no ${reference}`));
  if (request.method === 'DELETE') {
    state.manifests.delete(key);
    return void response.writeHead(202).end();
  }
  response.writeHead(200, {
    'content-type': found.mediaType,
    'content-length': String(found.bytes.length),
    'docker-content-digest': sha(found.bytes),
  });
  response.end(request.method === 'HEAD' ? undefined : found.bytes);
}

function listReferrers(state: State, response: ServerResponse, repository: string, digest: string): void {
  const own = [...state.manifests].filter(([key]) => key.startsWith(`${repository}@sha256:`));
  const found = own.flatMap(([, { bytes, mediaType }]) => {
    const document = JSON.parse(bytes.toString('utf8')) as { subject?: { digest: string }; artifactType?: string };
    if (document.subject?.digest !== digest) return [];
    return [{ mediaType, digest: sha(bytes), size: bytes.length, artifactType: document.artifactType }];
  });
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: found };
  json(response, 200, index, { 'content-type': index.mediaType });
}

function listTags(state: State, response: ServerResponse, url: URL, repository: string): void {
  const all = [...state.manifests.keys()]
    .filter((key) => key.startsWith(`${repository}@`) && !key.includes('@sha256:'))
    .map((key) => key.slice(repository.length + 1))
    .sort();
  const last = url.searchParams.get('last') ?? '';
  const left = all.filter((tag) => tag > last);
  const page = left.slice(0, state.options.page ?? Number(url.searchParams.get('n') ?? 100));
  const next = `</v2/${repository}/tags/list?n=${page.length}&last=${page.at(-1) ?? ''}>; rel="next"`;
  json(response, 200, { name: repository, tags: page }, left.length > page.length ? { link: next } : {});
}
