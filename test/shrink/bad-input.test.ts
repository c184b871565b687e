import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { RunConfig } from '../../src/oci/types.ts';
import type { ShrinkResult } from '../../src/shrink/types.ts';
import { tareJson } from '../helpers/cli.ts';
import { namesIn, type LayerEntry } from '../helpers/images.ts';
import { until } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { addNodeOriginal, addShellOriginal, type ShellOriginalOptions } from '../helpers/original.ts';
import { scratchFolder, watchedTare, type WatchedAnswer } from '../helpers/watched-cli.ts';

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

let scratch: string;
let home: string;
beforeAll(() => {
  scratch = scratchFolder();
  home = join(scratch, 'home');
  cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let serial = 0;
let image: string;
beforeEach(() => {
  serial += 1;
  image = `case-${serial}:1`;
});

const shell = (original: ShellOriginalOptions): Promise<void> => addShellOriginal(home, image, original);
const script = (text: string, config: RunConfig = {}): Promise<void> =>
  shell({ config: { Entrypoint: ['/bin/sh', '-c', text], ...config } });
const node = (text: string): Promise<void> =>
  addNodeOriginal(home, image, {
    entries: [{ path: 'app/server.cjs', content: text }],
    config: {
      Entrypoint: ['/usr/bin/node', '/app/server.cjs'],
      Cmd: null,
      ExposedPorts: { '8080/tcp': {} },
    },
  });
const server = (text: string): Promise<void> =>
  node(`require('node:http').createServer((request, response) => {${text}}).listen(8080);`);

/** Also sees to it that nothing is left. */
async function shrink(args: readonly string[] = ['--timeout', '3']): Promise<WatchedAnswer> {
  const answer = await watchedTare(['shrink', image, ...args, '--json'], { home, scratch });
  await until(() => answer.leftovers().length === 0);
  expect(answer.stderr).not.toMatch(/\n\s+at .*\.js/);
  return answer;
}

async function fails(code: string, exit: number, told: RegExp, args?: readonly string[]): Promise<WatchedAnswer> {
  const answer = await shrink(args);
  expect(answer.stdout).toBe('');
  const { error } = JSON.parse(answer.stderr.trim().split('\n').at(-1) ?? '') as Failure;
  expect([error.code, answer.code], error.message).toEqual([code, exit]);
  expect(error.message).toMatch(told);
  expect(error.message).not.toMatch(/[\r\n]\s+at /);
  expect(error.hint).not.toBe('');
  expect(namesIn(home)).not.toContain(`${image}-shrunk`);
  return answer;
}

/** Programs that stay up and are not asked anything are not waited for. */
async function works(
  args: readonly string[] = ['--observe', '1s'],
): Promise<ShrinkResult & { readonly peakBytes: number }> {
  const answer = await shrink(args);
  expect(answer.code, answer.stderr).toBe(0);
  return { ...(JSON.parse(answer.stdout) as ShrinkResult), peakBytes: answer.peakBytes };
}

const paths = async (reference: string): Promise<string[]> =>
  (await tareJson<{ path: string }[]>(['files', reference], { home })).map((row) => row.path);

const EMPTY_PROFILE = '{"tareProfile":1,"platforms":["linux/amd64"],"ports":[],"paths":[]}';
const STATIC = ['--static', '--no-verify'];
const data = (content: string | Uint8Array, mode = 0o755): ShellOriginalOptions => ({
  config: { Entrypoint: ['/bin/data'] },
  entries: [{ path: 'bin/data', content, mode }],
});

describe('what cannot be started, by the files alone', () => {
  it.each<readonly [string, ShellOriginalOptions, string, RegExp]>([
    ['no config', {}, 'E_NO_ENTRY', /neither an entry point nor a command/],
    ['no entry point', { config: {} }, 'E_NO_ENTRY', /neither an entry point nor a command/],
    ['an empty name', { config: { Entrypoint: [''] } }, 'E_PATH_NOT_FOUND', /starts "", which is not in it/],
    [
      'a program that is not there',
      { config: { Entrypoint: ['/bin/none'] } },
      'E_PATH_NOT_FOUND',
      /"\/bin\/none".*not in it/,
    ],
    ['a name that is on no PATH', { config: { Entrypoint: ['none'] } }, 'E_PATH_NOT_FOUND', /"none".*not in it/],
    [
      'a path out of the root',
      { config: { Entrypoint: ['/../../../../usr/bin/env'] } },
      'E_PATH_NOT_FOUND',
      /not in it/,
    ],
    ['a folder', { config: { Entrypoint: ['/bin'] } }, 'E_PATH_NOT_FOUND', /"\/bin", which is a folder/],
    ['what nobody may execute', data('#!/bin/sh\n', 0o644), 'E_ENTRYPOINT', /not executable: its mode is 0644/],
    ['a NUL in Env', { config: { Entrypoint: ['/bin/sh'], Env: ['A=\0'] } }, 'E_MANIFEST', /Env\[0\] holds a NUL/],
    [
      'a NUL in WorkingDir',
      { config: { Entrypoint: ['/bin/sh'], WorkingDir: '/\0' } },
      'E_MANIFEST',
      /WorkingDir holds a NUL/,
    ],
  ])('%s', async (_what, original, code, told) => {
    await shell(original);
    await fails(code, 2, told, STATIC);
  });
});

/** An executable of another processor: the header of ELF alone is looked at. */
function foreign(): Buffer {
  const bytes = Buffer.from(readFileSync('/bin/sleep'));
  bytes.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18);
  return bytes;
}
const foreignName = process.arch === 'arm64' ? 'amd64' : 'arm64';

describe.skipIf(!needs('crun', 'unshare'))('what cannot be started, when it is tried', () => {
  it.each<readonly [string, ShellOriginalOptions, RegExp]>([
    ['a text without #!', data('hello\n'), /"\/bin\/data" cannot be started: .*Exec format error/],
    ['an empty file', data(''), /Exec format error/],
    ['an interpreter that is not there', data('#!/usr/bin/none\n'), /"\/bin\/data" cannot be started: .*No such file/],
    ['a script that is its own interpreter', data('#!/bin/data\n'), /cannot be started/],
    [
      'a working folder that is a file',
      { config: { Entrypoint: ['/bin/sh'], WorkingDir: '/bin/cat' } },
      /`\/bin\/cat`: Not a directory/,
    ],
    [
      'a working folder that is a circle of links',
      {
        config: { Entrypoint: ['/bin/sh'], WorkingDir: '/loop' },
        entries: [{ path: 'loop', type: 'symlink', link: 'loop' }],
      },
      /Too many levels/,
    ],
    [
      'a working folder that leads out of the root',
      {
        config: { Entrypoint: ['/bin/sh'], WorkingDir: '/out' },
        entries: [{ path: 'out', type: 'symlink', link: '../../../home' }],
      },
      /chdir `\/out`/,
    ],
    [
      'a user that nobody knows',
      { config: { Entrypoint: ['/bin/sh'], User: 'nobody-here' } },
      /user "nobody-here" is not in the image/,
    ],
    ['a user that is none', { config: { Entrypoint: ['/bin/sh'], User: 'a:b:c' } }, /"a:b:c" is not USER/],
    [
      'an environment of 1 MB',
      { config: { Entrypoint: ['/bin/sh'], Env: [`A=${'x'.repeat(1_000_000)}`] } },
      /Argument list too long/,
    ],
  ])('%s', async (_what, original, told) => {
    await shell(original);
    const { stderr } = await fails('E_ORIGINAL', 1, told);
    expect(stderr).not.toContain('--no-observe');
  });

  it('an ELF file whose loader is not there', async () => {
    await shell({
      config: { Entrypoint: ['/bin/sleep', '9'] },
      entries: ['lib64/.wh.ld-linux-x86-64.so.2', 'lib/.wh.ld-linux-aarch64.so.1'].map((path) => ({ path })),
    });
    const { stderr } = await fails('E_ORIGINAL', 1, /No such file or directory/);
    expect(stderr).toContain('the ELF loader');
  });

  it('a program of another processor, which static shrinking takes', async () => {
    await shell({ ...data(foreign()), image: { architecture: foreignName } });
    const { stderr } = await fails(
      'E_SANDBOX',
      3,
      new RegExp(`is of linux/${foreignName} and cannot be run on this machine`),
    );
    expect(stderr).toContain('--static --no-verify');
    expect((await works(STATIC)).platform.architecture).toBe(foreignName);
  });

  it('an unknown stop signal', async () => {
    await script('sleep 9', { StopSignal: 'SIGWHAT' });
    await fails('E_USAGE', 2, /the stop signal of the image: "SIGWHAT"/);
  });
});

describe.skipIf(!needs('crun', 'unshare'))('odd settings that do no harm', () => {
  it.each<readonly [string, RunConfig]>([
    ['environment', { Env: ['', 'NOTHING', '=x', 'A=1', 'A=2', 'ÿ=\u0001\n', `B=${'y'.repeat(100_000)}`] }],
    ['working folder above the root', { WorkingDir: '/../..' }],
    ['working folder that is not there', { WorkingDir: '/no/such/folder' }],
    ['ports', { ExposedPorts: { 'x/tcp': {}, '99999/tcp': {}, '0/tcp': {}, '53/udp': {}, '-1': {}, '80-90/tcp': {} } }],
    [
      'volumes',
      {
        Volumes: {
          '/../../etc': {},
          rel: {},
          '/': {},
          '': {},
          [`/${'v'.repeat(300)}`]: {},
          ['/a'.repeat(3000)]: {},
          '/bin/cat/x': {},
        },
      },
    ],
    ['health check that is not there', { Healthcheck: { Test: ['CMD', '/no/such'], Interval: -5 } }],
    ['health check with an open quote', { Healthcheck: { Test: ['CMD-SHELL', '"open $('] } }],
    ['health check of no kind, and no shell', { Healthcheck: { Test: ['WHAT'] }, Shell: [] }],
  ])('%s', async (_what, config) => {
    await script('cat /bin/cat >/dev/null', config);
    expect((await works()).verified).toMatchObject({ ok: true });
  });

  it('more ports than this machine has sockets for', async () => {
    const ports = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`${index + 1}/tcp`, {}]));
    await script('sleep 9', { ExposedPorts: ports });
    await fails('E_ORIGINAL', 1, /port 1 does not accept connections/, ['--timeout', '2']);
  });
});

