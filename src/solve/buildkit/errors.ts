import { errnoOf, TareError } from '../../base/error.ts';

/** Of what a daemon says: enough for the longest command line that anybody reads. */
const MAX_MESSAGE_CHARS = 4096;

/** google.golang.org/grpc codes. */
export const GRPC = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The status of a gRPC call that failed, or undefined. */
export function statusOf(error: unknown): { readonly code: number; readonly details: string } | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('details' in error)) return undefined;
  if (typeof error.code !== 'number' || typeof error.details !== 'string') return undefined;
  return { code: error.code, details: error.details };
}

/** An error that a daemon which calls us is told, with its gRPC code. */
export function refusalError(code: number, message: string): Error {
  return Object.assign(new Error(message), { refusal: { code, details: message } });
}

/** What the daemon is told of an error: it ends up in the message of the build. */
export function refusalOf(error: unknown): { readonly code: number; readonly details: string } {
  if (error instanceof Error && 'refusal' in error) return error.refusal as ReturnType<typeof refusalOf>;
  const details = error instanceof TareError ? `${error.code} ${error.message}` : 'the client failed';
  return { code: GRPC.FAILED_PRECONDITION, details };
}

/** Text of a daemon without control characters, cut to a length that can be shown. */
export function shownText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const plain = text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '').trim();
  return plain.length <= MAX_MESSAGE_CHARS ? plain : `${plain.slice(0, MAX_MESSAGE_CHARS)}…`;
}

/** Errors of reaching and asking a daemon, with the cure; anything else is returned as it is. `words`: what a command on the way said. */
export function engineError(error: unknown, address: string, words: string): unknown {
  const errno = errnoOf(error);
  const status = statusOf(error);
  const details = status?.details ?? (errno === undefined ? '' : (error as Error).message);
  const make = (message: string, hint: string): TareError =>
    new TareError('E_ENGINE', `the BuildKit daemon at ${address} ${message}`, { hint, cause: error });
  if (errno === undefined && status === undefined) return error;
  if (/^spawn docker ENOENT$/.test(words))
    return new TareError('E_TOOL_MISSING', `${address} needs the docker command, which is not on PATH`, {
      cause: error,
    });
  if (words !== '')
    return make(`cannot be reached: ${shownText(words)}`, 'start the container, and see that buildctl is in it');
  if (/\b(ENOENT|ECONNREFUSED)\b/.test(details))
    return make('is not there', `start it (\`buildkitd --addr ${address}\`), or name the one that runs with --engine`);
  if (/\b(EACCES|EPERM)\b/.test(details))
    return make(
      'may not be used by this user',
      'run as root, or join the group that the socket belongs to (`buildkitd --group`)',
    );
  switch (status?.code) {
    case GRPC.UNIMPLEMENTED:
      return make(`does not know what is asked of it: ${shownText(details)}`, 'use BuildKit 0.11 or newer');
    case GRPC.PERMISSION_DENIED:
    case GRPC.UNAUTHENTICATED:
      return make(`refuses: ${shownText(details)}`, 'give the certificate that it trusts');
    case GRPC.UNAVAILABLE:
    case GRPC.DEADLINE_EXCEEDED:
      return make(
        `cannot be reached: ${shownText(details)}`,
        'see that it runs and listens there, with or without TLS as you ask it',
      );
    default:
      return make(`failed: ${shownText(details)}`, 'see its log for more');
  }
}
