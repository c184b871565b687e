import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../helpers/needs.ts';
import { expectNothingLeft, makeBench, project, type Bench } from '../helpers/systems.ts';

const available = process.getuid?.() === 0 && needs('crun', 'unshare', 'ip', 'busybox');
const FOREVER = `sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'`;

describe.skipIf(!available)('a mistake in a Compose file', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench();
  });
  afterAll(() => bench.remove());

  it('is told before anything starts when somebody waits for a health that nobody asks for', async () => {
    await bench.addImage('asked:1', { Healthcheck: { Test: ['CMD', 'true'], Interval: 200_000_000 } });
    const p = project(bench, '');
    const waits = (image: string, more: string, how = ''): void =>
      p.write(`services:
  first: {image: "${image}", command: ${FOREVER}${more}}
  after: {image: box:1, command: echo here, depends_on: {first: {condition: service_healthy${how}}}}
`);
    for (const [image, more] of [
      ['box:1', ''],
      ['asked:1', ', healthcheck: {disable: true}'],
    ] as const) {
      waits(image, more);
      const { stderr } = await p.tare(['up'], { code: 2 });
      expect(stderr).toContain('E_COMPOSE: compose.yaml:4: after waits until first is healthy, and neither first nor');
      expect(stderr).toContain('cure: write a `healthcheck` for first');
      expect(stderr).not.toContain('first-1');
    }
    waits('box:1', '', ', required: false');
    expect((await p.tare(['up', '-d'])).stderr).toContain('after-1 running');
    await p.tare(['down']);
    waits('asked:1', '');
    expect((await p.tare(['up', '-d'])).stderr).toContain('first-1 healthy');
    await p.tare(['down']);
    await expectNothingLeft(bench);
  }, 60_000);

  it('is told when a service has died while another one was waited for', async () => {
    const p = project(
      bench,
      `
services:
  bad: {image: box:1, command: sh -c 'echo no such thing >&2; exit 9'}
  slow: {image: box:1, command: ${FOREVER}, healthcheck: {test: sleep 1, interval: 100ms}}
`,
    );
    const { stderr } = await p.tare(['up', '-d'], { code: 1 });
    expect(stderr).toContain('bad does not come up: bad-1 ended with exit code 9: no such thing');
    await p.tare(['down']);
    await expectNothingLeft(bench);
  }, 60_000);

  it('is told with the service that has it, and a cure that fits', async () => {
    const p = project(bench, '');
    const told = async (service: string, code = 2): Promise<string> => {
      p.write(`services:\n  one: ${service}\n`);
      return (await p.tare(['up'], { code })).stderr;
    };
    expect(await told('{image: box:1, command: /none}')).toContain('see what is inside with `tare files box:1`');
    const untagged = await told('{image: "box:${NO_SUCH_VARIABLE}"}');
    expect(untagged).toContain('compose.yaml:3: one: ');
    expect(untagged).toContain('its tag is empty: is a variable not set?');
    mkdirSync(join(p.dir, 'app'));
    writeFileSync(join(p.dir, 'app/server.js'), '');
    expect(await told('{build: app}')).toContain('`tare build FOLDER --name NAME`, and `image: NAME`');
    // As Docker does: but who has misspelt the name of a file should know.
    const made = await told('{image: box:1, command: "true", volumes: ["./typo.conf:/etc/own.conf"]}', 0);
    expect(made).toMatch(/compose\.yaml:3: \S*typo\.conf was not there: an empty folder was made/);
    expect(await told('{image: box:1, command: "true", volumes: ["./typo.conf:/etc/own.conf"]}', 0)).not.toContain(
      'was not there',
    );
    await expectNothingLeft(bench);
  }, 60_000);

  it.each([
    [['up', 'app.yaml'], '`tare up -f app.yaml`'],
    [['up', '-d', 'app.yaml'], '`tare up -f app.yaml`'],
    [['down', 'app.yaml'], '`tare down -f app.yaml`'],
    [['logs', '-f', 'app.yaml'], '`tare logs --file app.yaml`', '/'],
    [['verify', 'app.yaml'], '`tare verify -f app.yaml`'],
    [['shrink', 'app.yaml'], '`tare shrink -f app.yaml`'],
    [['build', 'app.yaml'], '`tare build -f app.yaml`'],
    [['systems', 'export', 'app.yaml', '--compose'], '`tare systems -f app.yaml`'],
    [['ps'], 'name the file: --file FILE', '/'],
    [['up', '-f', 'gone.yaml'], 'see how its name is written'],
  ])('in how it is named is told: %j', async (words, cure, elsewhere = '') => {
    const p = project(bench, 'services: {one: {image: box:1}}\n');
    const cwd = join(p.dir, 'beside');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'app.yaml'), 'services: {one: {image: box:1}}\n');
    const { stderr } = await p.tare(words, { code: 2, cwd: elsewhere === '' ? cwd : elsewhere });
    expect(stderr).toContain(cure);
  });

  it('that does no harm is told by up alone', async () => {
    const p = project(bench, `services: {one: {image: box:1, command: ${FOREVER}, init: true}}\n`);
    expect((await p.tare(['up', '-d'])).stderr).toContain('warning compose-unsupported: compose.yaml:2');
    for (const words of [['ps'], ['logs'], ['exec', 'one', 'true'], ['down']])
      expect((await p.tare(words)).stderr).not.toContain('warning');
    await expectNothingLeft(bench);
  }, 60_000);

  it('is to forget where images are pulled from that were made here', async () => {
    const p = project(
      bench,
      'services: {one: {image: box:1, build: ., command: "true"}, other: {image: box:1, command: "true"}}\n',
    );
    const words = ['systems', 'export', '--compose', '--no-observe'];
    const made = /compose\.yaml:2: one: its image was made here: push it, and say by --repository/;
    const { stderr } = await p.tare(words);
    expect(stderr).toMatch(made);
    expect(stderr).not.toContain('other: its image');
    expect((await p.tare([...words, '--repository', 'registry.example/team'])).stderr).not.toMatch(made);
  }, 60_000);

  it('in which folder is built is told', async () => {
    const p = project(bench, 'services: {one: {image: box:1}}\n');
    const { stderr } = await p.tare(['build'], { code: 2 });
    expect(stderr).toContain('it has a Compose file');
    expect(stderr).toMatch(/build its services: `tare build -f \S*compose\.yaml`/);
  });
});
