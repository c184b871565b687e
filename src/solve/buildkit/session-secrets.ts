import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { GRPC } from './errors.ts';
import type { ServiceMethod } from './session.ts';

/** What the daemon takes. */
export const MAX_SECRET_BYTES = 500 * 1024; // 500 KiB

/** Secrets by id; undefined for one that nobody gave. They stand in no message of an error. */
export type SecretSource = (id: string) => Promise<Uint8Array | undefined>;

/** moby/buildkit v0.29, session/secrets: only ids that the graph names are answered. */
export function secretsService(allowed: ReadonlySet<string>, secretOf: SecretSource): ServiceMethod {
  const answer = async (id: string): Promise<Uint8Array | undefined> => (allowed.has(id) ? secretOf(id) : undefined);
  return {
    path: '/moby.buildkit.secrets.v1.Secrets/GetSecret',
    asked: 'GetSecretRequest',
    answered: 'GetSecretResponse',
    handle: (call: ServerUnaryCall<{ id: string }, object>, done: sendUnaryData<object>) => {
      answer(call.request.id).then(
        (data) =>
          data === undefined ? done({ code: GRPC.NOT_FOUND, details: 'no such secret' }) : done(null, { data }),
        () => done({ code: GRPC.FAILED_PRECONDITION, details: 'the secret cannot be read' }),
      );
    },
  };
}
