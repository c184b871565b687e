import { describe, expect, it } from 'vitest';
import type { MemoryFile } from '../../helpers/memory-tree.ts';
import { nodeClosure, type NodeStart } from '../../helpers/node-closure.ts';

interface Case extends Partial<NodeStart> {
  readonly name: string;
  /** Below /app; `/x` for other places. */
  readonly files: Readonly<Record<string, MemoryFile>>;
  /** Everything but the entry, sorted, below /app. */
  readonly keeps: readonly string[];
  /** `code line` of each warning. */
  readonly warns?: readonly string[];
}

const json = JSON.stringify;
const plain = (name: string): string => json({ name, version: '1.0.0' });

/** None of these folders exists on the machine: whatever is found was found in the tree. */
const CASES: readonly Case[] = [
  {
    name: 'require: extensions, folders, json',
    files: {
      'server.js': "require('./a'); require('./b'); require('./c/'); require('./d.json'); require('./e')",
      'a.js': '',
      'b.json': '{}',
      'c/index.js': '',
      'd.json': '{}',
      'e/package.json': json({ main: 'lib' }),
      'e/lib/index.js': '',
      'unused.js': '',
    },
    keeps: ['a.js', 'b.json', 'c/index.js', 'd.json', 'e/lib/index.js', 'e/package.json'],
  },
  {
    name: 'a file wins over a folder, unless the slash says otherwise',
    files: {
      'server.js': "require('./a'); require('./b/')",
      'a.js': '',
      'a/index.js': '',
      'b.js': '',
      'b/index.js': '',
    },
    keeps: ['a.js', 'b/index.js'],
  },
  {
    name: 'import: exact names only, percent and query as in URLs',
    files: {
      'server.js':
        "import './a.js'; import './b'; export * from './c%20d.js?x=1#y'; import '/app/e.mjs'; await import('file:///app/f.js')",
      'a.js': '',
      'b.js': '',
      'c d.js': '',
      'e.mjs': '',
      'f.js': '',
      'package.json': '{"type":"module"}',
    },
    keeps: ['a.js', 'c d.js', 'e.mjs', 'f.js', 'package.json'],
    warns: ['node-missing 1'],
  },
  {
    name: 'built-in modules are nobody, with and without the prefix',
    files: {
      'server.js':
        "require('fs'); require('node:sqlite'); require('fs/promises'); require('node:anything'); import('data:text/javascript,1')",
      'node_modules/fs/index.js': '',
    },
    keeps: [],
  },
  {
    name: 'a package whose name is a built-in one, with a slash',
    files: {
      'server.js': "require('punycode/')",
      'node_modules/punycode/package.json': plain('punycode'),
      'node_modules/punycode/index.js': '',
    },
    keeps: ['node_modules/punycode/index.js', 'node_modules/punycode/package.json'],
  },
  {
    name: 'the nearest node_modules wins',
    files: {
      'src/server.js': "require('x')",
      'src/node_modules/x/index.js': "require('y')",
      'node_modules/x/index.js': '',
      'node_modules/y/index.js': '',
      '/node_modules/z/index.js': '',
    },
    argv: ['src/server.js'],
    keeps: ['node_modules/y/index.js', 'src/node_modules/x/index.js'],
  },
  {
    name: 'NODE_PATH is for require alone',
    files: { 'server.js': "require('x'); import('y')", '/lib/x/index.js': '', '/lib/y/index.js': '' },
    env: { NODE_PATH: '/none:/lib' },
    keeps: ['/lib/x/index.js'],
    warns: ['node-missing 1'],
  },
  {
    name: 'exports: import and require get what each is offered',
    files: {
      'server.mjs':
        "import 'dual'; import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); require('dual/sub')",
      'node_modules/dual/package.json': json({
        name: 'dual',
        main: 'legacy.js',
        exports: {
          '.': { import: './esm.mjs', require: './cjs.cjs' },
          './sub': { import: './sub.mjs', default: './sub.cjs' },
        },
      }),
      'node_modules/dual/legacy.js': '',
      'node_modules/dual/esm.mjs': '',
      'node_modules/dual/cjs.cjs': '',
      'node_modules/dual/sub.mjs': '',
      'node_modules/dual/sub.cjs': '',
    },
    argv: ['server.mjs'],
    keeps: ['node_modules/dual/esm.mjs', 'node_modules/dual/package.json', 'node_modules/dual/sub.cjs'],
  },
  {
    name: 'exports: patterns, arrays, null, nested conditions, conditions of the command line',
    files: {
      'server.js':
        "for (const f of [require('p/features/a.js'), require('p/arr'), require('p/deep'), require('p/custom')]) f; try { require('p/features/private/x.js') } catch {}",
      'node_modules/p/package.json': json({
        exports: {
          './features/*.js': './src/*.js',
          './features/private/*': null,
          './arr': ['../out.js', './arr.js'],
          './deep': { browser: './no.js', node: { import: './no.js', default: './deep.js' } },
          './custom': { special: './special.js', default: './no.js' },
        },
      }),
      'node_modules/p/src/a.js': '',
      'node_modules/p/src/private/x.js': '',
      'node_modules/p/arr.js': '',
      'node_modules/p/deep.js': '',
      'node_modules/p/special.js': '',
      'node_modules/p/no.js': '',
      'node_modules/out.js': '',
    },
    argv: ['--conditions=special', 'server.js'],
    keeps: [
      'node_modules/p/arr.js',
      'node_modules/p/deep.js',
      'node_modules/p/package.json',
      'node_modules/p/special.js',
      'node_modules/p/src/a.js',
    ],
  },
  {
    name: 'exports: node versions that know module-sync and those that do not',
    files: {
      'server.js': "require('s')",
      'node_modules/s/package.json': json({ exports: { 'module-sync': './sync.mjs', default: './default.cjs' } }),
      'node_modules/s/sync.mjs': '',
      'node_modules/s/default.cjs': '',
    },
    keeps: ['node_modules/s/default.cjs', 'node_modules/s/package.json', 'node_modules/s/sync.mjs'],
  },
  {
    name: 'imports of the own package, to a file and to another package; its own name',
    files: {
      'package.json': json({
        name: 'me',
        exports: { './tool': './tool.js' },
        imports: { '#db': { node: './db.js' }, '#lib/*': './lib/*.js', '#ext': 'ext' },
      }),
      'server.js': "require('#db'); require('#lib/x'); require('#ext'); require('me/tool')",
      'db.js': '',
      'lib/x.js': '',
      'tool.js': '',
      'node_modules/ext/index.js': '',
    },
    keeps: ['db.js', 'lib/x.js', 'node_modules/ext/index.js', 'package.json', 'tool.js'],
  },
  {
    name: 'links of pnpm: the links themselves, and dependencies beside the real folder',
    files: {
      'server.js': "require('a')",
      'node_modules/a': { link: '.pnpm/a@1.0.0/node_modules/a' },
      'node_modules/.pnpm/a@1.0.0/node_modules/a/package.json': plain('a'),
      'node_modules/.pnpm/a@1.0.0/node_modules/a/index.js': "require('b')",
      'node_modules/.pnpm/a@1.0.0/node_modules/b': { link: '../../b@2.0.0/node_modules/b' },
      'node_modules/.pnpm/b@2.0.0/node_modules/b/package.json': plain('b'),
      'node_modules/.pnpm/b@2.0.0/node_modules/b/index.js': '',
    },
    keeps: [
      'node_modules/.pnpm/a@1.0.0/node_modules/a/index.js',
      'node_modules/.pnpm/a@1.0.0/node_modules/a/package.json',
      'node_modules/.pnpm/a@1.0.0/node_modules/b',
      'node_modules/.pnpm/b@2.0.0/node_modules/b/index.js',
      'node_modules/.pnpm/b@2.0.0/node_modules/b/package.json',
      'node_modules/a',
    ],
  },
  {
    name: 'a workspace: its packages are links to folders beside',
    files: {
      'packages/api/server.js': "require('@me/util')",
      'packages/api/package.json': plain('@me/api'),
      'packages/util/package.json': json({ name: '@me/util', main: './util.js' }),
      'packages/util/util.js': "require('lodash')",
      'node_modules/@me/util': { link: '../../packages/util' },
      'node_modules/lodash/index.js': '',
    },
    argv: ['packages/api/server.js'],
    keeps: [
      'node_modules/@me/util',
      'node_modules/lodash/index.js',
      'packages/api/package.json',
      'packages/util/package.json',
      'packages/util/util.js',
    ],
  },
  {
    name: 'an optional dependency that is not installed is no news; a missing one is',
    files: {
      'server.js': "try { require('a') } catch {}\nimport('b').catch(() => {})\nrequire('c')\nrequire.resolve('d')",
      'node_modules/c/index.js': "require('pg-native')",
    },
    keeps: ['node_modules/c/index.js'],
  },
  {
    name: 'what is missing, with its line',
    files: { 'server.js': "require('x')\n\nimport('./y.js')" },
    keeps: [],
    warns: ['node-missing 1', 'node-missing 3'],
  },
  {
    name: 'names that constants make',
    files: {
      'server.js':
        "const base = './lib'; const p = require('path'); require(base + '/a'); require(`${base}/b.js`); require(p.join(__dirname, 'c')); require(process.argv[2] ? './d' : './e')",
      'lib/a.js': '',
      'lib/b.js': '',
      'c.js': '',
      'd.js': '',
      'e.js': '',
    },
    keeps: ['c.js', 'd.js', 'e.js', 'lib/a.js', 'lib/b.js'],
  },
  {
    name: 'require under other names',
    files: {
      'server.js':
        "const { createRequire } = require('module'); const load = createRequire(__filename); load('./a'); module.require('./b'); createRequire('/other/x.js')('./c')",
      'a.js': '',
      'b.js': '',
      '/other/c.js': '',
    },
    keeps: ['/other/c.js', 'a.js', 'b.js'],
  },
  {
    name: 'require that a compiler or a bundler wraps',
    files: {
      'server.js':
        '"use strict"; var __importDefault = (this && this.__importDefault) || function (m) { return m; }; const path_1 = __importDefault(require("path")); const a_1 = __importDefault(require("./a")); (function (f) { f(require, exports) })(function (require, exports) { require("./b"); require("./gone") }); require((0, path_1.default.join)(__dirname, "c"))',
      'a.js': '',
      'b.js': '',
      'c.js': '',
    },
    keeps: ['a.js', 'b.js', 'c.js'],
  },
  {
    name: 'a computed name keeps what fits, node_modules excluded, and says so',
    files: {
      'server.js': "const name = process.env.ROUTE;\nrequire('./routes/' + name)\nimport(`./plugins/${name}/index.js`)",
      'routes/a.js': "require('../deep')",
      'routes/sub/b.js': '',
      'routes/readme.txt': '',
      'routes/node_modules/x/index.js': '',
      'plugins/p/index.js': '',
      'plugins/p/other.js': '',
      'deep.js': '',
    },
    keeps: ['deep.js', 'plugins/p/index.js', 'routes/a.js', 'routes/sub/b.js'],
    warns: ['node-dynamic-import 2', 'node-dynamic-import 3'],
  },
  {
    name: 'a name that nobody can know: said of the application, not of its dependencies',
    files: {
      'server.js': "require('dep')(process.env.X);\nimport(process.env.Y)",
      'node_modules/dep/index.js': 'module.exports = (n) => require(n)',
    },
    keeps: ['node_modules/dep/index.js'],
    warns: ['node-dynamic-import 2'],
  },
  {
    name: 'a computed package name: the installed ones that fit and suit linux',
    files: {
      'server.js': "require('dep')",
      'node_modules/dep/index.js': 'require(`@dep/binding-${require("./which")()}/addon`)',
      'node_modules/dep/which.js': '',
      'node_modules/@dep/binding-linux/package.json': json({ os: ['linux'] }),
      'node_modules/@dep/binding-linux/addon.js': '',
      'node_modules/@dep/binding-win/package.json': json({ os: ['win32'] }),
      'node_modules/@dep/binding-win/addon.js': '',
      'node_modules/@dep/other/addon.js': '',
    },
    keeps: [
      'node_modules/@dep/binding-linux/addon.js',
      'node_modules/@dep/binding-linux/package.json',
      'node_modules/dep/index.js',
      'node_modules/dep/which.js',
    ],
  },
  {
    name: 'files beside the module, in both kinds of module',
    files: {
      'server.js':
        "const { join } = require('path'); const fs = require('fs'); fs.readFileSync(join(__dirname, 'data', 'a.txt')); fs.readFileSync(__dirname + '/b.txt'); require('./c.mjs')",
      'c.mjs':
        "import { readFile } from 'node:fs/promises'; import { fileURLToPath } from 'node:url'; await readFile(new URL('./d.txt', import.meta.url)); await readFile(fileURLToPath(new URL('e%20f.txt', import.meta.url))); await readFile(import.meta.dirname + '/g.txt')",
      'data/a.txt': '',
      'data/other.txt': '',
      'b.txt': '',
      'd.txt': '',
      'e f.txt': '',
      'g.txt': '',
    },
    keeps: ['b.txt', 'c.mjs', 'd.txt', 'data/a.txt', 'e f.txt', 'g.txt'],
  },
  {
    name: 'folders beside the module, whole; but not the one it lies in',
    files: {
      'src/server.js':
        "const path = require('path'); const root = path.join(__dirname, '..'); app.use(express.static(path.join(root, 'public'))); app.set('views', path.join(__dirname, 'views')); start(__dirname, root)",
      'public/css/a.css': '',
      'public/.env': 'SECRET=1',
      'src/views/index.pug': '',
      'src/other.txt': '',
      'other.txt': '',
    },
    argv: ['src/server.js'],
    keeps: ['public/css/a.css', 'src/views/index.pug'],
  },
  {
    name: 'a folder with a computed rest',
    files: {
      'server.js':
        "require('fs').readFileSync(require('path').join(__dirname, 'locales', lang + '.json')); require('fs').readFileSync(`${__dirname}/${x}.html`)",
      'locales/de.json': '{}',
      'locales/de.txt': '',
      'a.html': '',
      'sub/b.html': '',
    },
    keeps: ['a.html', 'locales/de.json'],
  },
  {
    name: 'secrets are not dragged in by a library that looks for them',
    files: {
      'server.js':
        "require('fs').readFileSync(require('path').resolve(process.cwd(), '.env')); require('fs').readFileSync('.npmrc')",
      '.env': 'A=1',
      '.npmrc': '',
    },
    keeps: [],
  },
  {
    name: 'workers and child processes',
    files: {
      'src/server.js':
        "const { Worker } = require('worker_threads'); const { fork, spawn } = require('node:child_process'); new Worker('./src/w1.js'); new Worker(new URL('./w2.mjs', 'file:///app/src/x')); new Worker(__dirname + '/w3.js'); fork('./src/c1.js'); spawn(process.execPath, ['--no-warnings', 'src/c2.js']); require('worker-farm')(require.resolve('./c3'))",
      'src/w1.js': "require('./shared')",
      'src/w2.mjs': '',
      'src/w3.js': '',
      'src/c1.js': '',
      'src/c2.js': '',
      'src/c3.js': '',
      'src/shared.js': '',
      'node_modules/worker-farm/index.js': '',
    },
    argv: ['src/server.js'],
    keeps:
      'node_modules/worker-farm/index.js src/c1.js src/c2.js src/c3.js src/shared.js src/w1.js src/w2.mjs src/w3.js'.split(
        ' ',
      ),
  },
  {
    name: 'flags of the command line and of NODE_OPTIONS',
    files: {
      'server.js': '',
      'a.js': '',
      'hook.mjs': '',
      'prod.env': 'A=1',
      'node_modules/b/index.js': '',
      'node_modules/c/package.json': json({ exports: { './register': './register.mjs' } }),
      'node_modules/c/register.mjs': '',
    },
    argv: ['-r', './a.js', '--require=b', '--import', 'c/register', '--env-file=prod.env', 'server.js'],
    env: { NODE_OPTIONS: '--max-old-space-size=64 --import "./hook.mjs"' },
    keeps: [
      'a.js',
      'hook.mjs',
      'node_modules/b/index.js',
      'node_modules/c/package.json',
      'node_modules/c/register.mjs',
      'prod.env',
    ],
  },
  {
    name: 'a script without an extension, and one that only its first line gives away',
    files: {
      'bin/run': "#!/usr/bin/env node\nrequire('../lib')",
      'lib.js': "require('child_process').fork('./bin/plain')",
      'bin/plain': '#!/bin/sh\nexit',
    },
    argv: ['bin/run'],
    keeps: ['bin/plain', 'lib.js'],
  },
  {
    name: 'TypeScript, as newer nodes take it',
    files: {
      'server.ts':
        "import { x } from './x.ts';\nimport type { Y } from './y.d.ts';\nconst z: number = 1; require('z');",
      'x.ts': '',
      'y.d.ts': '',
      'node_modules/z/index.js': '',
    },
    argv: ['server.ts'],
    keeps: ['node_modules/z/index.js', 'x.ts', 'y.d.ts'],
  },
  {
    name: 'what is not JavaScript is searched as text, and said of the application',
    files: { 'server.js': "const a = require('./a');\nconst b = <div/>;\nimport('./b.js')", 'a.js': '', 'b.js': '' },
    keeps: ['a.js', 'b.js'],
    warns: ['node-parse 2'],
  },
  {
    name: 'modern and old syntax',
    files: {
      'server.js':
        "#!/usr/bin/env node\nimport data from './d.json' with { type: 'json' }; class A { static #x = 1; static { import('./a.mjs') } } label: for (;;) break label; await 0;",
      'a.mjs': "export * as ns from './b.mjs'",
      'b.mjs': "const require = 1; import { createRequire as c } from 'module'; c(import.meta.url).resolve('./s.cjs')",
      's.cjs': "with (Math) { var await = require('./o.cjs') }; return 010",
      'o.cjs': '',
      'd.json': '{}',
    },
    keeps: ['a.mjs', 'b.mjs', 'd.json'],
  },
  {
    name: 'links, circles and hard cases of the file system',
    files: {
      'server.js': "require('./loop'); require('./out'); require('./self')",
      loop: { link: 'loop' },
      out: { link: '/opt/real' },
      '/opt/real/index.js': "require('./beside')",
      '/opt/real/beside.js': '',
      'self.js': "require('./server')",
    },
    keeps: ['/opt/real/beside.js', '/opt/real/index.js', 'out', 'self.js'],
    warns: ['node-missing 1'],
  },
  {
    name: 'files that the program never reaches may ask for what is not there',
    files: { 'server.js': '', 'script.js': "require('tool')" },
    also: ['/app/script.js'],
    keeps: ['script.js'],
  },
];

