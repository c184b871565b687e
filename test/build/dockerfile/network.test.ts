import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/index.ts';
import { canFakeInternet, inFakeInternet, MACHINE, WORLD } from '../../helpers/fake-internet.ts';
import { tempDir } from '../../helpers/temp.ts';
import { busyboxImage } from '../../solve/buildkit/graphs.ts';

const ASK = `busybox nc -w 5 ${WORLD} 80`;
const LINKS = 'ls /sys/class/net';
const NOTHING_LEFT = '0\n';

async function machine(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly dir: string; readonly home: string }> {
  const dir = tempDir();
  const home = join(dir, 'home');
  const store = await openStore({ home });
  await store.tag('busybox:latest', (await busyboxImage(store)).descriptor);
  mkdirSync(join(dir, 'ctx'));
  for (const [name, steps] of Object.entries(files)) writeFileSync(join(dir, 'ctx', name), `FROM busybox\n${steps}\n`);
  return { dir, home };
}

/** Lines of what steps printed. */
/** What the steps printed: `#1 0.734 eth0`. */
const told = (stderr: string): readonly string[] =>
  stderr.split('\n').flatMap((line) => /^#\d+ \d+\.\d+ (.*)$/.exec(line)?.[1] ?? []);

const build = (name: string, flags = ''): string =>
  `tare build -f $dir/ctx/${name} --no-cache ${flags} $dir/ctx -t out`;

type Case = [
  name: string,
  options: {
    readonly steps: string;
    readonly flags?: string;
    readonly before?: string;
    readonly after?: string;
    readonly env?: Record<string, string>;
    readonly hosts?: string;
  },
  output: readonly string[],
  host?: RegExp,
];

describe.skipIf(!canFakeInternet())('the network of steps, as root', () => {
  it.each<Case>([
    [
      'is one of their own, behind the address of the machine',
      { steps: `RUN ${LINKS}; ${ASK}; cat /etc/hosts | busybox head -1` },
      ['eth0', 'lo', MACHINE, '127.0.0.1 localhost tare'],
    ],
    [
      'resolves names that only the machine can',
      {
        steps:
          'RUN busybox nslookup -type=a world.test >/o; busybox grep -o "^Address: .*" /o; busybox grep -c options /etc/resolv.conf',
      },
      [`Address: ${WORLD}`, '1'],
    ],
    ['gets through a firewall that drops', { before: 'iptables -P FORWARD DROP', steps: `RUN ${ASK}` }, [MACHINE]],
    [
      'does without nft',
      {
        before: 'mount --bind /dev/null "$(command -v nft)"',
        after: 'umount "$(command -v nft)"',
        steps: `RUN ${ASK}`,
      },
      [MACHINE],
    ],
    [
      'has other addresses than those that the machine reaches',
      {
        before: 'ip route add 10.231.0.0/16 via 203.0.113.1',
        steps: `RUN ${ASK}; busybox ip route | busybox grep -o 'default via [0-9]*.[0-9]*'`,
      },
      [MACHINE, 'default via 172.28'],
    ],
    ['is none when that is asked for', { steps: `RUN ${LINKS}`, flags: '--network none' }, ['lo']],
    [
      'is none for the step that asks for it',
      { steps: `RUN --network=none ${LINKS}\nRUN --network=default ${LINKS}` },
      ['lo', 'eth0', 'lo'],
    ],
    [
      'is that of the machine when that is asked for',
      { steps: `RUN ${LINKS}`, flags: '--network host --allow network.host' },
      ['lo', 'wan'],
    ],
    [
      'is that of the machine for the step that asks for it, and may',
      { steps: `RUN --network=host ${LINKS} | busybox grep wan\nRUN ${LINKS}`, flags: '--allow network.host' },
      ['wan', 'eth0', 'lo'],
    ],
    [
      'is that of the machine where a foreign firewall drops, which is said once',
      {
        before: `nft 'add table inet mine; add chain inet mine out { type filter hook forward priority 0; policy drop; }'`,
        steps: `RUN ${LINKS}\nRUN ${LINKS}`,
      },
      ['lo', 'wan', 'lo', 'wan'],
      /firewall \(inet mine out\) does not let forwarded packets through/,
    ],
    [
      'is that of the machine for a proxy on its loopback',
      { env: { http_proxy: 'http://me.test:3128' }, hosts: '127.0.0.1 localhost me.test\n', steps: `RUN ${LINKS}` },
      ['lo', 'wan'],
      /proxy in http_proxy listens on this machine's loopback alone/,
    ],
    [
      'is that of the machine without a right to make another',
      { before: 'node="setpriv --bounding-set=-net_admin --inh-caps=-net_admin $node"', steps: `RUN ${LINKS}` },
      ['lo', 'wan'],
      /CAP_NET_ADMIN is missing/,
    ],
  ])('%s', async (_name, { after = '', before = '', env, flags, hosts, steps }, output, host?: RegExp) => {
    const { dir, home } = await machine({ Dockerfile: steps });
    const body = `real=$node\n${before}\n${build('Dockerfile', flags)} || exit\n${after}\nnode=$real`;
    const answer = await inFakeInternet(body, {
      dir,
      home,
      ...(env === undefined ? {} : { env }),
      ...(hosts === undefined ? {} : { hosts }),
    });
    expect(told(answer.stderr), answer.stderr).toEqual(output);
    const said = answer.stderr.match(/the steps have the network of this machine: .*/g) ?? [];
    expect(said).toEqual(host === undefined ? [] : [expect.stringMatching(host)]);
    expect(answer.after).toBe(NOTHING_LEFT);
  });

  it('goes with the build, however that ends', async () => {
    const { dir, home } = await machine({ long: 'RUN echo begun; sleep 1000', short: `RUN ${ASK}` });
    const body = `
begin() {
  : >$dir/long
  "$node" "$main" build -f $dir/ctx/long --no-cache $dir/ctx -t out 2>$dir/long 3>&- & pid=$!
  while ! grep -q '^#1 [0-9.]* begun' $dir/long && kill -0 $pid; do sleep 0.05; done
}
for signal in INT TERM; do
  begin
  state | grep -c tare
  kill -$signal $pid; wait $pid; echo "ended $?"; state
done
begin
kill -KILL $pid; wait $pid
state | grep -c tare_
${build('short')} >/dev/null
echo after; state
`;
    const answer = await inFakeInternet(body, { dir, home });
    const ended = ['6', 'ended 3', '0'];
    expect(answer.stdout.trim().split('\n')).toEqual([...ended, ...ended, '1', 'after', '0']);
    expect(told(answer.stderr)).toEqual([MACHINE]);
    expect(answer.after).toBe(NOTHING_LEFT);
  });
});
