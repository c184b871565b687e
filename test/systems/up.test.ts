import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusAnswer } from '../../src/systems/control.ts';
import { until } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { expectNothingLeft, makeBench, project, type Bench, type TestProject } from '../helpers/systems.ts';

const available = process.getuid?.() === 0 && needs('crun', 'unshare', 'ip', 'busybox');
const FOREVER = `sh -c 'while :; do sleep 1; done'`;

const bodyOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve(text.trim()));
    }).once('error', reject);
  });

describe.skipIf(!available)('a system', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench();
    await bench.addImage('data:1', {}, [
      { path: 'data/', uid: 1000, gid: 1000, mode: 0o750 },
      { path: 'data/file', content: 'from the image\n', uid: 1000, gid: 1000, mode: 0o640 },
    ]);
  });
  afterAll(() => bench.remove());

  /** Of one command, that is over soon. */
  const linesOf = async (p: TestProject): Promise<readonly string[]> =>
    (await p.tare(['up', '--no-log-prefix'])).stdout.trim().split('\n');
  const says = async (body: string, command: string): Promise<readonly string[]> => {
    const indented = body.replaceAll(/^/gm, '    ');
    const p = project(bench, `services:\n  one:\n    image: box:1\n    command: ${command}\n${indented}\n`);
    const lines = await linesOf(p);
    await expectNothingLeft(bench);
    return lines;
  };

  it.each([
    ['environment', 'environment: {A: "1", B: two words}', `sh -c 'echo $$A; echo $$B'`, ['1', 'two words']],
    ['a user', 'user: app', `id -u`, ['1000']],
    ['a user by number', 'user: "1234:56"', `sh -c 'id -u; id -g'`, ['1234', '56']],
    ['a folder', 'working_dir: /etc', 'pwd', ['/etc']],
    ['a read-only root', 'read_only: true', `sh -c 'touch /x 2>&1; true'`, ['touch: /x: Read-only file system']],
    ['a host name', 'hostname: alice', 'hostname', ['alice']],
    ['a host name of its own', '', 'hostname', ['one-1']],
    ['names of other machines', 'extra_hosts: ["far:192.0.2.7"]', `grep far /etc/hosts`, ['192.0.2.7\tfar']],
    [
      'memory',
      'tmpfs: ["/m:mode=700,size=64k"]',
      `sh -c 'stat -c %a /m; df -k /m | tail -1 | tr -s " " | cut -d" " -f2'`,
      ['700', '64'],
    ],
    ['another entry point', 'entrypoint: [echo, -n]', `[hello, world]`, ['hello world']],
    [
      'fewer capabilities',
      'cap_drop: [CHOWN]',
      `sh -c 'chown 1 /etc/passwd 2>&1; true'`,
      ['chown: /etc/passwd: Operation not permitted'],
    ],
    [
      'no capabilities but one',
      'cap_drop: [ALL]\ncap_add: [CHOWN]',
      `sh -c 'chown 1 /etc/passwd && chroot / true 2>&1; true'`,
      ["chroot: can't change root directory to '/': Operation not permitted"],
    ],
    [
      'what is added over what is dropped',
      'cap_drop: [CHOWN, KILL]\ncap_add: [CHOWN]',
      `sh -c 'chown 1 /etc/passwd && grep CapEff /proc/self/status'`,
      ['CapEff:\t00000000a80425db'],
    ],
    [
      'the usual capabilities where it wants all',
      'cap_drop: [ALL]\ncap_add: [ALL]',
      `grep CapEff /proc/self/status`,
      ['CapEff:\t00000000a80425fb'],
    ],
    ['no new privileges', '', `grep NoNewPrivs /proc/self/status`, ['NoNewPrivs:\t1']],
    [
      'new privileges where it wants them',
      'security_opt: ["no-new-privileges:false"]',
      `grep NoNewPrivs /proc/self/status`,
      ['NoNewPrivs:\t0'],
    ],
    ['no network', 'network_mode: none', `ls /sys/class/net`, ['lo']],
  ])(
    'has %s',
    async (_, body, command, expected) => {
      expect(await says(body, command)).toEqual(expected);
    },
    30_000,
  );

  it('has configs and secrets, each with its mode and owner', async () => {
    const p = project(
      bench,
      `
services:
  one:
    image: box:1
    command: sh -c 'stat -c "%a %u %g" /etc/c /run/secrets/s; cat /etc/c /run/secrets/s'
    configs: [{source: c, target: /etc/c, mode: 0440, uid: "1000", gid: "7"}]
    secrets: [s]
configs: {c: {content: "of the file\\n"}}
secrets: {s: {file: ./secret}}
`,
    );
    writeFileSync(join(p.dir, 'secret'), 'hush\n');
    expect(await linesOf(p)).toEqual(['440 1000 7', '444 0 0', 'of the file', 'hush']);
    await expectNothingLeft(bench);
  }, 30_000);

  it('keeps volumes, which begin with what the image has, until they are removed', async () => {
    const p = project(
      bench,
      `
services:
  one:
    image: data:1
    user: app
    command: sh -c 'stat -c "%a %u" /data /data/file; cat /data/*; echo more >>/data/mine; echo x >>/bound/y; ls /own'
    volumes: [v:/data, ./bound:/bound, /own]
    depends_on: {zero: {condition: service_completed_successfully}}
  zero: {image: box:1, command: chmod 777 /bound, volumes: [./bound:/bound]}
volumes: {v: }
`,
    );
    const first = ['750 1000', '640 1000', 'from the image'];
    expect(await linesOf(p)).toEqual(first);
    expect(await linesOf(p)).toEqual([...first, 'more']);
    expect(readFileSync(join(p.dir, 'bound/y'), 'utf8')).toBe('x\nx\n');
    const volume = join(bench.home, 'tare/volumes', `${p.name}_v`);
    expect(statSync(join(volume, 'data/mine')).uid).toBe(1000);
    await p.tare(['down']);
    expect(existsSync(volume)).toBe(true);
    expect((await p.json<{ volumes: string[] }>(['down', '-v'])).volumes).toEqual([`${p.name}_v`]);
    expect(existsSync(volume)).toBe(false);
    expect((await p.json<{ volumes: string[] }>(['down', '-v'])).volumes).toEqual([]);
    await expectNothingLeft(bench);
  }, 60_000);

  it('does not make what others are to have made', async () => {
    const p = project(
      bench,
      `services: {one: {image: box:1, command: ls, volumes: [v:/v]}}\nvolumes: {v: {external: true, name: nobody-made-it}}\n`,
    );
    const { stderr } = await p.tare(['up'], { code: 2 });
    expect(stderr).toContain('compose.yaml:2');
    expect(stderr).toContain('nobody-made-it');
    await expectNothingLeft(bench);
  }, 30_000);

  it('knows services by names in the networks that they share, and leads nowhere else', async () => {
    const p = project(
      bench,
      `
services:
  db: {image: box:1, command: ${FOREVER}, networks: {back: {aliases: [store]}}}
  front: {image: box:1, command: ${FOREVER}, networks: [out]}
  constructor: {image: box:1, command: ${FOREVER}, networks: [back]}
  both:
    image: box:1
    networks: [back, out]
    depends_on: [db, front, constructor]
    command: >-
      sh -c 'for n in db store db-1 front constructor; do nslookup -type=a $$n 2>&1 | sed -n "s/^Address: //p" | grep -v :53 | head -1; done;
      nslookup -type=a nobody 2>&1 | grep -c NXDOMAIN; ping -c1 -W1 db >/dev/null && echo reached; ip route | grep -c default;
      ping -c1 -W1 192.0.2.1 2>&1'
  apart:
    image: box:1
    networks: [out]
    depends_on: [db, both]
    command: sh -c 'nslookup -type=a db 2>&1 | grep -c NXDOMAIN; ping -c1 -W1 10.89.0.3 2>&1 | grep -c "100% packet loss\\|unreachable"'
networks: {back: , out: }
`,
    );
    const up = p.start(['up']);
    await until(async () => {
      const { replicas } = await p.json<StatusAnswer>(['ps'], 0).catch(() => ({ replicas: [] }));
      return replicas.filter(({ state }) => state === 'exited').length === 2;
    });
    await up.says(/both-1 +\| .*unreachable/i);
    await up.says(/apart-1 +\| 1\n(?:.*\n)*apart-1 +\| 1\n/);
    const of = (name: string): readonly string[] =>
      up.said.stdout
        .split('\n')
        .filter((line) => line.startsWith(name))
        .map((line) => line.replace(/^.*\| /, ''));
    const networks = of('both-1')
      .slice(0, 5)
      .map((line) => /^10\.89\.([01])\.\d+$/.exec(line)?.[1]);
    expect(networks).toEqual(['0', '0', '0', '1', '0']);
    expect(of('both-1')).toContain('reached');
    up.child.kill('SIGINT');
    expect(await up.ended).toBe(0);
    await expectNothingLeft(bench);
  }, 60_000);

  const SERVE = `sh -c 'mkdir /w; hostname >/w/index.html; exec httpd -f -p 80 -h /w'`;

  it('publishes ports: one for all replicas in turn, a range with one for each', async () => {
    const p = project(
      bench,
      `
services:
  web: {image: box:1, command: ${SERVE}, ports: ["127.0.0.1:20190:80"], scale: 3, healthcheck: {test: wget -q -O- http://127.0.0.1/}}
  own: {image: box:1, command: ${SERVE}, ports: ["127.0.0.1:20180-20182:80"], healthcheck: {test: wget -q -O- http://127.0.0.1/}}
`,
    );
    const status = await p.json<StatusAnswer>(['up', '-d', '--scale', 'own=2']);
    expect(status.replicas.map(({ health, name, state }) => `${name} ${state} ${health}`)).toEqual(
      ['own-1', 'own-2', 'web-1', 'web-2', 'web-3'].map((name) => `${name} running healthy`),
    );
    const web = 20190;
    const seen = new Set<string>();
    for (let asked = 0; asked < 6; asked += 1) seen.add(await bodyOf(web));
    expect([...seen].toSorted()).toEqual(['web-1', 'web-2', 'web-3']);
    expect([await bodyOf(20180), await bodyOf(20181)]).toEqual(['own-1', 'own-2']);
    expectShape('up', status);
    expectShape('ps', await p.json(['ps']));
    expectShape('ps', await p.json(['ps', '--all']));
    const text = (await p.tare(['ps'])).stdout;
    expect(text).toMatch(/own-2 +running \(healthy\) +127\.0\.0\.1:20181 → 80\n/);
    expect(await p.json(['ps'])).toEqual({
      project: p.name,
      runs: true,
      replicas: status.replicas,
      ports: status.ports,
    });
    // One of three is gone: the others answer.
    await p.tare(['exec', '--index', '2', 'web', 'sh', '-c', 'kill -9 1']).catch(() => undefined);
    for (let asked = 0; asked < 4; asked += 1) expect(await bodyOf(web)).toMatch(/web-/);
    expectShape('down', await p.json(['down']));
    await expect(bodyOf(web)).rejects.toThrow('ECONNREFUSED');
    await expectNothingLeft(bench);
    const { stderr } = await p.tare(['up', '-d', '--scale', 'own=4'], { code: 2 });
    expect(stderr).toContain('20180-20182 is not a port for each');
    await expectNothingLeft(bench);
  }, 90_000);

  it('passes half-open connections on, and resets what nobody takes', async () => {
    const p = project(
      bench,
      `
services:
  echo: {image: box:1, command: nc -ll -p 7 -e wc -c, ports: ["127.0.0.1::7", "127.0.0.1::8"]}
`,
    );
    const { ports } = await p.json<StatusAnswer>(['up', '-d']);
    const [open, closed] = [7, 8].map((port) => ports.find(({ container }) => container === port)?.host ?? 0);
    const ask = (port: number): Promise<string> =>
      new Promise((resolve, reject) => {
        let text = '';
        const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => socket.end('12345'));
        socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        socket.once('end', () => resolve(text.trim()));
        socket.once('error', reject);
      });
    await until(async () => (await ask(open ?? 0).catch(() => '')) !== '');
    expect(await ask(open ?? 0)).toBe('5');
    await expect(ask(closed ?? 0)).rejects.toThrow('ECONNRESET');
  }, 60_000);

  it('builds first what another service has as its image', async () => {
    const p = project(
      bench,
      `
services:
  after: {image: "127.0.0.1:1/made:1", command: cat /made}
  maker: {image: "127.0.0.1:1/made:1", build: {context: ., dockerfile_inline: "FROM box:1\\nCOPY here /made\\n"}, command: "true"}
`,
    );
    writeFileSync(join(p.dir, 'here'), 'made here\n');
    expect(await linesOf(p)).toEqual(['made here']);
    await expectNothingLeft(bench);
  }, 60_000);

  it('names who has the port that it wants', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    try {
      const p = project(
        bench,
        `services:\n  web:\n    image: box:1\n    command: ${FOREVER}\n    ports: ["127.0.0.1:${port}:80"]\n`,
      );
      for (const detach of [[], ['-d']]) {
        const { stderr } = await p.tare(['up', ...detach], { code: 3 });
        expect(stderr).toContain(`compose.yaml:6: web: port ${port} of 127.0.0.1 is taken`);
        await expectNothingLeft(bench);
      }
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }, 60_000);
});
