import { cpSync, mkdirSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { addNodeOriginal, addShellOriginal } from '../helpers/original.ts';
import { scratchFolder, watchedTare } from '../helpers/watched-cli.ts';
import { until } from '../helpers/leftovers.ts';

let scratch: string;
let home: string;
beforeAll(async () => {
  scratch = scratchFolder();
  home = join(scratch, 'home');
  cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const big = 'x'.repeat(1_000_000);
const sh = (script: string) => ({ Entrypoint: ['/bin/sh', '-c', script] });
const http = (body: string) => ({
  entries: [
    { path: 'app/server.cjs', content: `require('node:http').createServer((q, s) => {${body}}).listen(8080);` },
  ],
  config: { Entrypoint: ['/usr/bin/node', '/app/server.cjs'], ExposedPorts: { '8080/tcp': {} } },
});
const node = (content: string, config = {}) => ({
  entries: [{ path: 'app/server.cjs', content }],
  config: { Entrypoint: ['/usr/bin/node', '/app/server.cjs'], ...config },
});
type Case = readonly [string, 'shell' | 'node', any, readonly string[]];
const T = ['--timeout', '3'];
const STATIC = ['--static', '--no-verify'];
const CASES: Case[] = [
  ['arm64', 'shell', { image: { architecture: 'arm64' }, config: sh('echo hi') }, T],
  ['arm64 static', 'shell', { image: { architecture: 'arm64' }, config: sh('echo hi') }, STATIC],
  ['windows', 'shell', { image: { os: 'windows' }, config: sh('echo hi') }, T],
  ['no entry', 'shell', { config: {} }, T],
  ['no config', 'shell', {}, T],
  ['empty entry', 'shell', { config: { Entrypoint: [''] } }, T],
  ['missing entry', 'shell', { config: { Entrypoint: ['/bin/nothing'] } }, T],
  ['folder entry', 'shell', { config: { Entrypoint: ['/bin'] } }, T],
  [
    'not executable',
    'shell',
    {
      config: { Entrypoint: ['/bin/data'] },
      entries: [{ path: 'bin/data', content: '#!/bin/sh\necho hi\n', mode: 0o644 }],
    },
    T,
  ],
  [
    'text no #!',
    'shell',
    { config: { Entrypoint: ['/bin/data'] }, entries: [{ path: 'bin/data', content: 'hello\n', mode: 0o755 }] },
    T,
  ],
  [
    'empty file',
    'shell',
    { config: { Entrypoint: ['/bin/data'] }, entries: [{ path: 'bin/data', content: '', mode: 0o755 }] },
    T,
  ],
  [
    'bad #!',
    'shell',
    {
      config: { Entrypoint: ['/bin/data'] },
      entries: [{ path: 'bin/data', content: '#!/usr/bin/perl\n', mode: 0o755 }],
    },
    T,
  ],
  [
    '#! itself',
    'shell',
    { config: { Entrypoint: ['/bin/data'] }, entries: [{ path: 'bin/data', content: '#!/bin/data\n', mode: 0o755 }] },
    T,
  ],
  ['no loader', 'shell', { config: sh('exec sleep 3'), entries: [{ path: 'lib64/.wh.ld-linux-x86-64.so.2' }] }, T],
  [
    'env junk',
    'shell',
    { config: { ...sh('sleep 9'), Env: ['', 'NOEQUALS', '=x', 'A=1', 'A=2', 'ÿ=\u0001\n', 'PATH='] } },
    T,
  ],
  ['env nul', 'shell', { config: { ...sh('sleep 9'), Env: ['A=\0'] } }, T],
  ['env big', 'shell', { config: { ...sh('sleep 9'), Env: ['A=' + big] } }, T],
  [
    'env 5MB of vars',
    'shell',
    { config: { ...sh('sleep 9'), Env: Array.from({ length: 50 }, (_, i) => `A${i}=${big.slice(0, 100_000)}`) } },
    T,
  ],
  ['workdir dots', 'shell', { config: { ...sh('sleep 9'), WorkingDir: '/../..' } }, T],
  ['workdir missing', 'shell', { config: { ...sh('sleep 9'), WorkingDir: '/no/such' } }, T],
  ['workdir file', 'shell', { config: { ...sh('sleep 9'), WorkingDir: '/bin/cat' } }, T],
  ['workdir relative', 'shell', { config: { ...sh('sleep 9'), WorkingDir: 'bin' } }, T],
  [
    'workdir link out',
    'shell',
    {
      config: { ...sh('sleep 9'), WorkingDir: '/out' },
      entries: [{ path: 'out', type: 'symlink', link: '../../../../tmp' }],
    },
    T,
  ],
  [
    'workdir loop',
    'shell',
    { config: { ...sh('sleep 9'), WorkingDir: '/loop' }, entries: [{ path: 'loop', type: 'symlink', link: 'loop' }] },
    T,
  ],
  ['user missing', 'shell', { config: { ...sh('sleep 9'), User: 'nobody-here' } }, T],
  ['user odd', 'shell', { config: { ...sh('sleep 9'), User: 'a:b:c' } }, T],
  ['user huge', 'shell', { config: { ...sh('sleep 9'), User: '99999999999' } }, T],
  [
    'ports junk',
    'shell',
    {
      config: {
        ...sh('sleep 9'),
        ExposedPorts: { 'x/tcp': {}, '99999/tcp': {}, '0/tcp': {}, '53/udp': {}, '-1': {}, '80-90/tcp': {} },
      },
    },
    T,
  ],
  [
    'ports 100',
    'shell',
    {
      config: {
        ...sh('sleep 9'),
        ExposedPorts: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${8000 + i}/tcp`, {}])),
      },
    },
    T,
  ],
  [
    'ports 60000',
    'shell',
    {
      config: {
        ...sh('sleep 9'),
        ExposedPorts: Object.fromEntries(Array.from({ length: 60000 }, (_, i) => [`${1 + i}/tcp`, {}])),
      },
    },
    T,
  ],
  [
    'volumes',
    'shell',
    {
      config: {
        ...sh('sleep 9'),
        Volumes: {
          '/../../etc': {},
          rel: {},
          '/': {},
          '': {},
          ['/' + 'v'.repeat(300)]: {},
          ['/a'.repeat(3000)]: {},
          '/bin/cat/x': {},
        },
      },
    },
    T,
  ],
  [
    'healthcheck',
    'shell',
    { config: { ...sh('sleep 9'), Healthcheck: { Test: ['CMD', '/no/such', 'x'], Interval: -5 } } },
    T,
  ],
  [
    'healthcheck shell',
    'shell',
    { config: { ...sh('sleep 9'), Healthcheck: { Test: ['CMD-SHELL', '"unclosed $( '] } } },
    T,
  ],
  ['healthcheck odd', 'shell', { config: { ...sh('sleep 9'), Healthcheck: { Test: ['WHAT'] }, Shell: [] } }, T],
  [
    'healthcheck empty shell',
    'shell',
    { config: { ...sh('sleep 9'), Healthcheck: { Test: ['CMD-SHELL', 'true'] }, Shell: [] } },
    T,
  ],
  ['stop signal', 'shell', { config: { ...sh('sleep 9'), StopSignal: 'SIGWHAT' } }, T],
  ['never opens', 'shell', { config: { ...sh('sleep 99'), ExposedPorts: { '8080/tcp': {} } } }, ['--timeout', '2']],
  ['exit 1', 'shell', { config: sh('echo sorry >&2; exit 1') }, T],
  ['signal', 'shell', { config: sh('kill -SEGV $$') }, T],
  ['kill -9 self', 'node', node("require('node:child_process').execFileSync; process.abort()"), T],
  ['exit 0', 'shell', { config: sh('echo done') }, T],
  ['exit 0 with port', 'shell', { config: { ...sh('echo done'), ExposedPorts: { '8080/tcp': {} } } }, T],
  [
    'forks',
    'shell',
    { config: sh('i=0; while [ $i -lt 150 ]; do sleep 77 & i=$((i+1)); done; sleep 9') },
    ['--timeout', '3'],
  ],
  [
    'forks detached',
    'shell',
    { config: sh('(sleep 78 &) ; (trap "" TERM HUP INT; while :; do sleep 0.2; done) & exit 0') },
    ['--timeout', '3'],
  ],
  [
    'logs',
    'shell',
    { config: sh('while :; do cat /bin/sh /bin/sh /bin/cat; done') },
    ['--timeout', '3', '--observe', '4s'],
  ],
  [
    'one line log',
    'node',
    node("const b = Buffer.alloc(1<<20, 'x'); const w = () => process.stdout.write(b, w); w()"),
    ['--timeout', '3', '--observe', '3s'],
  ],
  ['ignores TERM', 'shell', { config: sh('trap "" TERM; while :; do sleep 1; done') }, T],
  [
    'hangs',
    'node',
    node("require('node:net').createServer(() => {}).listen(8080)", { ExposedPorts: { '8080/tcp': {} } }),
    ['--timeout', '2'],
  ],
  [
    'hangs probe',
    'node',
    node("require('node:net').createServer(() => {}).listen(8080)", { ExposedPorts: { '8080/tcp': {} } }),
    ['--timeout', '2', '--probe', 'http:8080/'],
  ],
  [
    'headers hang',
    'node',
    http("s.writeHead(200, {'content-length': 100}); s.write('x')"),
    ['--timeout', '2', '--probe', 'http:8080/'],
  ],
  [
    'trickle',
    'node',
    http("s.writeHead(200); setInterval(() => s.write('x'), 300)"),
    ['--timeout', '2', '--probe', 'http:8080/'],
  ],
  ['trickle crawl', 'node', http("s.writeHead(200); setInterval(() => s.write('x'), 300)"), ['--timeout', '2']],
  [
    'huge answer',
    'node',
    http(
      "s.writeHead(200); const b = Buffer.alloc(1<<20, 'x'); const w = () => { while (s.write(b)); s.once('drain', w) }; w()",
    ),
    ['--timeout', '4', '--probe', 'http:8080/'],
  ],
  [
    'huge headers',
    'node',
    http("s.writeHead(200, { x: 'y'.repeat(1e6) }); s.end()"),
    ['--timeout', '2', '--probe', 'http:8080/'],
  ],
  [
    'malformed',
    'node',
    node("require('node:net').createServer((c) => c.end('HTTP/9.9 what\\r\\n\\r\\n')).listen(8080)", {
      ExposedPorts: { '8080/tcp': {} },
    }),
    ['--timeout', '2', '--probe', 'http:8080/'],
  ],
  [
    'malformed crawl',
    'node',
    node("require('node:net').createServer((c) => c.end('HTTP/9.9 what\\r\\n\\r\\n')).listen(8080)", {
      ExposedPorts: { '8080/tcp': {} },
    }),
    ['--timeout', '2'],
  ],
  ['redirect loop', 'node', http("s.writeHead(302, { location: q.url + '?' }); s.end()"), ['--timeout', '2']],
  [
    'maze',
    'node',
    http("s.setHeader('content-type','text/html'); s.end('<a href=\"/' + Math.random() + '\">x</a>'.repeat(3))"),
    ['--timeout', '4'],
  ],
  ...Array.from({ length: 8 }, (_, i): Case => [
    'rep malformed ' + i,
    'node',
    node("require('node:net').createServer((c) => c.end('HTTP/9.9 what\\r\\n\\r\\n')).listen(8080)", {
      ExposedPorts: { '8080/tcp': {} },
    }),
    ['--timeout', '2', '--probe', 'http:8080/'],
  ]),
];
const only = process.env.ONLY;
for (const [name, base, original, args] of CASES) {
  if (only !== undefined && !new RegExp(only).test(name)) continue;
  it(
    name,
    async () => {
      const tag =
        name
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '-')
          .replace(/^-|-$/g, '') || 'x';
      let out = `\n=== ${name}\n`;
      try {
        await (base === 'shell' ? addShellOriginal : addNodeOriginal)(home, `${tag}:1`, original);
        const t = performance.now();
        const answer = await watchedTare(['shrink', `${tag}:1`, ...args, '--json'], { home, scratch });
        const ms = Math.round(performance.now() - t);
        let left = answer.leftovers();
        if (left.length) {
          await new Promise((r) => setTimeout(r, 300));
          left = [...answer.leftovers(), '(after 300 ms)', ...left];
        }
        const json = answer.stdout === '' ? undefined : JSON.parse(answer.stdout);
        out += `${answer.code} ${ms} ms ${Math.round(answer.peakBytes / 1e6)} MB\n${answer.stderr.slice(0, 1500)}\n`;
        if (json)
          out +=
            JSON.stringify({
              ref: json.reference,
              files: json.files,
              verified: json.verified?.probes.map((p: any) => [p.name, p.ok]).slice(0, 5),
              warnings: json.warnings,
              repaired: json.repaired,
            }).slice(0, 1500) + '\n';
        if (left.length) out += `LEFT ${JSON.stringify(left).slice(0, 2000)}\n`;
      } catch (error) {
        out += `HARNESS ${String((error as Error).stack)}\n`;
      }
      appendFileSync('/tmp/bi-explore.txt', out);
    },
    120_000,
  );
}
