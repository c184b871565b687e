import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig, readConfig } from '../../src/config/config.ts';
import { parseSize } from '../../src/config/size.ts';
import { tempDir } from '../helpers/temp.ts';

describe('tare.yaml', () => {
  it('may be empty', async () => {
    expect(await parseConfig('', 'tare.yaml')).toEqual({});
    expect(await parseConfig('# nothing\n', 'tare.yaml')).toEqual({});
  });

  it('is read whole', async () => {
    const text = `
from: host
entrypoint: node server.js
env: {NODE_ENV: production, PORT: 8080, DEBUG: true}
user: 65532
expose: [8080, 53/udp]
tightness: used
include: ["views/**"]
timeout: 2.5
probes:
  - {http: {path: /status, port: 8080, status: 200, json: {status: OK}}}
  - {command: [node, --version]}
  - {log: ready}
budget: {wire: 40MB, disk: 110000000}
`;
    expect(await parseConfig(text, 'tare.yaml')).toMatchObject({
      from: 'host',
      entrypoint: ['node', 'server.js'],
      env: { NODE_ENV: 'production', PORT: '8080', DEBUG: 'true' },
      user: '65532',
      expose: ['8080/tcp', '53/udp'],
      tightness: 'used',
      include: ['views/**'],
      timeoutMs: 2500,
      probes: [
        { http: { path: '/status', port: 8080, status: 200, json: { status: 'OK' } } },
        { command: { argv: ['node', '--version'] } },
        { log: { match: 'ready' } },
      ],
      budget: { wire: 40_000_000, disk: 110_000_000 },
    });
  });

  it.each([
    ['entrypiont: [node]', 'entrypiont'],
    ['expose: [70000]', 'expose'],
    ['expose: [http]', 'http'],
    ['tightness: loose', 'tightness'],
    ['probes: [{http: {port: 0}}]', 'probes'],
    ['probes: [{htp: {}}]', 'htp'],
    ['budget: {wire: 40 parsecs}', 'parsecs'],
    ['- a list', 'tare.yaml'],
    ['a: [1', 'tare.yaml'],
    ['env: {A: [1]}', 'env'],
    ['stopSignal: FOO', 'signal'],
    ['env: {"A=B": x}', 'env'],
    ['env: {"": x}', 'env'],
    ['env: {A: "a\\0b"}', 'NUL'],
    ['a: &x [*x, *x]', 'tare.yaml'],
    [`x: &a [1]\ny: [${'*a,'.repeat(200)}]`, 'tare.yaml'],
  ])('refuses %j', async (text, word) => {
    await expect(parseConfig(text, 'tare.yaml')).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining(word) as string,
    });
  });
});

describe('a fault in tare.yaml', () => {
  it.each([
    ['from: host\nentrypiont: [node]', ':2:1: unknown key "entrypiont" (did you mean "entrypoint"?)'],
    ['budget:\n  wire: 1MB\n  dsik: 2MB', ':3:3: budget: unknown key "dsik" (did you mean "disk"?)'],
    [
      'tightness: reachabel',
      ':1:12: tightness: expected used, reachable or packages, got "reachabel" (did you mean "reachable"?)',
    ],
    ['strip: maybe', ':1:8: strip: expected true or false, got "maybe"'],
    ['timeout: -1', ':1:10: timeout: expected a number of seconds above 0, got -1'],
    ['env:\n  A: [secret]', ':2:6: env.A: expected a map of names to texts, got a list'],
    ['env:\n  "A=B": x', ':2:3: env: "A=B" is not a name of an environment variable'],
    ['expose:\n  - 80\n  - http', ':3:5: expose[1]: "http" is not a port such as 8080 or 53/udp'],
    ['expose: 80', ':1:9: expose: expected a list of ports such as 8080 or 53/udp, got 80'],
    [
      'probes:\n  - http:\n      port: 8080\n      stauts: 200',
      ':4:7: probes[0].http: unknown key "stauts" (did you mean "status"?)',
    ],
    ['probes:\n  - {command: [x], exit: 300}', ':2:26: probes[0].exit: exit 300 is not'],
    ['probes: {http: {}}', ':1:9: probes: expected a list of probes, each a map, got a map'],
    ['probes: [http]', ':1:10: probes[0]: expected a list of probes, each a map, got "http"'],
    ['budget: {wire: 40 parsecs}', ':1:16: budget.wire: "40 parsecs" is not a size'],
    ['lint: {rules: {x: loud}}', ':1:19: lint.rules.x: expected a map of ruleset and rules'],
    ['- a list', ':1:1: expected a map of settings, got a list'],
    ['a: 1\nb: [1', ':2:'],
    ['stopSignal: FOO', ':1:13: stopSignal: expected a signal such as SIGTERM, or its number'],
  ])('%j is told with its place and what is expected', async (text, message) => {
    await expect(parseConfig(text, 'tare.yaml')).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining(`tare.yaml${message}`) as string,
    });
  });
});

describe('a tare.yaml that is no file', () => {
  it.each([
    ['a pipe', (file: string) => void execFileSync('mkfifo', [file])],
    ['a link to an endless device', (file: string) => symlinkSync('/dev/zero', file)],
    ['a folder', (file: string) => mkdirSync(file)],
  ])('%s is refused at once', async (_what, make) => {
    const dir = tempDir();
    make(join(dir, 'tare.yaml'));
    await expect(readConfig(dir)).rejects.toMatchObject({ code: 'E_NOT_FILE' });
  });
});

describe('sizes', () => {
  it.each([
    ['40MB', 40_000_000],
    ['1.5 GB', 1_500_000_000],
    ['2MiB', 2_097_152],
    ['12', 12],
    ['7kB', 7000],
  ])('%s', (text, bytes) => {
    expect(parseSize(text, 'x')).toBe(bytes);
  });
});
