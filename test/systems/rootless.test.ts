import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusAnswer } from '../../src/systems/control.ts';
import { until } from '../helpers/leftovers.ts';
import { needs, needsOtherUser } from '../helpers/needs.ts';
import { expectNothingLeft, makeBench, processesOf, project, type Bench } from '../helpers/systems.ts';

const available = needsOtherUser('newuidmap', 'unshare') && needs('crun', 'ip', 'busybox');

describe.skipIf(!available).each(['range', 'single'] as const)('a system of an ordinary user, ids: %s', (ids) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench(ids);
    await bench.addImage('data:1', {}, [
      { path: 'data/', uid: 1000, gid: 1000, mode: 0o770 },
      { path: 'data/file', content: 'of the image\n', uid: 1000, gid: 1000, mode: 0o660 },
    ]);
  });
  afterAll(() => bench.remove());

  const COMPOSE = `
services:
  web:
    image: data:1
    user: ${ids === 'range' ? 'app' : '"0"'}
    command: ["sh", "-c", 'cat /data/*; nslookup -type=a db | grep -c "Address: 10.89.0"; echo x >>/data/mine; exec nc -ll -p 7777 -e wc -c']
    ports: ["127.0.0.1::7777"]
    volumes: [v:/data]
    networks: [front, back]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: box:1
    command: ["sh", "-c", 'trap "exit 0" TERM; while :; do sleep 0.1; done']
    networks: [back]
    healthcheck: {test: test -e /etc/hosts}
networks: {back: , front: }
volumes: {v: }
`;

  it('has networks with names, ports and volumes too', async () => {
    const p = project(bench, COMPOSE);
    const { ports, replicas } = await p.json<StatusAnswer>(['up', '-d']);
    expect(replicas.map(({ name, state }) => `${name} ${state}`)).toEqual(['db-1 running', 'web-1 running']);
    const [{ host } = { host: 0 }] = ports;
    const ask = (): Promise<string> =>
      new Promise((resolve) => {
        let text = '';
        const socket = connect({ host: '127.0.0.1', port: host, allowHalfOpen: true }, () => socket.end('1234'));
        socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        socket.on('error', () => undefined);
        socket.once('close', () => resolve(text.trim()));
      });
    await until(async () => (await ask()) === '4');
    expect((await p.tare(['logs', '--no-log-prefix', 'web'])).stdout).toBe('of the image\n1\n');
    const id = (await p.tare(['exec', 'web', 'id', '-u'])).stdout;
    expect(id).toBe(ids === 'range' ? '1000\n' : '0\n');
    await p.tare(['down']);
    await expectNothingLeft(bench);
    await p.tare(['up', '-d']);
    await until(async () => (await p.tare(['logs', '--no-log-prefix', 'web'])).stdout.startsWith('of the image\nx\n'));
    const record = join(bench.home, 'tare/systems', p.name, 'system.json');
    const { process: supervisor } = JSON.parse(readFileSync(record, 'utf8')) as { readonly process: string };
    process.kill(Number(supervisor.split('-')[0]), 'SIGKILL');
    await until(() => processesOf(bench).length === 0);
    expect((await p.tare(['down', '-v'])).stdout).toContain('had been killed');
    expect(existsSync(join(bench.home, 'tare/volumes', `${p.name}_v`))).toBe(false);
    await expectNothingLeft(bench);
  }, 90_000);

  it('has health checks that are killed when they take too long', async () => {
    const p = project(
      bench,
      `
services:
  sick:
    image: box:1
    user: ${ids === 'range' ? 'app' : '"0"'}
    command: ["sh", "-c", 'trap "exit 0" TERM; while :; do sleep 0.1; done']
    healthcheck: {test: 'sleep 1000; true', interval: 100ms, timeout: 200ms, retries: 3}
`,
    );
    const up = p.start(['up']);
    await up.says(/sick-1 unhealthy: no answer within 0\.2 s/);
    await until(() => processesOf(bench).filter((line) => /^\d+ sleep 1000/.test(line)).length <= 1);
    await p.tare(['down']);
    await up.ended;
    await expectNothingLeft(bench);
  }, 60_000);

  it('says where it may not write', async () => {
    const p = project(bench, COMPOSE);
    const dir = join(bench.home, 'tare');
    await p.tare(['ps'], { code: 1 });
    chmodSync(dir, 0o500);
    try {
      const { stderr } = await p.tare(['up'], { code: 3 });
      expect(stderr).toMatch(/error E_(?:PERMISSION|IO)/);
      expect(stderr).toContain(dir);
    } finally {
      chmodSync(dir, 0o700);
    }
    await expectNothingLeft(bench);
  }, 60_000);
});
