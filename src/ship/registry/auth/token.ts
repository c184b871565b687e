import type { KeyObject } from 'node:crypto';
import { RegistryError } from '../errors.ts';
import { EVERYBODY } from './anonymous.ts';
import { quoted, unauthorized } from './challenge.ts';
import { verifyToken, type Claims } from './jwt.ts';
import type { Access, Principal, Wanted } from './types.ts';

export interface TokenOptions {
  /** Where clients get their tokens. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  readonly keys: readonly KeyObject[];
  readonly anonymousPull: boolean;
}

/** Bearer tokens of another server (docker's token specification, "Token Authentication Specification" and "Token Scope"). */
export function tokenAccess(options: TokenOptions): Access {
  const challenge = (wanted: Wanted, problem?: string): string =>
    [
      `Bearer realm=${quoted(options.realm)}`,
      `service=${quoted(options.service)}`,
      ...(wanted.kind === 'login' ? [] : [`scope=${quoted(scopeOf(wanted))}`]),
      ...(problem === undefined ? [] : [`error="${problem}"`]),
    ].join(',');

  return {
    check: async (req, wanted) => {
      const header = req.headers.authorization;
      if (header === undefined) {
        if (options.anonymousPull && wanted.kind === 'repository' && wanted.action === 'pull') return EVERYBODY;
        throw unauthorized(challenge(wanted));
      }
      const token = /^bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1];
      if (token === undefined) throw unauthorized(challenge(wanted));
      const expected = { keys: options.keys, issuer: options.issuer, audience: options.service };
      const claims = verifyToken(token, expected, Date.now() / 1000);
      if (typeof claims === 'string') throw unauthorized(challenge(wanted, 'invalid_token'), `the token is ${claims}`);
      const principal = principalOf(claims, options.anonymousPull);
      if (!mayDo(claims, wanted, options.anonymousPull)) {
        // With another scope it may: the client is to fetch a token for it (RFC 6750, 3.1).
        throw new RegistryError('DENIED', 'the token does not allow this', {
          status: 401,
          headers: { 'WWW-Authenticate': challenge(wanted, 'insufficient_scope') },
        });
      }
      return principal;
    },
  };
}

function scopeOf(wanted: Exclude<Wanted, { kind: 'login' }>): string {
  if (wanted.kind === 'catalog') return 'registry:catalog:*';
  // Clients that push read as well: one token for both saves them a second round.
  return `repository:${wanted.name}:${wanted.action === 'push' ? 'pull,push' : wanted.action}`;
}

function principalOf(claims: Claims, anonymousPull: boolean): Principal {
  const may = (name: string): boolean => mayDo(claims, { kind: 'repository', name, action: 'pull' }, anonymousPull);
  return { ...(typeof claims.sub === 'string' && claims.sub !== '' ? { name: claims.sub } : {}), mayPull: may };
}

function mayDo({ access }: Claims, wanted: Wanted, anonymousPull: boolean): boolean {
  if (wanted.kind === 'login') return true;
  const [type, name, action] =
    wanted.kind === 'catalog' ? ['registry', 'catalog', '*'] : ['repository', wanted.name, wanted.action];
  if (anonymousPull && action === 'pull') return true;
  return (
    Array.isArray(access) &&
    access.some((entry: unknown) => {
      if (entry === null || typeof entry !== 'object') return false;
      const { type: itsType, name: itsName, actions } = entry as Record<string, unknown>;
      return (
        itsType === type && itsName === name && Array.isArray(actions) && [action, '*'].some((a) => actions.includes(a))
      );
    })
  );
}
