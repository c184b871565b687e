import { ERROR_CODES, type ErrorCode, type ExitCode } from './error-codes.ts';

export interface TareErrorOptions {
  /** The command or setting that mends it; the table's own hint when omitted. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The only error that leaves a public function on bad input or a bad environment.
 * `message` says what failed, on which path or reference, and why; `hint` is the cure.
 */
export class TareError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exit: ExitCode;

  constructor(code: ErrorCode, message: string, options: TareErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TareError';
    this.code = code;
    this.hint = options.hint ?? ERROR_CODES[code].hint;
    this.exit = ERROR_CODES[code].exit;
  }
}

export function isTareError(error: unknown, code?: ErrorCode): error is TareError {
  return error instanceof TareError && (code === undefined || error.code === code);
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const ERRNO_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'E_PATH_NOT_FOUND',
  ENOTDIR: 'E_NOT_DIRECTORY',
  ELOOP: 'E_LOOP',
  EACCES: 'E_PERMISSION',
  EPERM: 'E_PERMISSION',
  ENOSPC: 'E_NO_SPACE',
  EDQUOT: 'E_NO_SPACE',
  EROFS: 'E_READ_ONLY',
  EEXIST: 'E_EXISTS',
};

/**
 * Turns a Node system error into a TareError that names what was being done; anything else (a TareError, an impossible state)
 * is returned as it is. Use as `throw fromErrno(error, 'cannot read /x')`.
 */
export function fromErrno(error: unknown, doing: string, options: TareErrorOptions = {}): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || error instanceof TareError) return error;
  if (!/^E[A-Z0-9]+$/.test(errno)) return error;
  return new TareError(ERRNO_CODES[errno] ?? 'E_IO', `${doing}: ${(error as Error).message}`, {
    cause: error,
    ...options,
  });
}
