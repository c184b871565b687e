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
