import { connect, createServer, type Server, type Socket } from 'node:net';
import { errnoOf, TareError } from '../base/error.ts';
import type { ContainerEntry } from '../sandbox/types.ts';
import type { Identities } from './identity.ts';
import type { ReplicaStatus } from './run/life.ts';
import type { PublishedPort } from './run/publish.ts';

/** What the process that runs a system is asked. */
export type ControlQuestion =
  | { readonly kind: 'status' }
  /** What it was made from. */
  | { readonly kind: 'identity' }
  /** Answered when all of it is ready, or some of it never will be. */
  | { readonly kind: 'ready' }
  /** Answered when all of it is gone. */
  | { readonly kind: 'stop'; readonly graceMs?: number }
  | { readonly kind: 'enter'; readonly service: string; readonly number: number };

export interface StatusAnswer {
  readonly replicas: readonly ReplicaStatus[];
  readonly ports: readonly PublishedPort[];
}

export interface ControlAnswers {
  readonly status: StatusAnswer;
  readonly identity: { readonly services: Identities };
  readonly ready: StatusAnswer;
  readonly stop: { readonly stopped: true };
  readonly enter: { readonly entry: ContainerEntry | null };
}

type Kind = ControlQuestion['kind'];
export type ControlHandlers = {
  readonly [K in Kind]: (question: Extract<ControlQuestion, { readonly kind: K }>) => Promise<ControlAnswers[K]>;
};

const MAX_LINE_BYTES = 16 * 1024 * 1024; // 16 MiB
/** A client that does not say what it wants for so long is none, in milliseconds. */
const SILENCE_MS = 10_000;

/** Answers questions on a socket, one a connection: a line of JSON each way. The folder of the socket must be this user's alone. */
export async function serveControl(path: string, handlers: ControlHandlers): Promise<{ close(): Promise<void> }> {
  const silent = new Set<Socket>();
  const server: Server = createServer((client) => {
    silent.add(client);
    void serve(client, handlers, () => silent.delete(client));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Who has asked gets an answer; nobody waits for the others.
        for (const client of silent) client.destroy();
      }),
  };
}

async function serve(client: Socket, handlers: ControlHandlers, onQuestion: () => void): Promise<void> {
  client.on('error', () => client.destroy());
  client.setTimeout(SILENCE_MS, () => client.destroy());
  const line = await firstLine(client);
  client.setTimeout(0);
  onQuestion();
  if (line === undefined) {
    client.destroy();
    return;
  }
  let answer: unknown;
  try {
    const question = JSON.parse(line) as ControlQuestion;
    const handler = handlers[question.kind] as (question: ControlQuestion) => Promise<unknown>;
    answer = await handler(question);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : 'unknown' };
  }
  client.setTimeout(SILENCE_MS, () => client.destroy());
  client.end(`${JSON.stringify(answer)}\n`, () => client.destroy());
}

/** @returns undefined when there is nobody any more @throws TareError E_SYSTEM_STATE */
export async function askControl<K extends Kind>(
  path: string,
  question: Extract<ControlQuestion, { readonly kind: K }>,
): Promise<ControlAnswers[K] | undefined> {
  const client = connect(path);
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject);
      client.once('connect', resolve);
    });
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  client.on('error', () => client.destroy());
  client.write(`${JSON.stringify(question)}\n`);
  const line = await firstLine(client);
  client.destroy();
  if (line === undefined) return undefined;
  const answer = JSON.parse(line) as ControlAnswers[K] | { readonly error: string };
  if ('error' in answer) throw new TareError('E_SYSTEM_STATE', answer.error);
  return answer;
}

/** Undefined: the other side has gone without one, or says too much. */
function firstLine(client: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    client.on('data', (chunk: Buffer) => {
      const end = chunk.indexOf('\n');
      chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
      size += chunk.length;
      if (end !== -1) resolve(Buffer.concat(chunks).toString('utf8'));
      else if (size > MAX_LINE_BYTES) resolve(undefined);
    });
    client.once('close', () => resolve(undefined));
  });
}
