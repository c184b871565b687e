import type * as GrpcModule from '@grpc/grpc-js';
import type { ClientDuplexStream, ClientReadableStream, Metadata, ServiceError } from '@grpc/grpc-js';
import { access, constants } from 'node:fs/promises';
import { TareError } from '../../base/error.ts';
import { engineText, type EngineAddress } from './address.ts';
import { relayToCommand, type Relay } from './dial-stdio.ts';
import { engineError } from './errors.ts';
import { loadProtocol, type Protocol } from './schema.ts';

/** Of a message in either direction: the daemon sends blobs in pieces of 8 MiB. */
export const MAX_MESSAGE_BYTES = 20 * 1024 * 1024; // 20 MiB
/** Of the daemon's answer to who it is. */
const GREETING_MS = 20_000;
/** Over which pieces of blobs travel without an acknowledgement. */
export const WINDOW_BYTES = 4 * 1024 * 1024; // 4 MiB
/** Sources of kind oci-layout, and exports to a session's content store. */
const LOWEST_VERSION = [0, 11] as const;

/** PEM texts. */
export interface EngineTls {
  /** Default: the authorities that Node trusts. */
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

export interface EngineClient {
  /** As the user would write it. */
  readonly address: string;
  /** E.g. `v0.29.0`. */
  readonly version: string;
  readonly protocol: Protocol;
  /** One question, one answer. @throws ServiceError of gRPC: see `engineError` */
  ask<T>(method: Method, request: object, signal?: AbortSignal): Promise<T>;
  /** One question, many answers. */
  follow(method: Method, request: object): ClientReadableStream<unknown>;
  /** Bytes both ways. */
  session(metadata: Metadata): ClientDuplexStream<{ readonly data: Uint8Array }, { readonly data: Buffer }>;
  /** A gRPC error as one for people. */
  failure(error: unknown): unknown;
  close(): Promise<void>;
}

const METHODS = {
  Info: ['Empty', 'InfoResponse'],
  Solve: ['SolveRequest', 'SolveResponse'],
  Status: ['StatusRequest', 'StatusResponse'],
} as const;

type Method = keyof typeof METHODS;

const SERVICE = '/moby.buildkit.v1.Control/';

/**
 * Connects to a daemon and asks who it is.
 * @throws TareError E_ENGINE when there is none, it may not be used, or it is too old; E_TOOL_MISSING without docker for `docker-container:`
 */
export async function connectEngine(address: EngineAddress, tls: EngineTls | undefined): Promise<EngineClient> {
  const text = engineText(address);
  if (address.kind === 'unix') await checkSocket(address.path, text);
  if (tls !== undefined && address.kind !== 'tcp')
    throw new TareError('E_USAGE', `${text}: certificates are for tcp://HOST:PORT only`);
  const grpc = await import('@grpc/grpc-js');
  const protocol = await loadProtocol();
  const relay =
    address.kind === 'container'
      ? await relayToCommand(['docker', 'exec', '-i', address.name, 'buildctl', 'dial-stdio'])
      : undefined;
  const client = new grpc.Client(
    relay !== undefined ? `unix:${relay.path}` : targetOf(address),
    tls === undefined ? grpc.credentials.createInsecure() : secureCredentials(grpc, tls, text),
    {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      'grpc-node.flow_control_window': WINDOW_BYTES,
      // An engine is named by who wants it; a proxy for the web has no part in that.
      'grpc.enable_http_proxy': 0,
      'grpc.enable_channelz': 0,
      'grpc.service_config_disable_resolution': 1,
    },
  );
  const failure = (error: unknown): unknown => engineError(error, text, relay?.words() ?? '');
  const ask: EngineClient['ask'] = <T>(method: Method, request: object, signal?: AbortSignal) =>
    new Promise<T>((resolve, reject) => {
      const [asked, answered] = METHODS[method];
      const options = method === 'Solve' ? {} : { deadline: Date.now() + GREETING_MS };
      const call = client.makeUnaryRequest<object, T>(
        SERVICE + method,
        (value) => protocol.encode(asked, value),
        (bytes) => protocol.decode(answered, bytes) as T,
        request,
        options,
        (error: ServiceError | null, answer?: T) => {
          signal?.removeEventListener('abort', cancel);
          if (error !== null) reject(error);
          else resolve(answer as T);
        },
      );
      const cancel = (): void => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      if (signal?.aborted === true) cancel();
    });
  const close = async (): Promise<void> => {
    client.close();
    await relay?.close();
  };
  try {
    return {
      address: text,
      version: await versionOf(ask, text),
      protocol,
      ask,
      follow: (method, request) =>
        client.makeServerStreamRequest(
          SERVICE + method,
          (value: object) => protocol.encode(METHODS[method][0], value),
          (bytes: Buffer): unknown => protocol.decode(METHODS[method][1], bytes),
          request,
        ),
      session: (metadata) =>
        client.makeBidiStreamRequest(
          `${SERVICE}Session`,
          (value: { readonly data: Uint8Array }) => protocol.encode('BytesMessage', value),
          (bytes: Buffer) => protocol.decode('BytesMessage', bytes) as { readonly data: Buffer },
          metadata,
        ),
      failure,
      close,
    };
  } catch (error) {
    await settled(relay);
    const reason = failure(error);
    await close();
    throw reason;
  }
}

/** What the command has to say may come a little after its end. */
async function settled(relay: Relay | undefined): Promise<void> {
  if (relay !== undefined && relay.words() === '') await new Promise((resolve) => setTimeout(resolve, 200));
}

function targetOf(address: EngineAddress): string {
  return address.kind === 'unix'
    ? `unix:${address.path}`
    : address.kind === 'tcp'
      ? `dns:${address.host}:${address.port}`
      : '';
}

function secureCredentials({ credentials }: Pick<typeof GrpcModule, 'credentials'>, tls: EngineTls, text: string) {
  const buffer = (pem: Uint8Array | undefined): Buffer | null => (pem === undefined ? null : Buffer.from(pem));
  try {
    return credentials.createSsl(buffer(tls.ca), buffer(tls.key), buffer(tls.cert));
  } catch (error) {
    throw new TareError('E_ENGINE', `${text}: the certificates cannot be used: ${(error as Error).message}`, {
      hint: 'give CA, certificate and key as PEM files; certificate and key belong together',
      cause: error,
    });
  }
}

/** The gRPC library would only say that it could not connect. */
async function checkSocket(path: string, text: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw engineError(error, text, '');
  }
}

async function versionOf(ask: EngineClient['ask'], text: string): Promise<string> {
  const { version } = await ask<{ readonly version: { readonly version: string } | null }>('Info', {});
  const written = version?.version ?? '';
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(written) ?? [];
  // What is built from a checkout calls itself 0.0.0, or nothing.
  const isOld = major === '0' && Number(minor) > 0 && Number(minor) < LOWEST_VERSION[1];
  if (isOld)
    throw new TareError('E_ENGINE', `the BuildKit daemon at ${text} is ${written}, too old to be an engine`, {
      hint: `use BuildKit ${LOWEST_VERSION.join('.')} or newer`,
    });
  return /^[\w.+-]{1,64}$/.test(written) ? written : 'of unknown version';
}
