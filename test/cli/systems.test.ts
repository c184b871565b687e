import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../../src/systems/logs.ts';
import { execute, MAIN } from '../helpers/cli.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { expectNothingLeft, makeBench, project, type Bench } from '../helpers/systems.ts';

const available = process.getuid?.() === 0 && needs('crun', 'unshare', 'ip', 'busybox', 'script');

const WAITING = `trap "exit 0" TERM; while :; do sleep 0.1; done`;

describe.skipIf(!available)('systems on the command line', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench();
  });
  afterAll(() => bench.remove());

  it('logs tells what was printed, by whom, and goes on with what comes', async () => {
    const p = project(
      bench,
      `
services:
  a: {image: box:1, command: ["sh", "-c", 'echo one; sleep 0.5; echo two >&2; sleep 0.5; printf "\\x1b[31mthree"; exit 0']}
  bee:
    image: box:1
    command: ["sh", "-c", 'while [ ! -e /x/go ]; do sleep 0.1; done; echo late; ${WAITING}']
    volumes: [./x:/x]
    depends_on: {a: {condition: service_completed_successfully}}
`,
    );
    await p.tare(['up', '-d']);
    // What a service prints does not reach the terminal as it is.
    const all = (await p.tare(['logs'])).stdout;
    expect(all).toMatch(/^a-1 {3}\| one\na-1 {3}\| two\na-1 {3}\| .*three\n$/);
    expect(all).not.toContain('\u001B');
    expect((await p.tare(['logs', 'a', '-n', '1', '--no-log-prefix'])).stdout).toMatch(/three\n$/);
    expect((await p.tare(['logs', '-n', '0'])).stdout).toBe('');
    expect((await p.tare(['logs', '--tail', 'all'])).stdout).toBe(all);
    expect((await p.tare(['logs', '--tail', 'some'], { code: 2 })).stderr).toContain('"some" is no number of lines');
    expect((await p.tare(['logs', '-t', '-n', '3'])).stdout).toMatch(/^a-1 {3}\| \d{4}-\d\d-\d\dT[\d:.]+Z one\n/);
    const lines = (await p.tare(['logs', '--json'])).stdout.trim().split('\n');
    const objects = lines.map((line) => JSON.parse(line) as LogLine);
    for (const line of objects) expectShape('logs', line);
    expect(objects.slice(0, 2).map(({ time: _time, ...line }) => line)).toEqual([
      { service: 'a', name: 'a-1', stream: 'stdout', text: 'one' },
      { service: 'a', name: 'a-1', stream: 'stderr', text: 'two' },
    ]);
    expect((await p.tare(['logs', 'zed'], { code: 2 })).stderr).toContain('there are: a, bee');
    const follow = p.start(['logs', '-f', '--tail', '1']);
    // The last line of those that are there comes before any other does.
    await follow.says(/three/);
    writeFileSync(join(p.dir, 'x/go'), '');
    await follow.says(/bee-1 \| late/);
    // Of each container, as they came.
    expect((await p.tare(['logs', '-n', '1'])).stdout).toMatch(/^a-1 {3}\| .*three\nbee-1 \| late\n$/);
    expect((await p.tare(['ps', '-q'])).stdout).toBe('bee-1\n');
    expect((await p.tare(['ps', '--all', '--quiet'])).stdout).toBe(`${p.name}\n`);
    expect((await p.json<object[]>(['ps', '--all', '-q'])).length).toBe(1);
    await p.tare(['down']);
    expect(await follow.ended).toBe(0);
    expect(follow.said.stdout).not.toContain('one');
    expect((await p.tare(['logs'], { code: 2 })).stderr).toContain('does not run');
    expect((await p.tare(['ps', '-q'], { code: 1 })).stdout).toBe('');
    await expectNothingLeft(bench);
  }, 60_000);

  it('exec runs a program as its service would', async () => {
    const p = project(
      bench,
      `
services:
  one:
    image: box:1
    command: ["sh", "-c", '${WAITING}']
    environment: {A: b}
    user: app
    working_dir: /etc
`,
    );
    await p.tare(['up', '-d']);
    const show = 'id -u; pwd; echo $A; echo $B; hostname';
    expect((await p.tare(['exec', 'one', 'sh', '-c', show])).stdout).toBe('1000\n/etc\nb\n\none-1\n');
    const changed = ['exec', '-u', '0:5', '-w', '/tmp', '-e', 'B=c', '-e', 'A=d', 'one', 'sh', '-c', `id -g; ${show}`];
    expect((await p.tare(changed)).stdout).toBe('5\n0\n/tmp\nd\nc\none-1\n');
    expect((await p.tare(['exec', 'one', 'sh', '-c', 'echo no >&2; exit 7'], { code: 7 })).stderr).toBe('no\n');
    expect((await p.tare(['exec', 'one', 'sh', '-c', 'kill -9 $$'], { code: 137 })).stdout).toBe('');
    expect((await p.tare(['exec', 'one', '/none'], { code: 2 })).stderr).toContain('"/none" cannot be started');
    expect((await p.tare(['exec', '-u', 'nobody-here', 'one', 'id'], { code: 2 })).stderr).toContain('nobody-here');
    expect((await p.tare(['exec', 'two', 'id'], { code: 2 })).stderr).toContain('what runs: one-1');
    expect((await p.tare(['exec', '--index', '2', 'one', 'id'], { code: 2 })).stderr).toContain('one-2 does not run');
    const piped = await execute(process.execPath, [MAIN, 'exec', 'one', 'cat'], {
      cwd: p.dir,
      env: bench.env,
      input: 'piped in',
    });
    expect(piped.stdout).toBe('piped in');
    const typed = `'${process.execPath}' '${MAIN}' exec one sh -c 'tty; exit 5'`;
    const terminal = await execute('script', ['-qec', typed, '/dev/null'], { cwd: p.dir, env: bench.env });
    expect(terminal.stdout).toContain('/dev/pts/');
    expect(terminal.code).toBe(5);
    await p.tare(['down']);
    await expectNothingLeft(bench);
  }, 60_000);

  it('up prints each line behind the name of its container, and nothing else on stdout', async () => {
    const p = project(
      bench,
      `
services:
  a: {image: box:1, command: echo x, ports: ["127.0.0.1::80"]}
  long: {image: box:1, command: echo y, scale: 1, ports: ["127.0.0.1:20170-20171:81"]}
`,
    );
    const { stderr, stdout } = await p.tare(['up']);
    expect(stdout.split('\n').toSorted()).toEqual(['', 'a-1    | x', 'long-1 | y']);
    expect(stderr).toMatch(/^a: port 80 is at 127\.0\.0\.1:\d+\nlong: port 81 is at 127\.0\.0\.1:20170\n/);
    const answer = await p.json<{ replicas: { name: string; exit: object }[] }>(['up']);
    expectShape('up', answer);
    expect(answer.replicas.map(({ exit, name }) => [name, exit])).toEqual([
      ['a-1', { code: 0 }],
      ['long-1', { code: 0 }],
    ]);
    const some = await p.tare(['up', '--no-log-prefix', 'a']);
    expect(some.stdout).toBe('x\n');
    await expectNothingLeft(bench);
  }, 60_000);

  it('are not found by a name that leads elsewhere', async () => {
    const p = project(bench, 'services: {a: {image: box:1}}\n');
    for (const command of [['ps'], ['logs'], ['down'], ['exec', 'a', 'true']]) {
      const [verb = '', ...rest] = command;
      const { stderr } = await p.tare([verb, '-p', '../volumes/x', ...rest], { code: 2 });
      expect(stderr).toContain('"../volumes/x" is no name of a project');
    }
    expect((await p.tare(['up', '--scale', 'a'], { code: 2 })).stderr).toContain('is not SERVICE=NUMBER');
    expect((await p.tare(['up', '--scale', 'b=2'], { code: 2 })).stderr).toContain('has no service b');
  }, 60_000);

  it('are refused what they would not get', async () => {
    const p = project(bench, `services:\n  a:\n    image: box:1\n    ports: ["5353:53/udp"]\n`);
    const { stderr } = await p.tare(['up'], { code: 2 });
    expect(stderr).toContain('E_COMPOSE_UNSUPPORTED: compose.yaml:5: a publishes port 53 of UDP');
    p.write(`
services: {a: {image: box:1, networks: [x, y]}}
networks: {x: {ipam: {config: [{subnet: 10.7.0.0/16}]}}, y: {ipam: {config: [{subnet: 10.7.1.0/24}]}}}
`);
    expect((await p.tare(['up'], { code: 2 })).stderr).toContain('the networks x and y overlap');
    await expectNothingLeft(bench);
  }, 60_000);
});
