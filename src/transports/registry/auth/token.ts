import { TareError } from '../../../base/error.ts';
import { collectBytes } from '../../../base/streams.ts';
import { failureOf } from '../failures.ts';
import { followed } from '../redirects.ts';
import { Fault, isPassing, retryAfterIn, retrying } from '../retry.ts';
import type { Credentials, Pacing } from '../types.ts';
import { shownUrl } from '../broken.ts';
import type { Answer, Sending } from '../wire.ts';
import { basicHeader } from './basic.ts';

/** A token that opens some scopes for some time. */
export interface Token {
  readonly text: string;
  readonly scopes: readonly string[];
  /** ms since the epoch. */
  readonly issued: number;
  readonly expires: number;
}

export interface TokenRequest {
  /** The registry that sent us here, host[:port]. */
  readonly registry: string;
  /** Its own requests are encrypted. */
  readonly secure: boolean;
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  readonly send: (url: URL, sending: Sending) => Promise<Answer>;
  readonly pacing: Pacing;
  readonly signal: AbortSignal;
}

const MAX_ANSWER_BYTES = 256 * 1024; // 256 KiB
const MAX_TOKEN_CHARS = 64 * 1024;
/** What the specification has a token last when its server says nothing. */
const DEFAULT_LIFE_S = 60;
const CLIENT_ID = 'tare';

/**
 * Asks a token server: distribution docs/spec/auth/token.md (GET), and with an identity token oauth.md (POST).
 * @throws TareError E_AUTH when it refuses; E_REGISTRY when it does not answer as a token server does
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const { pacing, registry, scopes, signal } = request;
  const realm = realmUrl(request);
  const { credentials } = request;
  const identity = credentials !== undefined && 'identityToken' in credentials ? credentials.identityToken : undefined;
  return retrying(pacing, signal, async () => {
    const answer =
      identity === undefined ? await ask(realm, request) : await exchangeIdentity(realm, request, identity);
    if (answer.status === 200) return tokenOf(await bodyOf(answer), scopes, request);
    const asked = { what: 'a token', registry, authorised: credentials !== undefined };
    const error = await failureOf(answer, asked);
    // Whatever a token server means by 400 and 404, it means that there is no token.
    const mapped = ['E_IMAGE_NOT_FOUND', 'E_DENIED'].includes(error.code)
      ? new TareError('E_AUTH', error.message, { hint: `log in again: \`tare login ${registry}\`` })
      : error;
    if (isPassing(answer.status)) throw new Fault(mapped, retryAfterIn(answer, pacing));
    throw mapped;
  });
}

function realmUrl({ realm, registry, secure }: TokenRequest): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const isHttp = url?.protocol === 'http:';
  if (url === undefined || (!isHttp && url.protocol !== 'https:'))
    throw new TareError('E_REGISTRY', `${registry} names no address to get a token from`);
  if (isHttp && secure)
    throw new TareError('E_REGISTRY', `${registry} asks for credentials at ${shownUrl(url)}, which is not encrypted`);
  return url;
}

function ask(realm: URL, { credentials, scopes, send, service, signal }: TokenRequest): Promise<Answer> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const header = credentials === undefined ? undefined : basicHeader(credentials);
  if (header !== undefined) url.searchParams.set('client_id', CLIENT_ID);
  return followed(url, (at) =>
    send(at, {
      method: 'GET',
      signal,
      headers: {
        accept: 'application/json',
        ...(header === undefined || at.origin !== realm.origin ? {} : { authorization: header }),
      },
    }),
  );
}

function exchangeIdentity(realm: URL, request: TokenRequest, identity: string): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    service: request.service ?? '',
    client_id: CLIENT_ID,
    scope: request.scopes.join(' '),
    refresh_token: identity,
  });
  return request.send(realm, {
    method: 'POST',
    signal: request.signal,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString(), 'utf8'),
  });
}

async function bodyOf(answer: Answer): Promise<string> {
  return (await collectBytes(answer.body, MAX_ANSWER_BYTES, 'the answer of the token server')).toString('utf8');
}

function tokenOf(text: string, scopes: readonly string[], { pacing, realm, registry }: TokenRequest): Token {
  const unreadable = (why: string): TareError =>
    new TareError(
      'E_REGISTRY',
      `${registry} sends for a token to ${shownUrl(new URL(realm))}, which gives none: ${why}`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable('its answer is not JSON');
    throw error;
  }
  if (typeof value !== 'object' || value === null) throw unreadable('its answer is no object');
  const { access_token: access, expires_in: life, token } = value as Readonly<Record<string, unknown>>;
  const found = [token, access].find((item) => typeof item === 'string' && item !== '') as string | undefined;
  if (found === undefined) throw unreadable('its answer has neither token nor access_token');
  // A header that could be split would smuggle another one in.
  if (found.length > MAX_TOKEN_CHARS || !/^[\x21-\x7e]+$/.test(found)) throw unreadable('its token cannot be sent');
  const seconds = typeof life === 'number' && life > 0 ? life : DEFAULT_LIFE_S;
  const issued = pacing.now();
  return { text: found, scopes, issued, expires: issued + seconds * 1000 };
}
