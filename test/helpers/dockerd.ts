import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { needs } from './needs.ts';

const run = promisify(execFile);

export interface Dockerd {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Runs the docker command against this daemon; gives its standard output. */
  readonly docker: (...args: readonly string[]) => Promise<string>;
  /** Of the daemon, to enter its network with nsenter. */
  readonly pid: number;
}

export interface DockerdOptions {
  /** Bridges, names and published ports, in a network namespace that is the daemon's alone: rules of the machine's firewall stay as they are. */
  readonly networks?: boolean;
}

const ALONE = ['--bridge=none', '--iptables=false'];
const IN_ITS_NAMESPACE = ['--bip=172.30.0.1/16', '--default-address-pool=base=172.31.0.0/16,size=24'];

const START_MS = 45_000;
const STOP_MS = 15_000;

/** Whether a private daemon may be tried: the programs are there, and we are root (rootless needs set-up that a test must not do). */
export function canRunDockerd(): boolean {
  return needs('dockerd', 'docker', 'containerd', 'ip', 'unshare', 'nsenter') && process.getuid?.() === 0;
}

/**
 * A Docker daemon of its own: socket, data and state in a temporary folder, no firewall rules on this machine. It is ended by its process id and
 * everything it wrote is removed, whatever `fn` does.
 * @returns false, with a line that says why, when it does not start on this machine (an error with TARE_TEST_STRICT=1)
 */
export async function withDockerd(
  fn: (daemon: Dockerd) => Promise<void>,
  options: DockerdOptions = {},
): Promise<boolean> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'tare-dockerd-')));
  const host = `unix://${join(dir, 'docker.sock')}`;
  // Not the machine's own /etc/docker/daemon.json.
  const config = join(dir, 'daemon.json');
  writeFileSync(config, '{}');
  const output: string[] = [];
  const networks = options.networks === true;
  // Each program becomes the next one: the process id is the daemon's.
  const before = networks ? ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec dockerd "$@"'] : [];
  const [program, ...words] = [...before, 'dockerd'];
  const daemon = spawn(
    program,
    [
      ...words,
      `--host=${host}`,
      `--data-root=${join(dir, 'data')}`,
      `--exec-root=${join(dir, 'exec')}`,
      `--pidfile=${join(dir, 'pid')}`,
      `--config-file=${config}`,
      ...(networks ? IN_ITS_NAMESPACE : ALONE),
      '--ip6tables=false',
      '--storage-driver=vfs',
      '--log-level=warn',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DOCKER_TMPDIR: join(dir, 'tmp') } },
  );
  for (const stream of [daemon.stdout, daemon.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const ended = new Promise<void>((resolve) => {
    daemon.once('exit', () => resolve());
    daemon.once('error', (error) => {
      output.push(error.message);
      resolve();
    });
  });
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await run('docker', args, { env: { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: dir }, timeout: START_MS }))
      .stdout;
  try {
    if (!(await answers(daemon, docker))) {
      const why = `a private dockerd does not start here: ${output.join('').trim().split('\n').slice(-3).join(' | ')}`;
      if (process.env.TARE_TEST_STRICT === '1') throw new Error(why);
      process.stderr.write(`${why}\n`);
      return false;
    }
    await fn({ host, docker, pid: daemon.pid ?? 0 });
    return true;
  } finally {
    await stop(daemon, ended);
    await unmountBelow(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The daemon leaves the network namespaces of its containers mounted. */
async function unmountBelow(dir: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${dir}/`));
  for (const target of mounts.reverse()) await run('umount', [target]);
}

async function answers(daemon: ChildProcess, docker: Dockerd['docker']): Promise<boolean> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && daemon.exitCode === null && daemon.pid !== undefined) {
    try {
      await docker('version', '--format', '{{.Server.Version}}');
      return true;
    } catch {
      // Not listening yet: the loop's own bounds decide.
      await delay(100);
    }
  }
  return false;
}

async function stop(daemon: ChildProcess, ended: Promise<void>): Promise<void> {
  if (daemon.pid === undefined || daemon.exitCode !== null) return;
  daemon.kill('SIGTERM');
  const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
