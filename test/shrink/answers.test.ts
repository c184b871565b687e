import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ShrinkResult } from '../../src/shrink/types.ts';
import { tare, tareJson, type Answer, type CliOptions } from '../helpers/cli.ts';
import { needs } from '../helpers/needs.ts';
import { addNodeOriginal, addShellOriginal } from '../helpers/original.ts';
import { expectShape } from '../helpers/schema.ts';
import { seededHome } from '../helpers/seed.ts';
import { tempDir } from '../helpers/temp.ts';

const MARK = '/etc/mark';
const SECRET = 'hunter2';

let options: CliOptions & { readonly cwd: string };
beforeEach(() => {
  options = { home: seededHome(), cwd: tempDir() };
});

/** A server whose body is a statement about `request` and `response`. */
const server = (statement: string): Promise<void> =>
  addNodeOriginal(options.home, 'server:1', {
    entries: [
      {
        path: 'app/server.cjs',
        content: `const { existsSync } = require('node:fs');
require('node:http').createServer((request, response) => { ${statement}; response.end('ok'); }).listen(8080);`,
      },
      { path: MARK.slice(1), content: '' },
    ],
    config: { Entrypoint: ['/usr/bin/node', '/app/server.cjs'], Cmd: null, ExposedPorts: { '8080/tcp': {} } },
  });
const script = (text: string): Promise<void> =>
  addShellOriginal(options.home, 'script:1', { config: { Entrypoint: ['/bin/sh', '-c', text] } });

const shrink = (...args: readonly string[]): Promise<Answer> => tare(['shrink', ...args], options);
const resultOf = (...args: readonly string[]): Promise<ShrinkResult> => tareJson(['shrink', ...args], options);

describe.skipIf(!needs('crun', 'unshare'))('what tare shrink tells of the answers', () => {
  it('is the status of each, without the values of the query string', async () => {
    await server('response.statusCode = request.url.startsWith("/made") ? 201 : 200');
    const probes = join(options.cwd, 'probes.yaml');
    writeFileSync(probes, `[{http: {port: 8080, path: '/made?token=${SECRET}', status: 201}}]`);
    const answer = await shrink('server:1', '--probe-file', probes, '--exec', '/usr/bin/node --version');
    expect(answer.code, answer.stderr).toBe(0);
    expect(answer.stdout).toContain('✓ http GET 8080/made?token=… 201\n');
    expect(answer.stdout).toContain('✓ exec /usr/bin/node --version exit 0\n');
    expect(answer.stdout + answer.stderr).not.toContain(SECRET);
    expect(answer.stderr).not.toContain('only-errors');
  });

  it('is a warning when there is nothing but errors', async () => {
    await server('response.statusCode = 404');
    const result = await resultOf('server:1');
    expectShape('shrink', result);
    expect(result.verified?.probes.map(({ status }) => status)).toContain(404);
    expect(result.warnings.map(({ code }) => code)).toContain('only-errors');
    const answer = await shrink('server:1');
    expect(answer.stderr).toContain('warning only-errors: the original answers every question with an error');
    expect(answer.stdout).toContain('and nothing but errors');
  });

  it('is the exit code of a program that ends', async () => {
    await script('echo done');
    const result = await resultOf('script:1');
    expect(result.verified?.probes).toEqual([expect.objectContaining({ name: 'starts', ok: true, exit: 0 })]);
    expect((await shrink('script:1')).stdout).toContain('✓ the program starts and ends with exit code 0\n');
  });

  it('is an error without secrets when they are unlike, and names the restriction that was asked for', async () => {
    await server(`response.statusCode = existsSync('${MARK}') ? 200 : 500`);
    const probe = `http:8080/?token=${SECRET}`;
    const args = ['server:1', '--exclude', MARK, '--probe', probe, '--timeout', '5'];
    const answer = await shrink(...args);
    expect([answer.code, answer.stdout]).toEqual([1, '']);
    expect(answer.stderr).toContain('E_UNLIKE');
    expect(answer.stderr).toContain('http GET 8080/?token=…');
    expect(answer.stderr).not.toContain(SECRET);
    expect(answer.stderr).not.toContain('--restrict');
    const restricted = await shrink(...args, '--restrict');
    expect(restricted.stderr).toMatch(/E_UNLIKE.*\n.*cure: the restriction may be the cause: try without --restrict/s);
  });
});

describe.skipIf(!needs('crun', 'unshare'))('tare shrink --profile --verify', () => {
  it('runs what the profile decided, restricted when that is asked for', async () => {
    await script('echo done');
    const file = join(options.cwd, 'script.profile.json');
    await tareJson(['observe', 'script:1', '--syscalls', '-o', file], options);
    const blind = await resultOf('script:1', '--profile', file);
    expect(blind).toMatchObject({ verified: null });
    const result = await resultOf('script:1', '--profile', file, '--verify', '--restrict');
    expect(result).toMatchObject({ digest: blind.digest, verified: { ok: true } });
  });
});
