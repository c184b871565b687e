import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOfText } from '../../../src/base/path.ts';
import { EXAMPLES, exampleDir, offered } from '../../helpers/examples.ts';
import { hostTree } from '../../helpers/host-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { nodeClosure } from '../../helpers/node-closure.ts';
import { tempDir } from '../../helpers/temp.ts';

const traced = needs('strace');

/** Files and links below `dir` that a process opened, read as links, or looked up and found. */
async function opened(
  dir: string,
  argv: readonly string[],
  visit?: (port: number) => Promise<void>,
): Promise<string[]> {
  const log = join(tempDir(), 'trace');
  const port = visit === undefined ? 0 : await freePort();
  const child = spawn(
    'strace',
    ['-f', '-qq', '-s', '4096', '-o', log, '-e', 'trace=open,openat,readlink', process.execPath, ...argv],
    {
      cwd: dir,
      env: { PATH: process.env['PATH'], PORT: String(port), LOG_LEVEL: 'error' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    if (visit !== undefined) await visit(port);
    // strace hands signals on to nobody: its child is asked.
    if (visit !== undefined) for (const pid of childrenOf(child.pid as number)) process.kill(pid, 'SIGTERM');
    expect(await ended, complaint).toBe(0);
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
  const found = new Set<string>();
  for (const match of readFileSync(log, 'utf8').matchAll(
    /(?:openat\(AT_FDCWD, |open\(|readlink\()"([^"]+)".*\) = \d+/g,
  )) {
    const [line, path = ''] = match;
    const clean = normalize(path);
    if (clean.startsWith(`${dir}/`) && !line.includes('O_DIRECTORY')) found.add(clean);
  }
  return [...found].sort();
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function get(port: number, path: string, init: RequestInit = {}): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
      await response.arrayBuffer();
      return response.status;
    } catch (error) {
      if (tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const VISITS: Readonly<
  Record<
    string,
    { readonly start: string; readonly requests: readonly (readonly [path: string, status: number, body?: string])[] }
  >
> = {
  'node-status': { start: 'server.js', requests: [['/status', 200]] },
  'node-express': {
    start: 'src/server.js',
    requests: [
      ['/status', 200],
      ['/db', 503],
      ['/none', 404],
      ['/greetings', 201, '{"name":"Ada","times":2}'],
      ['/greetings', 422, '{"name":""}'],
      ['/greetings', 400, '{'],
    ],
  },
  'node-sharp': {
    start: 'server.js',
    requests: [
      ['/status', 200],
      ['/resize?w=20', 200],
      ['/resize?w=x', 400],
    ],
  },
};

describe('what node really opens is in the closure', () => {
  for (const example of EXAMPLES.filter(({ name }) => name in VISITS)) {
    it.skipIf(!traced || !offered(example))(example.name, async () => {
      const dir = exampleDir(example.name);
      const { requests, start } = VISITS[example.name] as (typeof VISITS)[string];
      const real = await opened(dir, [start], async (port) => {
        for (const [path, status, body] of requests) {
          const init =
            body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } };
          expect(await get(port, path, init), path).toBe(status);
        }
      });
      const { paths, warnings } = await nodeClosure(hostTree(), { argv: [start], cwd: dir });
      expect(real).toContain(join(dir, start));
      expect(real.filter((path) => !paths.includes(bytesOfText(path)))).toEqual([]);
      expect(warnings).toEqual([]);
    });
  }

  /** Small projects that exit at once; the tree is the folder itself. */
  const PROJECTS: Readonly<
    Record<
      string,
      { readonly files: Readonly<Record<string, string | { readonly link: string }>>; readonly argv: readonly string[] }
    >
  > = {
    'a pnpm store': {
      argv: ['server.js'],
      files: {
        'package.json': '{"type":"module"}',
        'server.js': "import a from 'a'; if (a !== 'b1') process.exit(1)",
        'node_modules/a': { link: '.pnpm/a@1/node_modules/a' },
        'node_modules/.pnpm/a@1/node_modules/a/package.json': '{"name":"a","main":"main.js"}',
        'node_modules/.pnpm/a@1/node_modules/a/main.js': "module.exports = require('b') + require('./data.json').x",
        'node_modules/.pnpm/a@1/node_modules/a/data.json': '{"x":1}',
        'node_modules/.pnpm/a@1/node_modules/b': { link: '../../b@1/node_modules/b' },
        'node_modules/.pnpm/b@1/node_modules/b/package.json':
          '{"name":"b","exports":{"import":"./no.mjs","require":"./b.cjs"}}',
        'node_modules/.pnpm/b@1/node_modules/b/b.cjs': "module.exports = 'b'",
      },
    },
    'a yarn workspace': {
      argv: ['packages/api/server.js'],
      files: {
        'package.json': '{"workspaces":["packages/*"]}',
        'packages/api/package.json': '{"name":"api","type":"module","imports":{"#own/*":"./src/*.js"}}',
        'packages/api/server.js':
          "import '#own/x'; import util from 'util-kit'; import 'api-self/y'; if (util !== 1) process.exit(1)",
        'packages/api/src/x.js':
          "import { readFileSync } from 'node:fs'; readFileSync(new URL('../data.txt', import.meta.url))",
        'packages/api/data.txt': '',
        'packages/util/package.json': '{"name":"util-kit","main":"./lib"}',
        'packages/util/lib/index.js': "module.exports = require('left')",
        'node_modules/util-kit': { link: '../packages/util' },
        'node_modules/api-self/package.json': '{"name":"api-self","exports":{"./*":{"node":"./dist/*.js"}}}',
        'node_modules/api-self/dist/y.js': '',
        'node_modules/left/index.js': 'module.exports = 1',
      },
    },
    'preloads, workers, computed names': {
      argv: ['-r', './first.cjs', '--import', 'hook', 'server.cjs'],
      files: {
        'first.cjs': '',
        'node_modules/hook/package.json': '{"exports":"./hook.mjs"}',
        'node_modules/hook/hook.mjs': '',
        'server.cjs':
          "const path = require('path'); const { Worker } = require('worker_threads'); const { execFileSync } = require('child_process'); const all = ['a', 'b'].map((n) => require('./parts/' + n)); new Worker(path.join(__dirname, 'worker.cjs')); new Worker('./worker.mjs'); execFileSync(process.execPath, ['child.cjs']); import('./' + ['l', 'ate'].join('') + '.mjs')",
        'parts/a.js': "require('./deep/c')",
        'parts/b.json': '{}',
        'parts/deep/c.js': '',
        'worker.cjs': "require('./shared.cjs')",
        'worker.mjs': '',
        'shared.cjs': '',
        'child.cjs': "require('./shared.cjs')",
        'late.mjs': '',
      },
    },
  };

  it.skipIf(!traced).each(Object.entries(PROJECTS))('%s', async (_name, { argv, files }) => {
    const dir = tempDir();
    for (const [name, file] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      if (typeof file === 'string') writeFileSync(join(dir, name), file);
      else symlinkSync(file.link, join(dir, name));
    }
    const real = await opened(dir, argv);
    const { paths } = await nodeClosure(hostTree(), { argv, cwd: dir });
    expect(real).toContain(join(dir, argv.at(-1) as string));
    expect(real.filter((path) => !paths.includes(bytesOfText(path)) && !isBehindLink(path, files, dir))).toEqual([]);
    // And the closure alone is enough to run.
    const kept = join(tempDir(), 'copy');
    for (const path of paths.filter((item) => item.startsWith(`${dir}/`)))
      cpSync(path, join(kept, path.slice(dir.length)), { verbatimSymlinks: true });
    execFileSync(process.execPath, argv, { cwd: kept, stdio: 'pipe' });
  });
});

/** Node may open a file by its name through a link; the closure has the link and the file. */
function isBehindLink(path: string, files: Readonly<Record<string, unknown>>, dir: string): boolean {
  return Object.entries(files).some(
    ([name, file]) => typeof file === 'object' && path.startsWith(`${join(dir, name)}/`),
  );
}
