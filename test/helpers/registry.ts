import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment, MAIN } from './cli.ts';

const START_MS = 20_000;

export interface RunningRegistry {
  readonly url: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly process: ChildProcess;
  /** What it has written to stderr so far. */
  readonly stderr: () => string;
  /** Ends it with a signal; gives its exit code, null when the signal ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** `tare registry serve` on a free port. The caller stops it. */
export async function startTareRegistry(options: {
  readonly storage?: string;
  /** A TARE_HOME whose images are served, in place of a storage. */
  readonly store?: string;
  /** Default: 127.0.0.1, on a free port. */
  readonly addr?: string;
  /** A process in whose network namespace it listens. */
  readonly within?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): Promise<RunningRegistry> {
  const { addr = '127.0.0.1:0', storage, store, within } = options;
  const where = storage === undefined ? ['--store'] : ['--storage', storage];
  const args = ['registry', 'serve', ...where, '--addr', addr, ...(options.args ?? [])];
  const entered = within === undefined ? [] : ['nsenter', '--target', String(within), '--net'];
  const [program = '', ...words] = [...entered, process.execPath, MAIN, ...args];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...(store === undefined ? {} : { TARE_HOME: store }), ...options.env },
  });
  const output = collectOutput(child);
  const url = await waitFor(child, output, () => Promise.resolve(/listening on (\S+)\n/.exec(output.out)?.[1]));
  return running(child, url, output);
}

/** Debian's docker-registry, with deletion, on a free port, in a folder that goes away with it. */
export async function startDockerRegistry(): Promise<RunningRegistry> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tare-docker-registry-')));
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'config.yml');
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: host },
    }),
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collectOutput(child);
  const url = await waitFor(child, output, async () =>
    (await fetch(`http://${host}/v2/`).catch(() => undefined))?.ok === true ? `http://${host}` : undefined,
  );
  const registry = running(child, url, output);
  return {
    ...registry,
    stop: async (signal) => {
      const code = await registry.stop(signal);
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

interface Output {
  out: string;
  err: string;
}

function collectOutput(child: ChildProcess): Output {
  const output: Output = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.err += text));
  return output;
}

async function waitFor(child: ChildProcess, output: Output, look: () => Promise<string | undefined>): Promise<string> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline && child.exitCode === null; await delay(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  child.kill('SIGKILL');
  throw new Error(`the registry does not start: ${output.err}`);
}

function running(child: ChildProcess, url: string, output: Output): RunningRegistry {
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return {
    url,
    host: url.replace(/^https?:\/\//, ''),
    process: child,
    stderr: () => output.err,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
