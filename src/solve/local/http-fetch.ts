import type { Dispatcher } from 'undici';
import { throwIfCancelled } from '../../base/context.ts';
import { errnoOf, TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';
import { VERSION } from '../../base/version.ts';
import { trustedCertificates } from '../../base/http-certificates.ts';
import { proxyFor, type Environment } from '../../base/http-proxy.ts';

const MAX_REDIRECTS = 10;
const CONNECT_TIMEOUT_MS = 30_000;
/** Until the answer begins, and between two pieces of it. */
const SILENCE_TIMEOUT_MS = 60_000;

export interface HttpAnswer {
  readonly status: number;
  /** Of the answer, by name in small letters; of several the first. */
  readonly header: (name: string) => string | undefined;
  readonly body: Bytes;
}

export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** For messages: without credentials, and without a query, which may be one. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * Asks for a URL, and gives the answer 200 or 304 to `use`; it cannot be read after that. Follows redirects, but never from https to http. Credentials that
 * stand in a URL go to its origin alone.
 * @throws TareError E_FETCH: what it could not get, from where, and why; E_CANCELLED; what `use` throws
 */
export async function fetchHttp<T>(request: HttpRequest, use: (answer: HttpAnswer) => Promise<T>): Promise<T> {
  const first = parsed(request.url);
  let login = { origin: first.origin, header: basicAuth(first) };
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const { origin } = url;
    const header = basicAuth(url) ?? (login.origin === origin ? login.header : undefined);
    login = { origin, header };
    const step = await once(url, { ...request, ...(header === undefined ? {} : { authorization: header }) }, use);
    if ('value' in step) return step.value;
    const next = parsed(new URL(step.location, url).href);
    if (url.protocol === 'https:' && next.protocol === 'http:')
      throw failed(url, `it is redirected to ${shownUrl(next)}, which is not encrypted`, 'ADD the address itself');
    url = next;
  }
  throw failed(first, `it is redirected more than ${MAX_REDIRECTS} times`);
}

function parsed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  const what = url === undefined ? 'what is no URL' : `an address of ${url.protocol}`;
  throw new TareError('E_FETCH', `cannot fetch ${what}: only http:// and https:// are known here`);
}

function basicAuth({ password, username }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${unescaped(username)}:${unescaped(password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

type Step<T> = { readonly value: T } | { readonly location: string };

async function once<T>(
  url: URL,
  { authorization, env, headers, signal }: HttpRequest & { readonly authorization?: string },
  use: (answer: HttpAnswer) => Promise<T>,
): Promise<Step<T>> {
  throwIfCancelled(signal);
  const { request } = await import('undici');
  const dispatcher = await dispatcherFor(url, env);
  try {
    const response = await told(url, signal, () =>
      request(`${url.origin}${url.pathname}${url.search}`, {
        dispatcher,
        signal,
        headers: {
          accept: '*/*',
          // The file as it is: what is packed comes unpacked from a server that means well.
          'accept-encoding': 'identity',
          'user-agent': `tare/${VERSION}`,
          ...headers,
          ...(authorization === undefined ? {} : { authorization }),
        },
      }),
    );
    const { body, statusCode: status } = response;
    try {
      const header = (name: string): string | undefined => [response.headers[name]].flat()[0];
      const location = header('location');
      if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) return { location: at(location, url) };
      if (status !== 200 && status !== 304) throw refused(url, status, authorization !== undefined);
      return { value: await use({ status, header, body: bodyOf(body, url, signal) }) };
    } finally {
      // Its error is that it was given up.
      body.on('error', () => undefined).destroy();
    }
  } finally {
    await dispatcher.destroy();
  }
}

function at(location: string, url: URL): string {
  if (URL.canParse(location, url.href)) return location;
  throw failed(url, 'it is redirected to what is no address');
}

async function dispatcherFor(url: URL, env: Environment): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const proxy = proxyFor(url, env);
  const secure = url.protocol === 'https:' || proxy?.startsWith('https:') === true;
  const ca = secure ? { ca: await trustedCertificates(env) } : {};
  const shared = { headersTimeout: SILENCE_TIMEOUT_MS, bodyTimeout: SILENCE_TIMEOUT_MS };
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...ca };
  if (proxy === undefined) return new Agent({ ...shared, connect });
  if (!URL.canParse(proxy))
    throw failed(url, 'the proxy of the environment is no URL', 'mend http_proxy and https_proxy');
  return new ProxyAgent({ ...shared, uri: proxy, requestTls: connect, proxyTls: connect, proxyTunnel: false });
}

async function* bodyOf(body: AsyncIterable<Uint8Array>, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await told(url, signal, () => chunks.next());
    if (next.done === true) return;
    yield next.value;
  }
}

/** What the HTTP client throws becomes E_FETCH; an abort becomes E_CANCELLED. */
async function told<T>(url: URL, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throwIfCancelled(signal);
    const code = errnoOf(error) ?? '';
    const why = error instanceof Error && error.message !== '' ? error.message : code;
    throw failed(url, why, HINTS.find(([pattern]) => pattern.test(`${code} ${why}`))?.[1], error);
  }
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'look at the name of the host, at the network, and at http_proxy and https_proxy'],
  [/CERT|SELF_SIGNED|UNABLE_TO/, 'set SSL_CERT_FILE to the certificate of the authority that signs for the host'],
  [/other side closed|CONTENT_LENGTH|HPE_/i, 'the connection broke in the middle: run the command again'],
  [/407/, 'the proxy wants credentials: http_proxy=http://NAME:PASSWORD@HOST:PORT'],
];

function refused(url: URL, status: number, hadLogin: boolean): TareError {
  const hint =
    status === 404 || status === 410
      ? 'look at the address'
      : status === 401 || status === 403
        ? `${hadLogin ? 'look at the credentials in the URL' : 'the host wants credentials'}; or get the file in a RUN step, with --mount=type=secret`
        : status === 407
          ? 'the proxy wants credentials: http_proxy=http://NAME:PASSWORD@HOST:PORT'
          : 'try again later';
  return failed(url, `the answer is ${status}`, hint);
}

export function failed(url: URL, why: string, hint?: string, cause?: unknown): TareError {
  return new TareError('E_FETCH', `cannot fetch ${shownUrl(url)}: ${why}`, {
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}
