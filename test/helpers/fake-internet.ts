import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, execute, MAIN, type Answer } from './cli.ts';
import { needs } from './needs.ts';

/** Whether a machine can be made up that has a network of its own. */
export const canFakeInternet = (): boolean =>
  process.getuid?.() === 0 && needs('unshare', 'mount', 'ip', 'nft', 'iptables', 'busybox', 'crun');

/** The only address of the machine, and the one of the world, whose port 80 tells who asks. */
export const MACHINE = '203.0.113.2';
export const WORLD = '203.0.113.1';

/** Answers every question for an address with that of the world, on the loopback of the machine. */
const RESOLVER = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (question, { address, port }) => {
  const name = question.subarray(12, question.indexOf(0, 12) + 5);
  const isA = name.readUInt16BE(name.length - 4) === 1;
  const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ${WORLD.split('.').join(', ')}];
  const head = [0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0];
  socket.send(Buffer.from([...question.subarray(0, 2), ...head, ...name, ...(isA ? answer : [])]), port, address);
});
socket.bind(53, '127.0.0.53', () => console.log('ready'));
`;
const SERVER = `require('node:net').createServer((socket) => socket.end(socket.remoteAddress + '\\n')).listen(80, '0.0.0.0', () => console.log('ready'));`;

const SCRIPT = `
dir=$1 node=$2 main=$3
mount -t tmpfs tmpfs /run && mkdir /run/netns && ip netns add world || exit 99
mount --bind "$dir/resolv.conf" /etc/resolv.conf && mount --bind "$dir/hosts" /etc/hosts || exit 99
echo 0 >/proc/sys/net/ipv4/ip_forward
ip link set lo up
ip link add wan type veth peer name eth0 netns world
ip addr add ${MACHINE}/24 dev wan && ip link set wan up && ip route add default via ${WORLD} || exit 99
ip -n world addr add ${WORLD}/24 dev eth0 && ip -n world link set eth0 up || exit 99
mkfifo "$dir/ready"
ip netns exec world "$node" "$dir/server.cjs" >"$dir/ready" & server=$!
read -r _ <"$dir/ready"
"$node" "$dir/resolver.cjs" >"$dir/ready" & resolver=$!
read -r _ <"$dir/ready"
exec 3>"$dir/after"
tare() { $node "$main" "$@" 3>&-; }
state() { cat /proc/sys/net/ipv4/ip_forward; ip -o link show | grep -o 'tare[0-9a-f]*' || :; nft list tables | grep tare; iptables -S FORWARD | grep tare; find /run/tare-network -type f; }
. "$dir/body.sh"
state >&3
kill $server $resolver
wait
`;

/**
 * A machine with a network namespace of its own, one address, and a resolver at 127.0.0.53, beyond which is a world that knows no other address of it. It forwards nothing.
 * @param body a script; `tare` is the command line, `state` tells what is there of tare's networks
 * @returns what it printed; `after`: the state at its end
 */
export async function inFakeInternet(
  body: string,
  options: {
    readonly dir: string;
    readonly home: string;
    readonly hosts?: string;
    readonly env?: Record<string, string>;
  },
): Promise<Answer & { readonly after: string }> {
  const { dir, home } = options;
  mkdirSync(dir, { recursive: true });
  const run = join(dir, 'runtime');
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const files = {
    'body.sh': body,
    'resolver.cjs': RESOLVER,
    'server.cjs': SERVER,
    'resolv.conf': 'nameserver 127.0.0.53\noptions edns0\n',
    hosts: options.hosts ?? '127.0.0.1 localhost\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const machine = ['sh', '-c', SCRIPT, 'machine', dir, process.execPath, MAIN];
  const args = ['--net', '--mount', '--propagation', 'private', ...machine];
  const env = { ...cleanEnvironment(), TARE_HOME: home, XDG_RUNTIME_DIR: run, ...options.env };
  const answer = await execute('unshare', args, { env });
  return { ...answer, after: readFileSync(join(dir, 'after'), 'utf8') };
}
