import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusAnswer } from '../../src/systems/control.ts';
import type { SystemRecord } from '../../src/systems/state.ts';
import { until } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import {
  expectNothingLeft,
  makeBench,
  processesOf,
  project,
  type Bench,
  type TestProject,
} from '../helpers/systems.ts';

const available = process.getuid?.() === 0 && needs('crun', 'unshare', 'ip', 'busybox');
const FOREVER = `sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'`;
const DEAF = `sh -c 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'`;

const one = (command: string, more = ''): string =>
  `services:\n  one:\n    image: box:1\n    command: ${command}\n${more.replaceAll(/^/gm, '    ')}\n`;

describe.skipIf(!available)('a system', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench();
  });
  afterAll(() => bench.remove());

  const recordOf = (p: TestProject): SystemRecord =>
    JSON.parse(readFileSync(join(bench.home, 'tare/systems', p.name, 'system.json'), 'utf8')) as SystemRecord;
  const pidOf = (p: TestProject): number => Number(recordOf(p).process.split('-')[0]);
  const statusOf = (p: TestProject): Promise<StatusAnswer> => p.json<StatusAnswer>(['ps']);

  it('is refused when it runs already, and another one beside it is not', async () => {
    const p = project(bench, one(FOREVER));
    const q = project(bench, one(FOREVER));
    await p.tare(['up', '-d']);
    expect((await p.tare(['up'], { code: 2 })).stderr).toContain(`E_SYSTEM_STATE: ${p.name} runs already`);
    await q.tare(['up', '-d']);
    const all = await p.json<{ project: string }[]>(['ps', '--all']);
    expect(all.map(({ project: name }) => name).toSorted()).toEqual([p.name, q.name].toSorted());
    expect((await p.tare(['ps', '--all'])).stdout).toContain('1 of 1 running');
    await p.tare(['down']);
    expect((await statusOf(q)).replicas[0]?.state).toBe('running');
    await q.tare(['down', '-p', q.name], { cwd: '/' });
    await expectNothingLeft(bench);
    const { stdout } = await p.tare(['ps'], { code: 1 });
    expect(stdout).toBe(`${p.name} does not run\n`);
    expect((await p.tare(['down'])).stdout).toBe(`${p.name} does not run\n`);
  }, 60_000);

  it('is told when it runs already as it is wanted, and what has changed when it does not', async () => {
    const file = (environment: string, more = ''): string => `
services:
  one: {image: box:1, command: ${FOREVER}, environment: {A: ${environment}}}
  two: {image: box:1, command: ${FOREVER}}
${more}`;
    const p = project(bench, file('first'));
    const first = await p.json<StatusAnswer>(['up', '-d']);
    // Lines, and what others read, do not count.
    p.write(`# moved\n${file('first', 'x-tare: {probes: []}\n')}`);
    expect(await p.json(['up', '-d'])).toEqual(first);
    expect((await p.tare(['up', '-d', 'two'])).stdout).toMatch(/one-1 +running\ntwo-1 +running\n/);
    p.write(file('second', '  three: {image: box:1, command: ls}\n'));
    const { stderr } = await p.tare(['up', '-d'], { code: 2 });
    expect(stderr).toContain(`${p.name} runs already, and one has changed, and three is new since it was started`);
    expect(stderr).toContain(`tare down -p ${p.name}`);
    expect(stderr).not.toContain('second');
    const scaled = await p.tare(['up', '-d', '--scale', 'two=2', 'two'], { code: 2 });
    expect(scaled.stderr).toContain('two has changed');
    p.write(file('first').replace(/^.*two:.*$/m, ''));
    expect((await p.tare(['up', '-d'])).stderr).toContain('not in the file, but still there: two');
    await p.tare(['down']);
    await expectNothingLeft(bench);
  }, 60_000);

  it('is claimed by one of many that start at once', async () => {
    const p = project(bench, one(FOREVER));
    const answers = await Promise.all([1, 2, 3].map(() => p.json<StatusAnswer>(['up', '-d'])));
    for (const { replicas } of answers) expect(replicas.map(({ state }) => state)).toEqual(['running']);
    await until(() => processesOf(bench).filter((line) => line.includes('supervisor')).length === 1);
    await p.tare(['down']);
    await expectNothingLeft(bench);
  }, 60_000);

  it('tells the last words of a service that dies, and stops the others when they must all come up', async () => {
    const p = project(
      bench,
      `
services:
  good: {image: box:1, command: ${FOREVER}}
  bad: {image: box:1, command: sh -c 'echo no such thing >&2; exit 9', healthcheck: {test: "true"}}
`,
    );
    const { stderr } = await p.tare(['up', '-d'], { code: 1 });
    expect(stderr).toContain('E_SYSTEM');
    expect(stderr).toContain('bad does not come up: bad-1 ended with exit code 9: no such thing');
    await expectNothingLeft(bench);
    // What they printed is there until it is started again, or brought down.
    expect(stderr).toContain(`cure: all that its services have printed: \`tare logs -p ${p.name}\``);
    expect((await p.tare(['logs', '-f', '-p', p.name], { cwd: '/' })).stdout).toBe('bad-1 | no such thing\n');
    await p.tare(['down']);
    expect((await p.tare(['logs'], { code: 2 })).stderr).toContain('does not run');
    const up = p.start(['up']);
    await up.says(/service-down|does not come up/);
    expect((await statusOf(p)).replicas.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'bad-1 exited',
      'good-1 running',
    ]);
    up.child.kill('SIGINT');
    await up.ended;
    await expectNothingLeft(bench);
  }, 60_000);

  it.each([
    ['says no', 'test: "echo never; false"', /unhealthy: never/],
    ['hangs', 'test: sleep 1000', /no answer within 0\.3 s/],
    ['is no program', 'test: [CMD, /none]', /\/none/],
  ])(
    'does not come up when a health check %s',
    async (_, check, words) => {
      const p = project(
        bench,
        `
services:
  sick:
    image: box:1
    command: ${FOREVER}
    healthcheck: {${check}, interval: 200ms, timeout: 300ms, retries: 2}
  after: {image: box:1, command: echo wrong, depends_on: {sick: {condition: service_healthy}}}
`,
      );
      const { stderr } = await p.tare(['up', '-d'], { code: 1 });
      expect(stderr).toMatch(words);
      expect(stderr).toContain('sick');
      await expectNothingLeft(bench);
      const attached = await p.tare(['up'], { code: 1 });
      expect(attached.stderr).toContain('after is not started: it needs sick to be healthy');
      expect(attached.stdout).not.toContain('wrong');
      await expectNothingLeft(bench);
    },
    60_000,
  );

  it('kills a health check that takes too long, and asks again', async () => {
    const p = project(
      bench,
      `
services:
  sick:
    image: box:1
    command: ${FOREVER}
    volumes: [./v:/v]
    healthcheck: {test: 'echo asked >>/v/asked; sleep 1000; true', interval: 100ms, timeout: 200ms, retries: 3}
`,
    );
    const up = p.start(['up']);
    await up.says(/sick-1 unhealthy: no answer within 0\.2 s/);
    expect(readFileSync(join(p.dir, 'v/asked'), 'utf8').match(/asked/g)?.length).toBeGreaterThanOrEqual(3);
    // No more than the one that is asked now.
    expect(processesOf(bench).filter((line) => /^\d+ sleep 1000/.test(line)).length).toBeLessThanOrEqual(1);
    up.child.kill('SIGINT');
    await up.ended;
    await expectNothingLeft(bench);
  }, 60_000);

  it('names the program that is not there, and the image that is not', async () => {
    const p = project(bench, one('/none'));
    expect((await p.tare(['up'], { code: 2 })).stderr).toContain(
      'E_ENTRYPOINT: compose.yaml:3: one: "/none" cannot be',
    );
    await expectNothingLeft(bench);
    p.write(one('ls', 'user: nobody-here'));
    expect((await p.tare(['up', '-d'], { code: 2 })).stderr).toContain('E_USER: compose.yaml:3: one: ');
    await expectNothingLeft(bench);
    p.write('services:\n  idle: {image: box:1}\n');
    for (const detach of [[], ['-d']]) {
      const { stderr } = await p.tare(['up', ...detach], { code: 2 });
      expect(stderr).toContain('E_ENTRYPOINT: compose.yaml:3: idle: box:1 has neither an entry point nor a command');
      expect(stderr).toContain('`command` or `entrypoint` of the service');
      await expectNothingLeft(bench);
    }
    const { stderr: shrunk } = await p.tare(['up', '--shrunk'], { code: 2 });
    expect(shrunk).toContain('compose.yaml:3: idle: the store has no box:1-idle-shrunk');
    p.write('services:\n  one: {image: "127.0.0.1:1/none:1"}\n');
    const { stderr } = await p.tare(['up'], { code: 3 });
    expect(stderr).toContain('compose.yaml:3');
    expect(stderr).toContain('the store has no 127.0.0.1:1/none:1');
    await expectNothingLeft(bench);
  }, 60_000);

  it('gives services the time that they want, and no more', async () => {
    const p = project(bench, one(DEAF, 'stop_grace_period: 300ms'));
    const up = p.start(['up']);
    await up.says(/deaf/);
    await p.tare(['down']);
    expect(await up.ended).toBe(0);
    const q = project(bench, one(DEAF, 'stop_grace_period: 1h'));
    await q.tare(['up', '-d']);
    await q.tare(['down', '-t', '0']);
    const usr = `sh -c 'trap "echo got usr1; exit 3" USR1; while :; do sleep 0.1; done'`;
    const r = project(bench, one(usr, 'stop_signal: SIGUSR1'));
    const other = r.start(['up']);
    await other.says(/one-1 running/);
    other.child.kill('SIGTERM');
    expect(await other.ended).toBe(0);
    expect(other.said.stdout).toContain('got usr1');
    await expectNothingLeft(bench);
  }, 60_000);

  it('ends at once with a second Ctrl-C', async () => {
    const p = project(bench, one(DEAF, 'stop_grace_period: 1h'));
    const up = p.start(['up']);
    await up.says(/deaf/);
    up.child.kill('SIGINT');
    await up.says(/stopping/);
    up.child.kill('SIGINT');
    expect(await up.ended).toBe(130);
    await p.tare(['down']);
    await expectNothingLeft(bench);
  }, 60_000);

  it('is stopped while it starts', async () => {
    const p = project(bench, one(FOREVER, 'healthcheck: {test: "false", start_period: 1h}'));
    for (const detach of [[], ['-d']]) {
      const up = p.start(['up', ...detach]);
      await up.says(/one-1 running/);
      up.child.kill('SIGINT');
      expect(await up.ended).toBe(detach.length === 0 ? 0 : 3);
      await expectNothingLeft(bench);
    }
    const up = p.start(['up']);
    await up.says(/one-1 starting/);
    await p.tare(['down']);
    expect(await up.ended).toBe(0);
    await expectNothingLeft(bench);
  }, 60_000);

  it.each(['up', 'its supervisor'])(
    'whose %s is killed is cleared away',
    async (who) => {
      const p = project(bench, one(FOREVER, 'volumes: [/own]'));
      const up = who === 'up' ? p.start(['up']) : undefined;
      if (up === undefined) await p.tare(['up', '-d']);
      else await up.says(/one-1 running/);
      process.kill(pidOf(p), 'SIGKILL');
      await until(() => processesOf(bench).length === 0);
      expect((await p.tare(['ps'], { code: 1 })).stdout).toContain('does not run');
      expect((await p.tare(['ps', '--all'])).stdout).toContain('killed');
      expect((await p.tare(['logs', '-f'])).code).toBe(0);
      expect((await p.tare(['exec', 'one', 'true'], { code: 2 })).stderr).toContain('E_SYSTEM_STATE');
      const next = p.start(['up']);
      await next.says(/one-1 running/);
      process.kill(pidOf(p), 'SIGKILL');
      await next.ended;
      expect((await p.tare(['down'])).stdout).toContain('had been killed');
      await expectNothingLeft(bench);
    },
    60_000,
  );

  it('ends when the process that joins its networks is killed', async () => {
    const p = project(bench, one(FOREVER));
    const up = p.start(['up']);
    await up.says(/one-1 running/);
    const board = processesOf(bench).find((line) => line.includes('switchboard/process'));
    process.kill(Number(board?.split(' ')[0]), 'SIGKILL');
    expect(await up.ended).toBe(3);
    expect(up.said.stderr).toContain('the process that joins the networks has ended');
    await expectNothingLeft(bench);
  }, 60_000);

  it('is stopped in order when its supervisor is asked to end', async () => {
    const p = project(
      bench,
      one(`sh -c 'trap "touch /v/bye; exit 0" TERM; while :; do sleep 0.1; done'`, 'volumes: [./v:/v]'),
    );
    await p.tare(['up', '-d']);
    process.kill(pidOf(p), 'SIGTERM');
    await until(() => processesOf(bench).length === 0);
    expect(existsSync(join(p.dir, 'v/bye'))).toBe(true);
    await expectNothingLeft(bench);
  }, 60_000);

  it('starts services again as they say, after longer and longer pauses', async () => {
    const failing = `sh -c 'echo try; exit 4'`;
    const p = project(
      bench,
      `
services:
  twice: {image: box:1, command: ${failing}, restart: "on-failure:2"}
  well: {image: box:1, command: echo well, restart: on-failure}
`,
    );
    const up = await p.tare(['up'], { code: 1 });
    expect(up.stdout.match(/try/g)).toHaveLength(3);
    expect(up.stdout.match(/well/g)).toHaveLength(2);
    await expectNothingLeft(bench);
    p.write(one(`sh -c 'ls /tmp; touch /tmp/mine; echo again'`, 'restart: always'));
    const always = p.start(['up', '--no-log-prefix']);
    await until(() => (always.said.stdout.match(/again/g) ?? []).length >= 3);
    // A container begins with the files of its image each time.
    expect(always.said.stdout).not.toContain('mine');
    expect((await p.tare(['ps'])).stdout).toMatch(/restarted \d+×/);
    await p.tare(['down']);
    expect(await always.ended).toBe(0);
    await expectNothingLeft(bench);
  }, 60_000);

  it('is not kept from ending by somebody who holds its socket and says nothing', async () => {
    const p = project(bench, one(FOREVER));
    await p.tare(['up', '-d']);
    const silent = connect(recordOf(p).socket);
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.once('connect', resolve));
    await p.tare(['down']);
    silent.destroy();
    await expectNothingLeft(bench);
  }, 60_000);
});
