import { isTareError, errnoOf } from '../../base/error.ts';

/** The codes of distribution-spec 1.1, "Error Codes", and UNKNOWN, which registries say when it is their own fault. */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'UNKNOWN';

export type ResponseHeaders = Readonly<Record<string, string | number | readonly string[]>>;

export interface RegistryErrorOptions {
  readonly status: number;
  readonly detail?: unknown;
  readonly headers?: ResponseHeaders;
}

/** What a client is told; anything else that a handler throws becomes a 500 without details. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  readonly status: number;
  readonly detail: unknown;
  readonly headers: ResponseHeaders;

  constructor(code: RegistryErrorCode, message: string, options: RegistryErrorOptions) {
    super(message);
    this.name = 'RegistryError';
    this.code = code;
    this.status = options.status;
    this.detail = options.detail;
    this.headers = options.headers ?? {};
  }

  /** distribution-spec 1.1, "Error Codes": the one form of all bodies of errors. */
  body(): string {
    const { code, message, detail } = this;
    return `${JSON.stringify({ errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] })}\n`;
  }
}

/** How a failure of this machine looks from outside: no paths, no stack. */
export function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (isTareError(error, 'E_LOCKED'))
    return new RegistryError('UNKNOWN', 'the storage is being cleaned up: try again', {
      status: 503,
      headers: { 'Retry-After': 5 },
    });
  if (isTareError(error, 'E_NO_SPACE') || ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? ''))
    return new RegistryError('UNKNOWN', 'the disk of the registry is full', { status: 507 });
  return new RegistryError('UNKNOWN', 'the registry failed', { status: 500 });
}
