import type { Warning } from '../../base/events.ts';
import { isTareError, TareError } from '../../base/error.ts';
import { createAuthorizer, type Authorizer } from './auth/authorizer.ts';
import { parseChallenges } from './auth/challenge.ts';
import type { Scope } from './auth/scope.ts';
import { isLoopback } from './endpoints.ts';
import { failureOf } from './failures.ts';
import type { Lines } from './lines.ts';
import { followed, redirected } from './redirects.ts';
import { Fault, isPassing, retryAfterIn, retrying } from './retry.ts';
import type { Credentials, Pacing } from './types.ts';
import { shownUrl } from './broken.ts';
import { exchange, type Answer, type Sending } from './wire.ts';

/** One request to a registry. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the API's root, `library/node/manifests/latest`; or an address that the registry has given. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Sending['body'];
  readonly scopes: readonly Scope[];
  /** Statuses that are an answer; any other is thrown. */
  readonly accept: readonly number[];
  /** For messages: `manifest 1.2 of library/node`. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** False where doing it twice is not the same as once; default true. */
  readonly repeatable?: boolean;
  /** How long the server may think, in ms. */
  readonly answerMs?: number;
  /** A GET of which much is expected. */
  readonly isBulk?: boolean;
}

/** One host that speaks the API. */
export interface Connection {
  /**
   * Authorised, redirected (GET and HEAD), tried again where that may help.
   * @throws TareError for every status that is not accepted; Fault when it is not repeatable and might have gone well
   */
  request(call: Call): Promise<Answer>;
  /** An address of the API; or one that the registry gave, as an address. */
  address(target: string | URL, signal: AbortSignal): Promise<URL>;
}

export interface ConnectionOptions {
  /** As in references, for messages and credentials. */
  readonly registry: string;
  /** host[:port] that is spoken to. */
  readonly host: string;
  readonly insecure: boolean;
  readonly lines: Lines;
  readonly credentials: (repository: string | undefined) => Promise<Credentials | undefined>;
  readonly pacing: Pacing;
  readonly warn: (warning: Warning) => void;
}