describe.skipIf(!needs('crun', 'unshare'))('containers that misbehave', () => {
  it.each<readonly [string, () => Promise<void>, RegExp, readonly string[]]>([
    [
      'never opens its port',
      () => script('sleep 99', { ExposedPorts: { '8080/tcp': {} } }),
      /port 8080 does not accept/,
      ['--timeout', '2'],
    ],
    [
      'ends with an exit code although something is asked of it',
      () => script('echo sorry >&2; exit 3'),
      /exit code 3.*sorry/s,
      ['--probe', 'log:ready'],
    ],
    ['ends with the exit code of a program that is not there', () => script('no-such-tool'), /exit code 127/, []],
    ['is killed by a signal', () => script('sh -c "kill -SEGV \\$\\$"; exit $?'), /exit code 139 \(SIGSEGV\)/, []],
    [
      'ends at once although it exposes a port',
      () => script('echo done', { ExposedPorts: { '8080/tcp': {} } }),
      /exit code 0: done/,
      [],
    ],
    [
      'accepts and never answers',
      () => node("require('node:net').createServer(() => {}).listen(8080)"),
      /no answer within \d{1,4} ms/,
      ['--timeout', '2', '--probe', 'http:8080/'],
    ],
    [
      'sends headers and no body',
      () => server("response.writeHead(200, { 'content-length': 9 }); response.write('x')"),
      /no answer within/,
      ['--timeout', '2', '--probe', 'http:8080/'],
    ],
    [
      'trickles for ever',
      () => server("response.writeHead(200); setInterval(() => response.write('x'), 300)"),
      /no answer within/,
      ['--timeout', '2', '--probe', 'http:8080/'],
    ],
    [
      'sends headers of a megabyte',
      () => server("response.setHeader('x', 'y'.repeat(1e6)); response.end()"),
      /Header overflow/,
      ['--timeout', '2', '--probe', 'http:8080/'],
    ],
    [
      'speaks something like HTTP',
      () =>
        node(
          "require('node:net').createServer((c) => c.on('error', () => {}).end('HTTP/9.9 x\\r\\n\\r\\n')).listen(8080)",
        ),
      /Parse Error/,
      ['--timeout', '2', '--probe', 'http:8080/'],
    ],
    [
      'lacks what --exec starts',
      () => script('sleep 9'),
      /exec cat \/no-such-file: exit code: expected 0, got 1/,
      ['--exec', 'cat /no-such-file'],
    ],
    [
      'hangs in --exec',
      () => script('sleep 9'),
      /exec sleep 50: did not end within 2000 ms/,
      ['--timeout', '2', '--exec', 'sleep 50'],
    ],
  ])('%s', async (_what, make, told, args) => {
    await make();
    await fails('E_ORIGINAL', 1, told, ['--timeout', '3', ...args]);
  });

  it('ends with an exit code of its own', async () => {
    await script('cat /bin/cat >/dev/null; echo usage: tool FILE; exit 64');
    const { verified, warnings } = await works();
    expect(verified).toMatchObject({ ok: true, probes: [{ name: 'starts', ok: true }] });
    expect(warnings).toMatchObject([{ code: 'original-exit', message: expect.stringMatching(/exit code 64.*--exec/) }]);
  });

  it('works for a while before it asks for what it needs', async () => {
    await shell({
      config: { Entrypoint: ['/bin/sh', '-c', 'i=0; while [ $i -lt 6000000 ]; do i=$((i+1)); done; cat /late'] },
      entries: [{ path: 'late', content: 'late' }],
    });
    const { reference, warnings } = await works(['--tightness', 'used']);
    expect(await paths(reference)).toContain('/late');
    expect(warnings).toEqual([]);
  });

  it('may do more than was seen', async () => {
    await script('sleep 99');
    const { verified, warnings } = await works([]);
    expect(verified).toMatchObject({ ok: true });
    expect(warnings).toMatchObject([
      { code: 'observation-cut', message: expect.stringMatching(/the first \d s.*--observe 60s/) },
    ]);
    expect((await works(['--observe', '4s'])).warnings).toEqual([]);
  });

  it('is asked with secrets, which are not told', async () => {
    await server('response.statusCode = 500; response.end()');
    const { stderr } = await fails('E_ORIGINAL', 1, /does not pass http GET 8080\/x\?token=…:/, [
      '--timeout',
      '2',
      '--probe',
      'http:8080/x?token=abc123=200',
    ]);
    expect(stderr).not.toContain('abc123');
  });

  it('ends with success at once', async () => {
    await script('echo done');
    expect((await works()).verified?.probes.map(({ name }) => name)).toEqual(['starts']);
  });

  it('lacks what --exec names', async () => {
    await script('sleep 9');
    await fails('E_PATH_NOT_FOUND', 2, /starts "no-such-tool", which is not in it/, ['--exec', 'no-such-tool -x']);
  });

  it('ignores SIGTERM', async () => {
    await script('trap "" TERM; while :; do sleep 1; done');
    expect((await works()).verified).toMatchObject({ ok: true });
  });

  it('starts many processes, and some that leave it', async () => {
    await script('i=0; while [ $i -lt 150 ]; do (trap "" TERM HUP; sleep 77) & i=$((i+1)); done; sleep 9');
    expect((await works()).verified).toMatchObject({ ok: true });
  });

  it('ends before its children', async () => {
    await script('(trap "" TERM HUP INT; while :; do sleep 0.2; done) & exit 0');
    expect((await works()).verified).toMatchObject({ ok: true });
  });

  it('writes to its log without end', async () => {
    await script('while :; do cat /bin/sh /bin/cat; done');
    const { peakBytes, verified } = await works(['--timeout', '2', '--observe', '3s']);
    expect(verified).toMatchObject({ ok: true });
    expect(peakBytes).toBeLessThan(400e6);
  });

  it('answers without end', async () => {
    await server(
      "const body = Buffer.alloc(1 << 20, 'x'); const go = () => { while (response.write(body)); response.once('drain', go); }; go()",
    );
    const { peakBytes } = await fails('E_ORIGINAL', 1, /no answer within|larger than/, [
      '--timeout',
      '3',
      '--probe',
      'http:8080/',
    ]);
    expect(peakBytes).toBeLessThan(400e6);
  });

  it('redirects to itself', async () => {
    await server("response.writeHead(302, { location: request.url + '?' }); response.end()");
    expect((await works()).verified).toMatchObject({ ok: true });
  });

  it('is a maze of pages', async () => {
    await server(
      `response.setHeader('content-type', 'text/html'); response.end('<a href="' + request.url + 'x/' + Math.random() + '">x</a>'.repeat(3))`,
    );
    expect((await shrink(['--timeout', '4', '--compare', 'status'])).code).toBe(0);
  });
});

