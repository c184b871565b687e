import type { Credentials } from '../types.ts';

/** RFC 7617, in UTF-8. Undefined for credentials that are no name and password. */
export function basicHeader(credentials: Credentials): string | undefined {
  if (!('username' in credentials)) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64')}`;
}
