import { isTareError } from '../../../base/error.ts';
import type { Credentials, Pacing } from '../types.ts';
import type { Answer, Sending } from '../wire.ts';
import { basicHeader } from './basic.ts';
import type { Challenge } from './challenge.ts';
import { covers, scopeTexts, type Scope } from './scope.ts';
import { fetchToken, type Token } from './token.ts';

/** Opens the doors of one registry. Everything that it knows stays in memory. */
export interface Authorizer {
  /** The `Authorization` for a request of these scopes; undefined when the registry wants none, or there is nothing to show. */
  header(scopes: readonly Scope[], signal: AbortSignal): Promise<string | undefined>;
  /**
   * Takes note of what a 401 asked for.
   * @param refused the header that did not do
   * @returns whether another attempt may succeed
   */
  challenged(challenges: readonly Challenge[], refused: string | undefined): boolean;
}

export interface AuthorizerOptions {
  readonly registry: string;
  /** Whether the registry is reached in an encrypted way. */
  readonly secure: () => boolean;
  /** For a repository; undefined for the registry as a whole. */
  readonly credentials: (repository: string | undefined) => Promise<Credentials | undefined>;
  readonly send: (url: URL, sending: Sending) => Promise<Answer>;
  readonly pacing: Pacing;
}

/** A token that has less than this to live, and less than half of its life, is not used any more. */
const SPARE_MS = 10_000;

type Way =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service: string | undefined };

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { pacing } = options;
  const tokens: Token[] = [];
  const asking = new Map<string, Promise<Token>>();
  let way: Way | undefined;
  /** Scopes that the registry asked for by itself. */
  let demanded: readonly string[] = [];

  const isFresh = (token: Token): boolean => {
    const left = token.expires - pacing.now();
    return left > SPARE_MS || left > (token.expires - token.issued) / 2;
  };

  const bearer = async (
    chosen: Extract<Way, { scheme: 'bearer' }>,
    scopes: readonly Scope[],
    signal: AbortSignal,
  ): Promise<string> => {
    const credentials = await options.credentials(scopes[0]?.repository);
    if (credentials !== undefined && 'registryToken' in credentials) return credentials.registryToken;
    const wanted = scopeTexts(scopes, relevant(demanded, scopes));
    const key = wanted.join(' ');
    for (;;) {
      const known = tokens.find((token) => isFresh(token) && covers(token.scopes, wanted));
      if (known !== undefined) return known.text;
      const running = asking.get(key);
      if (running === undefined) break;
      const token = await unlessStopped(running, signal);
      if (token !== undefined) return token.text;
    }
    const started = fetchToken({
      registry: options.registry,
      secure: options.secure(),
      realm: chosen.realm,
      service: chosen.service,
      scopes: wanted,
      credentials,
      send: options.send,
      pacing,
      signal,
    });
    asking.set(key, started);
    try {
      const token = await started;
      tokens.unshift(token);
      return token.text;
    } finally {
      asking.delete(key);
    }
  };

  return {
    header: async (scopes, signal) => {
      if (way === undefined) return undefined;
      if (way.scheme === 'bearer') return `Bearer ${await bearer(way, scopes, signal)}`;
      const credentials = await options.credentials(scopes[0]?.repository);
      return credentials === undefined ? undefined : basicHeader(credentials);
    },
    challenged: (challenges, refused) => {
      const next = wayOf(challenges);
      if (next === undefined) return false;
      const before = way?.scheme;
      way = next.way;
      demanded = next.scopes;
      const token = /^Bearer (.*)$/s.exec(refused ?? '')?.[1];
      const held = tokens.findIndex((item) => item.text === token);
      if (held !== -1) tokens.splice(held, 1);
      // The same name and password will not do the next time either.
      return !(before === 'basic' && next.way.scheme === 'basic' && refused !== undefined);
    },
  };
}

/** What somebody else asked for; undefined when that one was stopped and we were not: then it is ours to ask. */
async function unlessStopped<T>(running: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await running;
  } catch (error) {
    if (isTareError(error, 'E_CANCELLED') && !signal.aborted) return undefined;
    throw error;
  }
}

/** Bearer before basic, as docker chooses. */
function wayOf(
  challenges: readonly Challenge[],
): { readonly way: Way; readonly scopes: readonly string[] } | undefined {
  for (const { parameters, scheme } of challenges) {
    const realm = parameters.get('realm');
    if (scheme !== 'bearer' || realm === undefined) continue;
    const scopes = (parameters.get('scope') ?? '').split(' ').filter((text) => text !== '');
    return { way: { scheme, realm, service: parameters.get('service') }, scopes };
  }
  if (challenges.some(({ scheme }) => scheme === 'basic')) return { way: { scheme: 'basic' }, scopes: [] };
  return undefined;
}

/** What was demanded for another repository is no business of this request. */
function relevant(demanded: readonly string[], scopes: readonly Scope[]): readonly string[] {
  const own = scopes.map(({ repository }) => `repository:${repository}:`);
  return demanded.filter((text) => !text.startsWith('repository:') || own.some((start) => text.startsWith(start)));
}
