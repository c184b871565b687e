import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { tempDir } from './temp.ts';

export interface DockerRegistryOptions {
  /** A file made by htpasswd -B. */
  readonly htpasswd?: string;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
}

/** Debian's docker-registry on a free port of this machine. It ends, and its images are gone, with the test. */
export async function dockerRegistry(
  options: DockerRegistryOptions = {},
): Promise<{ readonly host: string; readonly data: string }> {
  const dir = tempDir();
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const data = join(dir, 'data');
  mkdirSync(data);
  const { htpasswd, tls } = options;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: {
      addr: host,
      ...(tls === undefined
        ? {}
        : {
            tls: {
              certificate: tls.certificate,
              key: tls.key,
              ...(tls.clientCa === undefined ? {} : { clientcas: [tls.clientCa] }),
            },
          }),
    },
    ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
  };
  // JSON is YAML.
  writeFileSync(join(dir, 'config.yml'), JSON.stringify(config));
  // It takes REGISTRY_… of the environment for settings, REGISTRY_AUTH_FILE of other tools too.
  const env = { PATH: process.env['PATH'] };
  const child = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: 'ignore', env });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    if (await answers(port)) return { host, data };
    await delay(50);
  }
  throw new Error('docker-registry does not listen');
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
