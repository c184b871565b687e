import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createVerifier, TokenError } from 'fast-jwt';
import { ConfigError, type Provider, type Route } from './config.ts';
import { Problem } from './problem.ts';

/** Whether a token is good; what it claims. */
export type Verifier = (token: string) => Readonly<Record<string, unknown>>;

const MIN_SECRET_BYTES = 32;
const MAX_TOKEN = 8192;

/** @throws ConfigError when a key cannot be had, or is too weak */
export function verifiersOf(
  providers: Readonly<Record<string, Provider>>,
  env: NodeJS.ProcessEnv = process.env,
): ReadonlyMap<string, Verifier> {
  return new Map(
    Object.entries(providers).map(([name, provider]) => [
      name,
      verifierOf(provider, keyOf(provider, `$.AuthenticationProviders[${JSON.stringify(name)}]`, env)),
    ]),
  );
}

function keyOf({ Algorithm, KeyEnv, KeyFile }: Provider, at: string, env: NodeJS.ProcessEnv): string {
  const key = KeyFile === undefined ? env[KeyEnv ?? ''] : fileText(KeyFile, at);
  if (key === undefined || key === '') throw new ConfigError(`${at}.KeyEnv: the variable ${KeyEnv} is not set`);
  if (Algorithm === 'HS256' && Buffer.byteLength(key) < MIN_SECRET_BYTES)
    throw new ConfigError(`${at}: a secret for HS256 has at least ${MIN_SECRET_BYTES} bytes (RFC 7518, section 3.2)`);
  if (Algorithm === 'RS256' && !key.includes('-----BEGIN'))
    throw new ConfigError(`${at}: a key for RS256 is a public key or a certificate in PEM`);
  return key;
}

function fileText(file: string, at: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${at}.KeyFile: ${(error as Error).message}`);
  }
}

function verifierOf({ Algorithm, Audience, Issuer }: Provider, key: string): Verifier {
  // Only the algorithm that the key is for: a public key must never serve as the secret of HS256.
  return createVerifier({
    key,
    algorithms: [Algorithm],
    clockTolerance: 5000,
    cache: 1000,
    ...(Issuer === undefined ? {} : { allowedIss: Issuer }),
    ...(Audience === undefined ? {} : { allowedAud: Audience }),
  }) as Verifier;
}

/** Lets a request in, or @throws Problem 401, 403 */
export function authenticate(
  { AuthenticationOptions: options }: Route,
  authorization: string | undefined,
  verifiers: ReadonlyMap<string, Verifier>,
): void {
  if (options === undefined) return;
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization ?? '')?.[1];
  if (token === undefined || token.length > MAX_TOKEN)
    throw new Problem(401, 'a bearer token is needed', { 'www-authenticate': 'Bearer' });
  const claims = claimsOf(token, verifiers.get(options.AuthenticationProviderKey));
  const scopes = scopesOf(claims);
  if (options.AllowedScopes.length > 0 && !options.AllowedScopes.some((scope) => scopes.includes(scope)))
    throw new Problem(403, 'the token lacks the scope', { 'www-authenticate': 'Bearer error="insufficient_scope"' });
}

function claimsOf(token: string, verify: Verifier | undefined): Readonly<Record<string, unknown>> {
  try {
    if (verify !== undefined) return verify(token);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
  }
  throw new Problem(401, 'the token is not valid', { 'www-authenticate': 'Bearer error="invalid_token"' });
}

/** One text with spaces (RFC 8693, section 4.2), or a list. */
function scopesOf({ scope }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return typeof scope === 'string' ? scope.split(' ') : Array.isArray(scope) ? scope : [];
}
