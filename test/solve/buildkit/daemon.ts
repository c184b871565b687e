import { spawn, execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectEngine } from '../../../src/solve/buildkit/client.ts';
import { needs } from '../../helpers/needs.ts';

const run = promisify(execFile);

/** Made by script/buildkitd. */
const binary = process.env.TARE_BUILDKITD ?? fileURLToPath(new URL('../../../.tools/buildkitd', import.meta.url));

const START_MS = 30_000;
const STOP_MS = 20_000;

/** Whether a BuildKit daemon of the test's own can be started: the program was made, runc and a shell for the images are there, and we are root. */
export function canRunBuildkitd(): boolean {
  if (process.getuid?.() !== 0 || !needs('runc', 'busybox')) return false;
  try {
    accessSync(binary, constants.X_OK);
    return true;
  } catch {
    // Where its sources cannot be had, script/bootstrap has said so.
    if (process.env.TARE_TEST_STRICT === '1' && !existsSync(`${binary}.unavailable`))
      throw new Error(`TARE_TEST_STRICT=1, and ${binary} is missing: run script/buildkitd`);
    return false;
  }
}

export interface Buildkitd {
  readonly dir: string;
  /** `unix://…`. */
  readonly address: string;
  readonly socket: string;
  /** What it has logged. */
  log(): string;
  /** Ends it, and removes all that it wrote and mounted. */
  stop(): Promise<void>;
}

/** A daemon with its own root and socket in a temporary folder. */
export async function startBuildkitd(extra: readonly string[] = []): Promise<Buildkitd> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'tare-buildkitd-')));
  const socket = join(dir, 'buildkitd.sock');
  const config = join(dir, 'buildkitd.toml');
  writeFileSync(
    config,
    `root = "${join(dir, 'root')}"\n[grpc]\naddress = ["unix://${socket}"]\n[worker.oci]\nenabled = true\nbinary = "runc"\n[worker.containerd]\nenabled = false\n`,
  );
  let output = '';
  const daemon = spawn(binary, ['--config', config, ...extra], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [daemon.stdout, daemon.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<void>((resolve) => {
    daemon.once('exit', () => resolve());
    daemon.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    if (daemon.pid !== undefined && daemon.exitCode === null) {
      daemon.kill('SIGTERM');
      const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    for (const target of mountsBelow(dir).reverse()) await run('umount', [target]);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await (await connectEngine({ kind: 'unix', path: socket }, undefined)).close();
      return { dir, address: `unix://${socket}`, socket, log: () => output, stop };
    } catch (error) {
      if (Date.now() > deadline || daemon.exitCode !== null) {
        await stop();
        throw new Error(`buildkitd does not start here: ${output.slice(-2000)}`, { cause: error });
      }
      await delay(100);
    }
  }
}

export function mountsBelow(dir: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${dir}/`));
}
