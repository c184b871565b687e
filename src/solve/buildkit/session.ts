import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { Duplex } from 'node:stream';
import { MAX_MESSAGE_BYTES, WINDOW_BYTES, type EngineClient } from './client.ts';
import type { Protocol } from './schema.ts';

/** One call that the daemon may make. */
export interface ServiceMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly asked: string;
  readonly answered: string;
  readonly streams?: 'answers' | 'both';
  readonly handle: UntypedServiceImplementation[string];
}

export interface Session {
  /** What a request names it by. */
  readonly id: string;
  close(): void;
}

/**
 * Opens a session: a stream of bytes inside a call to the daemon over which the daemon calls us, in HTTP/2 (moby/buildkit v0.29, session/grpc.go and
 * session/grpchijack). Only the methods given can be called.
 */
export async function openSession(client: EngineClient, methods: readonly ServiceMethod[]): Promise<Session> {
  const grpc = await import('@grpc/grpc-js');
  const server = new grpc.Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc-node.flow_control_window': WINDOW_BYTES,
    'grpc.enable_channelz': 0,
  });
  const all = [...methods, healthCheck];
  for (const method of all) server.addService(...serviceOf(method, client.protocol));
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());

  const id = randomUUID().replaceAll('-', '');
  const metadata = new grpc.Metadata();
  metadata.set('x-docker-expose-session-uuid', id);
  metadata.set('x-docker-expose-session-sharedkey', '');
  for (const method of all) metadata.add('x-docker-expose-session-grpc-method', method.path);
  const tunnel = tunnelOf(client.session(metadata));
  injector.injectConnection(tunnel);
  return {
    id,
    close: () => {
      server.forceShutdown();
      injector.destroy();
      tunnel.destroy();
    },
  };
}

/** The daemon asks every five seconds whether we are still there. */
const healthCheck: ServiceMethod = {
  path: '/grpc.health.v1.Health/Check',
  asked: 'Empty',
  answered: 'HealthCheckResponse',
  handle: (_call: unknown, done: (error: null, answer: object) => void) => done(null, { status: 1 }),
};

function serviceOf(method: ServiceMethod, protocol: Protocol) {
  const { answered, asked, path } = method;
  const definition = {
    path,
    requestStream: method.streams === 'both',
    responseStream: method.streams !== undefined,
    requestSerialize: (value: object) => protocol.encode(asked, value),
    requestDeserialize: (bytes: Buffer): unknown => protocol.decode(asked, bytes),
    responseSerialize: (value: object) => protocol.encode(answered, value),
    responseDeserialize: (bytes: Buffer): unknown => protocol.decode(answered, bytes),
  };
  return [{ [path]: definition }, { [path]: method.handle }] as const;
}

/** The bytes that messages carry, as a socket. */
function tunnelOf(call: ReturnType<EngineClient['session']>): Duplex {
  const tunnel = new Duplex({
    read: () => void call.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      call.write({ data: chunk }, done);
    },
    final: (done) => {
      call.end();
      done();
    },
    destroy: (_error, done) => {
      call.cancel();
      // Why a session ends is told by the solve that needs it.
      done(null);
    },
  });
  call.on('data', (message: { readonly data: Buffer }) => {
    if (!tunnel.push(message.data)) call.pause();
  });
  call.once('end', () => {
    tunnel.push(null);
    tunnel.destroy();
  });
  call.on('error', () => tunnel.destroy());
  return tunnel;
}
