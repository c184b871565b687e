import { spawn } from 'node:child_process';
import { TareError } from '../../base/error.ts';
import type { Host } from '../host.ts';

/** What is kept of complaints, in characters. */
const MAX_STDERR_CHARS = 4096;

/**
 * Stays in its namespace until its stdin ends: the namespace and its links go when nobody is in it any more, so also when tare is killed.
 * $1 commands, $2 ip.
 */
const HOLDER = `
printf %s "$1" | "$2" -batch - || exit 1
echo made
exec >/dev/null 2>&1
read -r _
`;

export interface SocketLink {
  /** Names of both ends: inside, and at the switchboard. */
  readonly inside: string;
  readonly outside: string;
  readonly address: string;
  readonly bits: number;
}

/** A network namespace for one container, whose links end at the switchboard. */
export interface NetworkSocket {
  /** `/proc/PID/ns/net`. */
  readonly namespace: string;
  /** Lets the namespace go. Idempotent. */
  close(): Promise<void>;
}

/** @throws TareError E_SANDBOX */
export async function makeSocket(options: {
  readonly host: Host;
  readonly ip: string;
  /** The process of the switchboard. */
  readonly pid: number;
  readonly links: readonly SocketLink[];
}): Promise<NetworkSocket> {
  const { host, ip, links, pid } = options;
  const commands = [
    'link set lo up',
    ...links.flatMap(({ address, bits, inside, outside }) => [
      `link add ${inside} type veth peer name ${outside} netns ${pid}`,
      `addr add ${address}/${bits} dev ${inside}`,
      `link set ${inside} up`,
    ]),
    '',
  ].join('\n');
  const { nsenter, sh, unshare } = host.tools;
  const argv = [unshare, '--net', '--', sh, '-c', HOLDER, 'network', commands, ip];
  const [tool = unshare, ...args] = host.rootless
    ? [nsenter, `--user=/proc/${pid}/ns/user`, '--preserve-credentials', '--', ...argv]
    : argv;
  // A session of its own: Ctrl-C reaches tare alone.
  const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'pipe'], env: host.env, detached: true });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(0, MAX_STDERR_CHARS)));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      stderr += error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    void ended.then(() =>
      reject(new TareError('E_SANDBOX', `no network namespace can be made: ${stderr.trim().split('\n')[0] ?? ''}`)),
    );
  });
  return {
    namespace: `/proc/${child.pid}/ns/net`,
    close: () => {
      child.stdin.end();
      return ended;
    },
  };
}
