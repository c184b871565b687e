import { TareError } from './error.ts';
import type { ErrorCode } from './error-codes.ts';

/** An error on its way from one thread to another, where it would lose its class. */
export interface SentError {
  readonly message: string;
  /** Of a TareError. */
  readonly tare?: { readonly code: ErrorCode; readonly hint: string };
  /** `ENOSPC`, … of a Node system error. */
  readonly errno?: string;
}

export function sentError(error: unknown): SentError {
  if (error instanceof TareError) return { message: error.message, tare: { code: error.code, hint: error.hint } };
  if (!(error instanceof Error)) return { message: String(error) };
  const errno = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return errno === undefined ? { message: error.stack ?? error.message } : { message: error.message, errno };
}

/** The same error for this thread: a TareError, one with `code`, or a plain one for a state that should be impossible. */
export function receivedError({ errno, message, tare }: SentError): Error {
  if (tare !== undefined) return new TareError(tare.code, message, { hint: tare.hint });
  const error = new Error(message);
  return errno === undefined ? error : Object.assign(error, { code: errno });
}