describe.skipIf(!needs('crun', 'unshare'))('odd files', () => {
  it('keeps names with line ends, long ones, deep ones, and bytes that are no UTF-8', async () => {
    const deep = `deep/${'d/'.repeat(60)}end`;
    const odd = ['odd/line\nend', `odd/${'n'.repeat(250)}`, 'odd/ü"\'\\ $x', 'odd/\t\u001b[31m', deep];
    const entries: LayerEntry[] = [
      ...odd.map((path) => ({ path, content: path })),
      { path: 'bytes/\udcff\udcfe', content: 'bytes' },
    ];
    await shell({
      config: { Entrypoint: ['/bin/sh', '-c', `cat /odd/* /bytes/* /${deep} && sleep 9`] },
      entries: [...entries, { path: 'unused', content: 'x' }],
    });
    const { reference, verified } = await works(['--tightness', 'used']);
    expect(verified).toMatchObject({ ok: true });
    const kept = await paths(reference);
    for (const path of odd) expect(kept).toContain(`/${path}`);
    expect(kept.filter((path) => path.startsWith('/bytes/')).length).toBe(1);
    expect(kept).not.toContain('/unused');
  });

  it('keeps the mode of setuid programs', async () => {
    await shell({
      config: { Entrypoint: ['/bin/helper', '-c', 'sleep 9'], User: '1000' },
      entries: [{ path: 'bin/helper', content: readFileSync('/bin/sh'), mode: 0o4755 }],
    });
    const { reference, verified } = await works();
    expect(verified).toMatchObject({ ok: true });
    const rows = await tareJson<{ path: string; mode: number }[]>(['files', reference], { home });
    expect(rows.find(({ path }) => path === '/bin/helper')?.mode).toBe(0o4755);
  });

  it('says that not all was seen of a program that asks for too much', async () => {
    await node(`
      const { accessSync } = require('node:fs');
      for (let i = 0; i < 210_000; i++) try { accessSync('/x' + i); } catch {}
      require('node:http').createServer((_, response) => response.end('ok')).listen(8080);
    `);
    const { warnings } = await works(['--timeout', '50', '--probe', 'http:8080/']);
    expect(warnings.map(({ code }) => code)).toContain('observation-incomplete');
  });

  it('bears hostile paths', async () => {
    await node(`
      const fs = require('node:fs');
      for (const path of ['/' + 'x/'.repeat(2047), '/../'.repeat(900) + 'etc/passwd', '/proc/self/root/../../etc/shadow', '/proc/self/root/proc/self/root/app/words',
        '/proc/1/cwd/../..', '/app/../../../../app/words', '/dev/fd/0/../../x', '/app/words/', '\\n\\u001b[0m', Buffer.from([0x2f, 0xff, 0x0a])])
        try { fs.readFileSync(path); } catch {}
      require('node:http').createServer((_, response) => response.end('ok')).listen(8080);
    `);
    const { reference, verified } = await works(['--probe', 'http:8080/', '--tightness', 'used']);
    expect(verified).toMatchObject({ ok: true });
    expect((await paths(reference)).filter((path) => path.includes('..') || path.startsWith('/proc/self'))).toEqual([]);
  });
});

