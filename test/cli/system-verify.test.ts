import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SystemVerification } from '../../src/systems/prove/verify.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { composeText, tinySystemIn, type TinyOptions, type TinySystem } from '../helpers/tiny-system.ts';
import { scratchFolder, watchedTare } from '../helpers/watched-cli.ts';

let scratch: string;
let home: string;
let system: TinySystem;
let count = 0;

beforeAll(async () => {
  scratch = scratchFolder();
  home = join(scratch, 'home');
  cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
  system = await tinySystemIn(home, join(scratch, 'tiny'));
}, 60_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function fileOf(options: TinyOptions | string, name = 'compose.yaml'): string {
  const dir = join(scratch, `file-${(count += 1)}`);
  mkdirSync(dir);
  const file = join(dir, name);
  writeFileSync(file, typeof options === 'string' ? options : composeText(options));
  return file;
}

async function refused(args: readonly string[]): Promise<{ readonly code: string; readonly message: string }> {
  const answer = await tare([...args, '--json'], { home, cwd: scratch });
  expect(answer.stdout).toBe('');
  expect(answer.stderr).not.toMatch(/^\s+at /m);
  const { error } = JSON.parse(answer.stderr.trim().split('\n').at(-1) ?? '') as {
    error: { code: string; message: string };
  };
  return error;
}

const probes = (text: string): string => `x-tare:\n  probes:\n    - ${text}\n`;
const OK = '{ http: { port: 8080, path: /answer, status: 200 } }';

describe.skipIf(!needs('crun', 'unshare'))('tare verify --file', () => {
  it('passes, without a port of this machine, and leaves nothing behind', async () => {
    const answer = await watchedTare(['verify', '-f', system.file, '--json'], { home, scratch });
    expect(answer.code).toBe(0);
    const result = JSON.parse(answer.stdout) as SystemVerification;
    expectShape('system-verify', result);
    expect(result).toMatchObject({ project: 'tiny', ok: true, probes: [{ ok: true }], output: {} });
    expect(answer.leftovers()).toEqual([]);
  });

  it('says which answer is wrong, and what each service said; exit code 1', async () => {
    const file = fileOf({ more: probes('{ service: web, http: { port: 8080, path: /words, body: other } }') });
    const result = await tareJson<SystemVerification>(['verify', '-f', file, '--timeout', '10'], { home, code: 1 });
    expectShape('system-verify', result);
    expect(result).toMatchObject({ ok: false, probes: [{ name: 'web: http GET 8080/words', ok: false }] });
    expect(result.output).toMatchObject({ web: expect.stringContaining('web listens'), back: expect.any(String) });
    const { code, stdout } = await tare(['verify', '-f', file, '--timeout', '10'], { home });
    expect(code).toBe(1);
    expect(stdout).toContain('back said:\n  │ back listens');
  });

  const idler = (program: string, more = ''): string =>
    `  idler: { image: tiny/back, entrypoint: [/usr/bin/node, -e, "${program}"]${more} }\n`;
  const STAYS = 'setInterval(() => {}, 1000)';
  const ENDS = 'setTimeout(() => process.exit(3), 600)';

  it.each([
    ['once', ENDS, ''],
    ['again and again', ENDS, ', restart: always'],
  ])('a service that nobody asks ends, %s: that is no success', async (_what, program, more) => {
    const file = fileOf({ services: idler(program, more) });
    const alone = await tareJson<SystemVerification>(['verify', '-f', file], { home, code: 1 });
    expectShape('system-verify', alone);
    expect(alone).toMatchObject({
      ok: false,
      probes: [
        { ok: true },
        { name: 'idler: exit', ok: false, detail: 'it does not stay up: it ended with exit code 3' },
      ],
    });
    const against = ['--against', fileOf({ services: idler(STAYS) })];
    const compared = await tareJson<SystemVerification>(['verify', '-f', file, ...against], { home, code: 1 });
    expectShape('system-verify', compared);
    expect(compared.probes.at(-1)).toMatchObject({
      name: 'idler: exit',
      difference: 'exit code: the original stays up, this ends with exit code 3',
    });
    const same = await tareJson<SystemVerification>(['verify', '-f', file, '--against', file], { home });
    expect(same).toMatchObject({ ok: true, probes: [{ ok: true }] });
  });

  it('makes a volume of its own where another project has made one', async () => {
    const more = `${probes(`{ service: back, command: [/usr/bin/node, -e, "process.exit(fs.readdirSync('/v').length)"] }`)}volumes: { v: { external: true, name: somebody-elses } }\n`;
    const file = fileOf({ back: `volumes: ['v:/v']`, more });
    expect(await tareJson<SystemVerification>(['verify', '-f', file], { home })).toMatchObject({ ok: true });
  });

  it('has a question for a system without any: whether it comes up, and stays', async () => {
    const file = fileOf(`name: lone\nservices:\n${idler(STAYS)}`);
    const result = await tareJson<SystemVerification>(['verify', '-f', file], { home });
    expectShape('system-verify', result);
    expect(result).toMatchObject({ ok: true, probes: [{ name: 'comes up', ok: true }] });
    const other = fileOf(`name: lone\nservices:\n  idler: { image: tiny/back, entrypoint: [/no/such/program] }\n`);
    const broken = await tareJson<SystemVerification>(['verify', '-f', other, '--against', file], { home, code: 1 });
    expect(broken).toMatchObject({ ok: false, probes: [{ name: 'comes up', ok: false, original: { ok: true } }] });
  });

  it.each([
    [
      'a service that ends at once',
      `entrypoint: [/usr/bin/node, -e, 'console.log("no"); process.exit(3)'], restart: 'no'`,
    ],
    ['a program that is not there', `entrypoint: [/no/such/program]`],
    ['a user that is not there', `user: nobody-knows`],
  ])('%s: every probe fails, and it is said why', async (_what, back) => {
    const file = fileOf({ back });
    const result = await tareJson<SystemVerification>(['verify', '-f', file, '--timeout', '8'], { home, code: 1 });
    expectShape('system-verify', result);
    expect(result).toMatchObject({ ok: false, probes: [{ ok: false }] });
    expect(result.failed ?? result.probes[0]?.detail).toMatch(/compose\.yaml:\d+[^ ]*: .*back|500/);
  });

  it('one that never gets healthy is told by name when the time is over', async () => {
    const file = fileOf({
      web: `restart: unless-stopped`,
      back: `healthcheck: { test: [CMD, /usr/bin/node, -e, 'process.exit(1)'], interval: 1s, start_period: 60s }`,
    });
    const result = await tareJson<SystemVerification>(['verify', '-f', file, '--timeout', '2'], { home, code: 1 });
    expect(result.failed).toBe('the system is not up after 2 s: back-1 is starting');
  });

  it('compares with another file, and says in what they differ', async () => {
    const other = fileOf({
      back: `entrypoint: [/usr/bin/node, -e, 'require("http").createServer((_, r) => r.end("forty-two!")).listen(8080)']`,
    });
    const result = await tareJson<SystemVerification>(['verify', '-f', other, '--against', system.file], {
      home,
      code: 1,
    });
    expectShape('system-verify', result);
    expect(result.probes[0]).toMatchObject({
      ok: true,
      original: { ok: true },
      difference: expect.stringContaining('body'),
    });
    expect(
      await tareJson(['verify', '-f', other, '--against', system.file, '--compare', 'status'], { home }),
    ).toMatchObject({ ok: true });
  });

  it('crawls what the original publishes when nobody says what is asked', async () => {
    const plain = fileOf({ more: '' });
    const result = await tareJson<SystemVerification>(['verify', '-f', plain, '--against', plain], { home });
    expect(result.probes.map(({ name }) => name)).toContain('web: http GET 8080/answer');
    const alone = await tareJson<SystemVerification>(['verify', '-f', plain], { home });
    expect(alone.probes).toMatchObject([{ name: 'web: tcp 8080', ok: true }]);
  });

  it('is no comparison when the original does not come up', async () => {
    const broken = fileOf({ back: `entrypoint: [/no/such/program]`, more: '' });
    expect(await refused(['verify', '-f', fileOf({ more: '' }), '--against', broken, '--timeout', '5'])).toMatchObject({
      code: 'E_ORIGINAL',
      message: expect.stringContaining('tiny does not come up'),
    });
  });

  it('asks every container of a service', async () => {
    const file = fileOf({
      back: 'deploy: { replicas: 2 }',
      more: probes(
        '{ service: web, http: { port: 8080, path: /answer, body: forty-two } }\n    - { service: back, http: { port: 8080, path: / } }',
      ),
    });
    expect(await tareJson(['verify', '-f', file], { home })).toMatchObject({
      ok: true,
      probes: [{ ok: true }, { ok: true }],
    });
  });
});

describe('questions that are wrong', () => {
  it.each([
    ['no list', 'x-tare: { probes: 7 }', 'x-tare.probes is not a list'],
    ['no map', 'x-tare: 7', 'x-tare is not a map'],
    ['an unknown key', 'x-tare: { probe: [] }', 'x-tare.probe is unknown'],
    ['a probe that is no map', 'x-tare: { probes: [7] }', 'x-tare.probes[0] is not a map'],
    [
      'an unknown service',
      probes('{ service: nobody, tcp: 8080 }'),
      'x-tare.probes[0].service is none of the services: there are back, web',
    ],
    ['a service that is no text', probes('{ service: [web], tcp: 8080 }'), 'x-tare.probes[0].service is none'],
    ['an unknown kind', probes('{ service: web, htpp: 8080 }'), 'x-tare.probes[0]'],
    ['a wrong port', probes('{ service: web, tcp: 99999 }'), 'x-tare.probes[0]'],
  ])('%s', async (_what, more, text) => {
    const file = fileOf({ more: `${more}\n` });
    for (const command of ['verify', 'shrink']) {
      const { code, message } = await refused([command, '-f', file]);
      expect(['E_COMPOSE', 'E_CONFIG']).toContain(code);
      expect(message).toContain(`${file}: ${text}`);
    }
  });

  it('no service is named, and several publish ports', async () => {
    const file = fileOf({ back: `ports: ['8081']`, more: probes(OK) });
    expect(await refused(['verify', '-f', file])).toMatchObject({
      code: 'E_COMPOSE',
      message: `${file}: x-tare.probes[0] does not say which service is asked`,
    });
  });

  it('a file of probes is named by itself', async () => {
    const file = fileOf(`- ${OK}\n- { service: nobody, tcp: 1 }\n`, 'probes.yaml');
    const error = await refused(['verify', '-f', system.file, '--probe-file', file]);
    expect(error.message).toMatch(`${file}[1].service is none of the services`);
    expect(error.message).not.toContain('compose.yaml');
    const wrong = fileOf('- { http: [\n', 'probes.yaml');
    expect(await refused(['verify', '-f', system.file, '--probe-file', wrong])).toMatchObject({ code: 'E_CONFIG' });
    expect(await refused(['verify', '-f', system.file, '--probe-file', '/no/such'])).toMatchObject({
      code: 'E_PATH_NOT_FOUND',
    });
  });

  it.skipIf(!needs('crun', 'unshare'))('a file of probes is asked in place of those of x-tare', async () => {
    const file = fileOf(`- { http: { port: 8080, path: /words, body: words } }\n`, 'probes.yaml');
    const result = await tareJson<SystemVerification>(['verify', '-f', system.file, '--probe-file', file], { home });
    expect(result.probes.map(({ name }) => name)).toEqual(['web: http GET 8080/words']);
  });

  it.skipIf(!needs('crun', 'unshare')).each([
    [
      'a service without a container',
      { back: 'deploy: { replicas: 0 }', web: 'restart: "no"', more: probes('{ service: back, tcp: 8080 }') },
      undefined,
    ],
    ['a service that the original lacks', {}, 'name: tiny\nservices:\n  other: { image: tiny/back }\n'],
  ] as const)('%s', async (_what, options, against) => {
    const other = against === undefined ? [] : ['--against', fileOf(against)];
    expect(await refused(['verify', '-f', fileOf(options), ...other])).toMatchObject({ code: 'E_COMPOSE' });
  });

  it.each([
    ['shrink', 7, 'shrink is neither true nor false'],
    ['include', 'x', 'include is not a list of texts'],
    ['exclude', '[1]', 'exclude is not a list of texts'],
    ['tightness', 'loose', 'tightness is none of used, reachable and packages'],
    ['shrunk', true, 'shrunk is unknown'],
  ])('x-tare.%s of a service is %s', async (key, value, text) => {
    const file = fileOf({ back: `x-tare: { ${key}: ${value} }` });
    expect(await refused(['shrink', '-f', file])).toMatchObject({
      code: 'E_COMPOSE',
      message: expect.stringMatching(new RegExp(`compose\\.yaml:4:.*back\\.x-tare\\.${text}`)),
    });
  });
});

describe('flags that do not go together', () => {
  const FILE = ['-f', 'compose.yaml'];
  it.each([
    [['verify', 'image', ...FILE]],
    [['shrink', 'image', ...FILE]],
    [['verify', ...FILE, '--probe', 'tcp:1']],
    [['verify', ...FILE, '--timeout', '0']],
    [['verify', ...FILE, '--shrunk', '--against', 'other.yaml']],
    [['verify', 'image', '--shrunk']],
    [['verify', 'image', '--project-directory', '.']],
    [['shrink', 'image', '--price', '1/GB-month']],
    [['shrink', 'image', '--pulls', '3']],
    [['shrink', ...FILE, '--name', 'x']],
    [['shrink', ...FILE, '--probe', 'tcp:1']],
    [['shrink', ...FILE, '--exec', 'x']],
    [['shrink', ...FILE, '--output', 'oci:x']],
    [['shrink', ...FILE, '--static']],
    [['shrink', ...FILE, '--no-verify']],
    [['shrink', ...FILE, '--dry-run']],
    [['shrink', ...FILE, '--timeout', '0']],
    [['build', 'folder', ...FILE]],
    [['build', ...FILE, '--metadata-file', 'x']],
    [['build', ...FILE, '--entry', 'x']],
    [['build', ...FILE, '--include', '/x']],
    [['build', ...FILE, '--shrink', '--probe', 'tcp:1']],
    [['build', ...FILE, '--shrink', '--layers', 'keep']],
    [['build', ...FILE, '--dry-run']],
    [['systems', 'export', ...FILE]],
    [['systems', 'export', ...FILE, '--compose', '--kubernetes']],
    [['systems', 'export', ...FILE, '--compose', '--timeout', '0']],
    [['systems', 'import', ...FILE]],
    [['verify']],
    [['shrink']],
  ])('tare %j', async (args) => {
    const error = await refused(args.map((word) => (word === 'compose.yaml' ? system.file : word)));
    expect(error.code).toBe('E_USAGE');
    expect(error.message).not.toMatch(/--[a-z]+[A-Z]/);
  });
});
