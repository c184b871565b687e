import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { needs } from './needs.ts';

const FOLDER = fileURLToPath(new URL('../../examples/gateway', import.meta.url));

/** Whether the gateway of examples/gateway can be run here; it is installed and compiled when it is not yet. */
export function gatewayOffered(): boolean {
  if (!needs('npm')) return false;
  try {
    execFileSync(join(FOLDER, 'prepare'), { stdio: ['ignore', 'ignore', 'inherit'] });
    return true;
  } catch (error) {
    if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    return false;
  }
}

/** A module of the gateway, as it was compiled. */
export async function gatewayModule<T>(name: string): Promise<T> {
  return (await import(join(FOLDER, 'gateway/dist', `${name}.js`))) as T;
}

export interface RunningGateway {
  readonly url: string;
  readonly file: string;
  readonly child: ChildProcess;
  /** The lines of its log, so far. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Resolves with the first line that says this, from the beginning. */
  said(message: string): Promise<Readonly<Record<string, unknown>>>;
  ended(): Promise<number | null>;
}

export function spawnGateway(file: string, env: Readonly<Record<string, string>> = {}): Omit<RunningGateway, 'url'> {
  const child = spawn(process.execPath, [join(FOLDER, 'gateway/dist/main.js')], {
    env: { ...process.env, GATEWAY_CONFIG: file, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Record<string, unknown>);
    for (const look of waiting) look();
  });
  const end = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await end;
  });
  return {
    file,
    child,
    lines,
    ended: () => end,
    said: (message) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(({ msg }) => String(msg).startsWith(message));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        void end.then((code) => reject(new Error(`ended with ${code}: ${JSON.stringify(lines.slice(-3))}`)));
        look();
      }),
  };
}

/** A gateway with this configuration, on a port of its own, until the test ends. */
export async function startGateway(
  dir: string,
  config: object,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  const file = join(dir, 'gateway.json');
  writeFileSync(file, JSON.stringify(config));
  const gateway = spawnGateway(file, env);
  const { msg } = await gateway.said('Server listening at ');
  return { ...gateway, url: String(msg).replace('Server listening at ', '') };
}

export interface Downstream {
  readonly server: Server;
  readonly at: { readonly Host: string; readonly Port: number };
  /** What it was asked. */
  readonly asked: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers'] }[];
}

/** A server on loopback, until the test ends. */
export async function downstream(answer: RequestListener, port = 0): Promise<Downstream> {
  const asked: Downstream['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  onTestFinished(() => stop(server));
  return { server, asked, at: { Host: '127.0.0.1', Port: (server.address() as AddressInfo).port } };
}

export function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** `GET` of everything below a path, to these downstreams. */
export function route(path: string, to: readonly Downstream[], more: object = {}): object {
  return {
    UpstreamPathTemplate: path,
    UpstreamHttpMethod: ['GET'],
    DownstreamPathTemplate: path,
    DownstreamHostAndPorts: to.map(({ at }) => at),
    ...more,
  };
}