describe('the node analyser', () => {
  it.each(CASES)('$name', async ({ files, keeps, name: _name, warns = [], argv = ['server.js'], ...start }) => {
    const absolute = Object.fromEntries(
      Object.entries(files).map(([path, file]) => [path.startsWith('/') ? path : `/app/${path}`, file]),
    );
    const found = await nodeClosure(absolute, { argv, ...start });
    const entry = `/app/${argv.at(-1)}`;
    const shown = found.paths.filter((path) => path !== entry).map((path) => path.replace(/^\/app\//, ''));
    expect(shown.sort()).toEqual([...keeps].sort());
    expect(found.warnings.map(({ code, line }) => `${code} ${line}`)).toEqual(warns);
  });

  it('gives every file a chain that starts at the entry point and names lines', async () => {
    const found = await nodeClosure(
      {
        '/app/server.js': "\nrequire('a')",
        '/app/node_modules/a/index.js': "\n\nrequire('./b')",
        '/app/node_modules/a/b.js': '',
      },
      { argv: ['server.js'] },
    );
    const chain = found.graph.chain('/app/node_modules/a/b.js' as never);
    expect(chain.map((edge) => [edge.from, edge.to, edge.because, edge.at?.line])).toEqual([
      ['entrypoint', '/app/server.js', 'the test says so', undefined],
      ['/app/server.js', '/app/node_modules/a/index.js', 'require("a"), the index of its folder', 2],
      ['/app/node_modules/a/index.js', '/app/node_modules/a/b.js', 'require("./b")', 3],
    ]);
  });
});
