import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TareError } from '../../base/error.ts';
import type { Store } from '../../store/types.ts';
import { OPEN_ACCESS } from './auth/anonymous.ts';
import type { Access } from './auth/types.ts';
import { handle } from './http/handle.ts';
import { createFileSender } from './http/send-file.ts';
import { createMetrics } from './metrics.ts';
import { createQuota } from './quota.ts';
import { DEFAULT_LIMITS, type Limits, type Service } from './service.ts';
import { asOnlyServer, openStorage, type RegistryStorage } from './storage/storage.ts';
import { openStoreStorage } from './storage/store-storage.ts';
import { openUploads, type Uploads } from './storage/uploads.ts';

const STOP_MS = 10_000;
const IDLE_LOOK_MS = 50;
const HOUSEKEEPING_MS = 60_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
/** Connections that wait to be accepted; the system may allow fewer. Beyond it a crowd that comes at once is reset. */
const BACKLOG = 4096;

export interface ServeOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The storage folder, made when it is not there; or a local store, whose images are served, and which gets what is pushed. */
  readonly storage: string | Store;
  /** PEM. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  readonly access?: Access;
  readonly readOnly?: boolean;
  readonly allowSparse?: boolean;
  readonly limits?: Partial<Limits>;
  /** Gets a line of JSON for each request. */
  readonly log?: (line: string) => void;
}

export interface Serving {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** Ends the server: no new connections, what is in flight has ten seconds. Resolves when all is closed. */
  stop(): Promise<void>;
  /** Resolves with `stop`; rejects when the server fails on its own. */
  readonly stopped: Promise<void>;
}

/**
 * An OCI distribution-spec 1.1 server. Resolves when it listens.
 * @throws TareError E_LOCKED when the storage is served already, E_STORE, E_PORT_IN_USE, E_PERMISSION, E_USAGE
 */
export async function serveRegistry(options: ServeOptions): Promise<Serving> {
  const { close: closeStorage, storage } = await storageOf(options.storage);
  let release = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    release = resolve;
  });
  return new Promise((resolve, reject) => {
    const locked = asOnlyServer(storage.paths, async () => {
      const uploads = await openUploads(storage, { ...DEFAULT_LIMITS, ...options.limits });
      const { url, stop } = await listen(options, serviceOf(options, storage, uploads));
      resolve({
        url,
        stop: async () => {
          await stop();
          release();
          await locked;
          await closeStorage();
        },
        stopped: over,
      });
      await over;
    });
    locked.catch((error: unknown) => {
      closeStorage().then(() => reject(error as Error), reject);
    });
  });
}

async function storageOf(
  source: ServeOptions['storage'],
): Promise<{ readonly storage: RegistryStorage; readonly close: () => Promise<void> }> {
  if (typeof source === 'string')
    return { storage: await openStorage({ root: source, create: true }), close: () => Promise.resolve() };
  const storage = await openStoreStorage(source);
  return { storage, close: () => storage.close() };
}

function serviceOf(options: ServeOptions, storage: RegistryStorage, uploads: Uploads): Service {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const turns = new Map<string, Promise<unknown>>();
  return {
    storage,
    uploads,
    limits,
    quota: createQuota(storage, limits),
    access: options.access ?? OPEN_ACCESS,
    metrics: createMetrics(),
    sender: createFileSender(),
    readOnly: options.readOnly ?? false,
    allowSparse: options.allowSparse ?? false,
    inTurn: (repository, work) => {
      const mine = (turns.get(repository) ?? Promise.resolve()).then(work);
      const settled = mine
        // Who asked is told of the failure; the next one only waits for the turn.
        .catch(() => undefined)
        .then(() => {
          if (turns.get(repository) === settled) turns.delete(repository);
        });
      turns.set(repository, settled);
      return mine;
    },
  };
}

async function listen(
  options: ServeOptions,
  service: Service,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const { limits } = service;
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headMs,
    // A large layer on a slow line takes hours: what counts is that it moves, and the body sees to that.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headMs),
    noDelay: true,
  };
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    void handle(service, req, res, options.log);
  };
  const server: Server =
    options.tls === undefined
      ? createServer(settings, answer)
      : createTlsServer({ ...settings, ...options.tls, minVersion: 'TLSv1.2' }, answer);
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = limits.maxConnections;
  server.setTimeout(limits.idleMs);
  // Whoever may not push learns it before sending a gigabyte.
  server.on('checkContinue', answer);
  const housekeeping = setInterval(() => {
    // What cannot be deleted now is tried again the next time.
    service.uploads.collect(limits.uploadAgeMs).catch(() => undefined);
  }, HOUSEKEEPING_MS);
  housekeeping.unref();
  const address = await bind(server, options);
  return {
    url: urlOf(address, options),
    stop: async () => {
      clearInterval(housekeeping);
      await close(server);
    },
  };
}

function bind(server: Server, { host, port }: ServeOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = { EADDRINUSE: 'E_PORT_IN_USE', EACCES: 'E_PERMISSION' } as const;
      const known = error.code === 'EADDRINUSE' || error.code === 'EACCES' ? code[error.code] : 'E_USAGE';
      reject(new TareError(known, `cannot listen on ${host}:${port}: ${error.message}`, { cause: error }));
    });
    server.listen({ host, port, backlog: BACKLOG }, () => {
      resolve(server.address() as AddressInfo);
    });
  });
}

function urlOf(address: AddressInfo, { host, tls }: ServeOptions): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${name}:${address.port}`;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, STOP_MS);
    // Clients keep a connection after its last answer, too.
    const idle = setInterval(() => {
      server.closeIdleConnections();
    }, IDLE_LOOK_MS);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
