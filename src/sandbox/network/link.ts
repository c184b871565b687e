import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { TareError } from '../../base/error.ts';
import { runTool } from '../spawn.ts';
import { SUBNET_BITS, type Subnet } from './addresses.ts';

export interface LinkTools {
  readonly ip: string;
  readonly unshare: string;
  readonly sh: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface LinkOptions {
  readonly tools: LinkTools;
  /** Name of our end. */
  readonly link: string;
  readonly subnet: Subnet;
  readonly mtu: number | undefined;
  /** A new file, for commands. */
  readonly commands: string;
}

/** A new network namespace and a pair of interfaces between it and this one (veth(4)). */
export interface Link {
  /** For the runtime: `/proc/PID/ns/net`. */
  readonly namespace: string;
  /** Resolves when both ends are up. @throws TareError E_SANDBOX */
  readonly made: Promise<void>;
  /** Lets the namespace go. Idempotent. */
  close(): Promise<void>;
}

const TOOL_MS = 10_000;
/** What is kept of complaints, in characters. */
const MAX_STDERR_CHARS = 4096;

/**
 * Stays in the namespace until its stdin ends: the namespace, and the link with it, go when nobody is in it any more, so also when tare is killed.
 * $1 commands, $2 ip.
 */
const HOLDER = `
printf %s "$1" | "$2" -batch - || exit 1
echo made
exec >/dev/null 2>&1
read -r _
`;

export function makeLink(options: LinkOptions): Link {
  const { commands, link, subnet, tools } = options;
  writeFileSync(commands, outsideCommands(link, subnet), { mode: 0o600 });
  const args = ['--net', '--', tools.sh, '-c', HOLDER, 'network', insideCommands(options), tools.ip];
  // A session of its own: Ctrl-C reaches tare alone.
  const child = spawn(tools.unshare, args, { stdio: ['pipe', 'pipe', 'pipe'], env: tools.env, detached: true });
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
  const there = new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      // It ends with this process, which does not wait for it.
      unref(child);
      resolve();
    });
    void ended.then(() => reject(new TareError('E_SANDBOX', `no network namespace can be made: ${firstLine(stderr)}`)));
  });
  const made = there.then(async () => {
    const outside = await runTool(tools.ip, ['-batch', commands], { env: tools.env, timeoutMs: TOOL_MS });
    if (outside.code !== 0) throw new TareError('E_SANDBOX', `no link can be made: ${firstLine(outside.stderr)}`);
  });
  return {
    namespace: `/proc/${child.pid}/ns/net`,
    made,
    close: () => {
      child.ref();
      child.stdin.end();
      return ended;
    },
  };
}

/** At once: with its namespace it would go some time later. One that is not there is none of our business. */
export async function removeLink(tools: LinkTools, link: string): Promise<void> {
  await runTool(tools.ip, ['link', 'delete', link], { env: tools.env, timeoutMs: TOOL_MS });
}

/** In the namespace: both ends of the link, the other one in the namespace of this process. */
function insideCommands({ link, mtu, subnet }: LinkOptions): string {
  const size = mtu === undefined ? '' : ` mtu ${mtu}`;
  return [
    `link add eth0${size} type veth peer name ${link}${size} netns ${process.pid}`,
    `addr add ${subnet.address}/${SUBNET_BITS} dev eth0`,
    'link set lo up',
    'link set eth0 up',
    `route add default via ${subnet.gateway}`,
    '',
  ].join('\n');
}

function outsideCommands(link: string, { gateway }: Subnet): string {
  return [`addr add ${gateway}/${SUBNET_BITS} dev ${link}`, `link set ${link} up`, ''].join('\n');
}

function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