describe('files that are given', () => {
  const file = (content: string | Uint8Array): string => {
    const path = join(scratch, `given-${serial}`);
    writeFileSync(path, content);
    return path;
  };
  it.each<readonly [string, string, () => string, string, number]>([
    ['--profile', 'is not there', () => '/no/such/file', 'E_PATH_NOT_FOUND', 2],
    ['--profile', 'is a folder', () => '/', 'E_NOT_FILE', 2],
    ['--profile', 'is no JSON', () => file('{'), 'E_PROFILE', 2],
    ['--profile', 'is something else', () => file('[1, 2]'), 'E_PROFILE', 2],
    ['--profile', 'is empty', () => file(''), 'E_PROFILE', 2],
    ['--profile', 'names no path', () => file(EMPTY_PROFILE), 'E_PROFILE', 2],
    ['--profile', 'has no end', () => '/dev/zero', 'E_NOT_FILE', 2],
    ['--profile', 'is too large', () => file(Buffer.alloc(300_000_000, 0x20)), 'E_LIMIT', 2],
    ['--probe-file', 'is not there', () => '/no/such/file', 'E_PATH_NOT_FOUND', 2],
    ['--probe-file', 'is no YAML', () => file('a: [1'), 'E_CONFIG', 2],
    ['--probe-file', 'is binary', () => file(Buffer.from([0, 1, 2, 255])), 'E_CONFIG', 2],
    ['--probe-file', 'is empty', () => file(''), 'E_CONFIG', 2],
    ['--probe-file', 'names no kind', () => file('- {nothing: 1}'), 'E_CONFIG', 2],
    ['--openapi', 'is not there', () => '80:/no/such/file', 'E_PATH_NOT_FOUND', 2],
    ['--openapi', 'is none', () => `80:${file('hello')}`, 'E_OPENAPI', 2],
    ['--openapi', 'has no port', () => file('openapi: 3.0.0'), 'E_USAGE', 2],
    ['--config', 'is not there', () => '/no/such/file', 'E_PATH_NOT_FOUND', 2],
    ['--probe', 'is none', () => 'what:ever', 'E_USAGE', 2],
    ['--exec', 'has an open quote', () => '"', 'E_USAGE', 2],
    ['--run', 'is empty', () => ' ', 'E_USAGE', 2],
    ['--observe', 'is no time', () => 'soon', 'E_USAGE', 2],
    ['--output', 'is no transport', () => 'ftp://x', 'E_TRANSPORT', 2],
    ['--name', 'is a transport', () => 'oci:x', 'E_REFERENCE', 2],
    ['--platform', 'is not offered', () => 'linux/s390x', 'E_PLATFORM', 2],
    ['--tightness', 'is none', () => 'loose', 'E_USAGE', 2],
  ])('%s that %s', async (flag, _what, value, code, exit) => {
    await script('sleep 9');
    const given = value();
    await fails(code, exit, /./, [flag, given]);
    rmSync(join(scratch, `given-${serial}`), { force: true });
  });
});
