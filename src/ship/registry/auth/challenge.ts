import { RegistryError } from '../errors.ts';

/** distribution-spec 1.1 leaves the challenge to RFC 9110, 11.6.1; what clients do with it is in docker's token specification. */
export function unauthorized(challenge: string, message = 'authentication is required'): RegistryError {
  return new RegistryError('UNAUTHORIZED', message, { status: 401, headers: { 'WWW-Authenticate': challenge } });
}

/** A value between quotes, whatever is in it. */
export function quoted(text: string): string {
  return `"${text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&')}"`;
}
