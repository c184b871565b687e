import { Readable } from 'node:stream';
import type { Client as UndiciClient, Dispatcher } from 'undici';
import { throwIfCancelled } from '../../base/context.ts';
import { TareError } from '../../base/error.ts';
import { collectBytes, type Bytes } from '../../base/streams.ts';
import { daemonAddress, type DaemonAddress } from './host.ts';

/** The two calls of the Docker Engine API that move images. */
export interface DaemonClient {
  /** For messages. */
  readonly shown: string;
  /**
   * The image as `docker save` writes it.
   * @throws TareError E_IMAGE_NOT_FOUND; E_DAEMON
   */
  save(name: string): Bytes;
  /**
   * Hands an archive over, as `docker load` does. The daemon forgets it when the stream fails before its end.
   * @throws TareError E_DAEMON when the daemon refuses it; what the archive throws
   */
  load(archive: Bytes): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** The daemon packs the whole image before it answers, and unpacks it before it answers: both take long for big ones. */
const ANSWER_TIMEOUT_MS = 30 * 60_000;
const MAX_ERROR_BODY_BYTES = 64 * 1024; // 64 KiB
const MAX_PROGRESS_LINE_BYTES = 1024 * 1024; // 1 MiB

/**
 * A client for the daemon that the environment names. Nothing is sent yet.
 * @throws TareError E_DAEMON when DOCKER_HOST cannot be used
 */
export async function connectDaemon(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<DaemonClient> {
  const address = daemonAddress(env);
  // Most commands never speak to a daemon: loading the HTTP client costs more than starting tare does.
  const { Client } = await import('undici');
  const client: UndiciClient = new Client(address.origin, {
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(address.socketPath === undefined ? {} : { socketPath: address.socketPath }),
    },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  const call = <T>(action: () => Promise<T>): Promise<T> => translated(action, address, signal);

  return {
    shown: address.shown,
    save: (name) => save(client, name, address, call, signal),
    load: (archive) => load(client, archive, address, call, signal),
    close: () => client.destroy(),
  };
}

type Call = <T>(action: () => Promise<T>) => Promise<T>;

async function* save(
  client: UndiciClient,
  name: string,
  address: DaemonAddress,
  call: Call,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const path = `/images/${name.split('/').map(encodeURIComponent).join('/')}/get`;
  const response = await call(() => client.request({ method: 'GET', path, signal }));
  if (response.statusCode !== 200) {
    const why = await call(() => errorText(response));
    if (response.statusCode === 404 || /no such image|does not exist/i.test(why)) {
      throw new TareError('E_IMAGE_NOT_FOUND', `the daemon at ${address.shown} has no image ${name}: ${why}`, {
        hint: 'list what it has with `docker images`',
      });
    }
    throw new TareError('E_DAEMON', `the daemon at ${address.shown} cannot give ${name}: ${why}`);
  }
  const chunks = response.body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      const next = await call(() => chunks.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    response.body.destroy();
  }
}

async function load(
  client: UndiciClient,
  archive: Bytes,
  address: DaemonAddress,
  call: Call,
  signal: AbortSignal,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    try {
      // The socket keeps chunks for later, while their maker uses the same buffer again.
      for await (const chunk of archive) yield Buffer.from(chunk);
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    const response = await call(() =>
      client.request({
        method: 'POST',
        path: '/images/load?quiet=1',
        headers: { 'content-type': 'application/x-tar' },
        body: Readable.from(body(), { objectMode: false }),
        signal,
      }),
    );
    if (response.statusCode !== 200)
      throw new TareError(
        'E_DAEMON',
        `the daemon at ${address.shown} refused it: ${await call(() => errorText(response))}`,
      );
    await call(() => readProgress(response.body, address));
  } catch (error) {
    // The archive's own fault says more than the broken connection that it leads to.
    throw failure === undefined ? error : failure.error;
  }
}

/** The answer to a load is 200 before the work is done; a failure comes as `{"error": …}` in one of its lines of JSON. */
async function readProgress(body: AsyncIterable<Uint8Array>, address: DaemonAddress): Promise<void> {
  let held = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    held += decoder.decode(chunk, { stream: true });
    const lines = held.split('\n');
    held = lines.pop() ?? '';
    if (held.length > MAX_PROGRESS_LINE_BYTES)
      throw new TareError('E_DAEMON', `the daemon at ${address.shown} answers with a line without an end`);
    for (const line of lines) checkProgress(line, address);
  }
  checkProgress(held, address);
}

function checkProgress(line: string, address: DaemonAddress): void {
  const error = memberOf(line, 'error');
  if (error !== undefined)
    throw new TareError('E_DAEMON', `the daemon at ${address.shown} could not load the image: ${error}`);
}

async function errorText(response: Dispatcher.ResponseData): Promise<string> {
  const text = (await collectBytes(response.body, MAX_ERROR_BODY_BYTES, 'the answer of the daemon')).toString('utf8');
  return memberOf(text, 'message') ?? `status ${response.statusCode}`;
}

/** A text member of a JSON object; undefined for anything else. */
function memberOf(text: string, name: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const member: unknown = (value as Record<string, unknown>)[name];
  return typeof member === 'string' ? JSON.stringify(member).slice(1, -1) : undefined;
}

/** What the HTTP client throws becomes E_DAEMON; an abort becomes E_CANCELLED. */
async function translated<T>(action: () => Promise<T>, address: DaemonAddress, signal: AbortSignal): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof TareError) throw error;
    throwIfCancelled(signal);
    const why = error instanceof Error ? error.message : String(error);
    throw new TareError('E_DAEMON', `the daemon at ${address.shown} cannot be reached: ${why}`, { cause: error });
  }
}