export function createConnection(options: ConnectionOptions): Connection {
  const { host, insecure, lines, pacing, registry } = options;
  let reached: Promise<URL> | undefined;
  let root: URL | undefined;

  const send = async (url: URL, sending: Sending): Promise<Answer> => {
    const own = root === undefined || url.host === root.host;
    return exchange(url, sending, await lines(url, insecure && own), pacing);
  };
  const authorizer: Authorizer = createAuthorizer({
    registry,
    secure: () => root?.protocol === 'https:',
    credentials: options.credentials,
    send,
    pacing,
  });

  /** What is said before anything secret is: how to reach the host, and what it wants to be shown. */
  const greet = async (url: URL, signal: AbortSignal, onAnswer: () => void = () => undefined): Promise<URL> => {
    const answer = await send(url, { method: 'GET', headers: {}, signal });
    onAnswer();
    if (isPassing(answer.status)) {
      const error = await failureOf(answer, { what: 'to be greeted', registry, authorised: false });
      throw new Fault(error, retryAfterIn(answer, pacing));
    }
    answer.discard();
    // How servers of Go and nginx answer plain HTTP where they speak TLS.
    if (answer.status === 400 && url.protocol === 'http:')
      throw new TareError('E_REGISTRY', `${shownUrl(url)} does not speak plain HTTP`);
    if (answer.status === 401) authorizer.challenged(parseChallenges(answer.headers('www-authenticate')), undefined);
    return url;
  };
  const reach = async (signal: AbortSignal): Promise<URL> => {
    const secure = new URL(`https://${host}/v2/`);
    const plain = new URL(`http://${host}/v2/`);
    if (!insecure && !isLoopback(host)) return retrying(pacing, signal, () => greet(secure, signal));
    // On this machine nobody listens in, and most registries here speak plain HTTP.
    const [first, second] = isLoopback(host) ? [plain, secure] : [secure, plain];
    let answered = false;
    try {
      return await greet(first, signal, () => (answered = true));
    } catch (error) {
      if (!mayBeOther(error)) throw error;
      // A server that is out of order speaks the right protocol all the same.
      const scheme = answered && error instanceof Fault ? first : second;
      return retrying(pacing, signal, () => greet(scheme, signal));
    }
  };
  const rootOf = async (signal: AbortSignal): Promise<URL> => {
    for (;;) {
      const running = (reached ??= reach(signal));
      try {
        root = await running;
        return root;
      } catch (error) {
        if (reached === running) reached = undefined;
        // Whoever was here first may have been stopped: that says nothing to the others.
        if (!isTareError(error, 'E_CANCELLED') || signal.aborted) throw error;
      }
    }
  };

  const address = async (target: string | URL, signal: AbortSignal): Promise<URL> => {
    const base = await rootOf(signal);
    return typeof target === 'string' ? new URL(target, base) : target;
  };

  /** Credentials go to the registry's own origin, and nowhere else. */
  const authorised = async (
    call: Call,
    url: URL,
    base: URL,
  ): Promise<{ readonly answer: Answer; readonly header: string | undefined }> => {
    const isOwn = url.origin === base.origin;
    for (let renewed = false; ; renewed = true) {
      const header = isOwn ? await authorizer.header(call.scopes, call.signal) : undefined;
      const answer = await send(url, {
        method: call.method,
        signal: call.signal,
        headers: { ...call.headers, ...(header === undefined ? {} : { authorization: header }) },
        ...(call.body === undefined ? {} : { body: call.body }),
        ...(call.answerMs === undefined ? {} : { answerMs: call.answerMs }),
        ...(call.isBulk === true ? { isBulk: true } : {}),
      });
      if (answer.status !== 401 || !isOwn || renewed) return { answer, header };
      if (!authorizer.challenged(parseChallenges(answer.headers('www-authenticate')), header))
        return { answer, header };
      if (header === undefined && (await authorizer.header(call.scopes, call.signal)) === undefined)
        return { answer, header };
      answer.discard();
    }
  };

  return {
    address,
    request: (call) => {
      const attempt = async (): Promise<Answer> => {
        const url = await address(call.target, call.signal);
        const base = await rootOf(call.signal);
        let shown = false;
        const ask = async (at: URL): Promise<Answer> => {
          const { answer, header } = await authorised(call, at, base);
          shown ||= header !== undefined;
          return answer;
        };
        const follows = call.method === 'GET' || call.method === 'HEAD';
        const answer = follows ? await followed(url, ask) : await ask(url);
        for (const text of answer.headers('warning')) warnOf(text, registry, options.warn);
        if (call.accept.includes(answer.status)) return answer;
        const error = await failureOf(answer, { what: call.what, registry, authorised: shown });
        if (!isPassing(answer.status)) throw error;
        throw new Fault(error, retryAfterIn(answer, pacing));
      };
      return call.repeatable === false ? attempt() : retrying(pacing, call.signal, attempt);
    },
  };
}

/** A certificate that is refused is no sign of plain HTTP: going on would hand over to whoever is in between. */
function mayBeOther(error: unknown): boolean {
  if (isTareError(error, 'E_TLS')) return !/is not trusted/.test(error.message);
  return error instanceof Fault || isTareError(error, 'E_REGISTRY');
}

const MAX_WARNING_CHARS = 300;

/** distribution-spec, "Warnings": `299 - "TEXT"`; others are for caches. */
function warnOf(text: string, registry: string, warn: (warning: Warning) => void): void {
  const match = /^\s*299 \S+ "((?:[^"\\]|\\.)*)"/.exec(text);
  if (match === null) return;
  const said = JSON.stringify((match[1] ?? '').replace(/\\(.)/g, '$1').slice(0, MAX_WARNING_CHARS)).slice(1, -1);
  warn({ code: 'registry', message: `${registry} says: ${said}` });
}

/** Where an upload goes on. @throws TareError E_REGISTRY when the answer does not say */
export function locationOf(answer: Answer, registry: string): URL {
  const location = answer.header('location');
  if (location === undefined)
    throw new TareError('E_REGISTRY', `${registry} does not say where the upload goes on: no Location`);
  return redirected(location, answer.url);
}
