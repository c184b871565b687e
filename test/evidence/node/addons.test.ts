import { describe, expect, it } from 'vitest';
import { buildElf } from '../../helpers/elf-builder.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';
import { nodeClosure } from '../../helpers/node-closure.ts';

const MACHINES = {
  'x64 glibc': { machine: 62, interpreter: '/lib64/ld-linux-x86-64.so.2' },
  'x64 musl': { machine: 62, interpreter: '/lib/ld-musl-x86_64.so.1' },
  'arm64 glibc': { machine: 183, interpreter: '/lib/ld-linux-aarch64.so.1' },
} as const;

const json = JSON.stringify;
const manifest = (more: object): string => json({ name: 'addon', version: '2.1.0', ...more });
const platform = (cpu: string, libc?: string): string =>
  json({ os: ['linux'], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) });

interface Case {
  readonly name: string;
  /** Below /app/node_modules. */
  readonly files: Readonly<Record<string, MemoryFile>>;
  readonly load?: string;
  /** Of the files that only some machines want, by machine. */
  readonly picks: Readonly<Partial<Record<keyof typeof MACHINES, readonly string[]>>>;
  readonly among: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'node-gyp-build: the prebuilt addon for the machine and its C library',
    files: {
      'addon/package.json': manifest({}),
      'addon/index.js': "module.exports = require('node-gyp-build')(__dirname)",
      'addon/prebuilds/linux-x64/node.napi.glibc.node': '',
      'addon/prebuilds/linux-x64/node.napi.musl.node': '',
      'addon/prebuilds/linux-x64/electron.napi.node': '',
      'addon/prebuilds/linux-arm64/node.napi.armv8.node': '',
      'addon/prebuilds/darwin-x64+arm64/node.napi.node': '',
      'node-gyp-build/index.js': '',
    },
    picks: {
      'x64 glibc': ['addon/prebuilds/linux-x64/node.napi.glibc.node'],
      'x64 musl': ['addon/prebuilds/linux-x64/node.napi.musl.node'],
      'arm64 glibc': ['addon/prebuilds/linux-arm64/node.napi.armv8.node'],
    },
    among: /\.node$/,
  },
  {
    name: 'node-gyp-build: what was built here comes before what was prebuilt',
    files: {
      'addon/package.json': manifest({}),
      'addon/lib/binding.js':
        "const path = require('path'); const load = require('node-gyp-build'); module.exports = load(path.join(__dirname, '..'))",
      'addon/index.js': "require('./lib/binding')",
      'addon/build/Release/addon.node': '',
      'addon/prebuilds/linux-x64/addon.node': '',
    },
    picks: { 'x64 glibc': ['addon/build/Release/addon.node'] },
    among: /\.node$/,
  },
  {
    name: 'bindings: the first folder of its list',
    files: {
      'addon/package.json': manifest({}),
      'addon/lib/x.js': "require('bindings')('better_sqlite3.node'); require('bindings')({ bindings: 'second' })",
      'addon/index.js': "require('./lib/x')",
      'addon/build/Release/better_sqlite3.node': '',
      'addon/build/Debug/second.node': '',
      'addon/build/Release/second.node': '',
      'addon/build/Release/other.node': '',
    },
    picks: { 'x64 glibc': ['addon/build/Debug/second.node', 'addon/build/Release/better_sqlite3.node'] },
    among: /\.node$/,
  },
  {
    name: 'node-pre-gyp: the template of package.json',
    files: {
      'addon/package.json': manifest({
        binary: { module_name: 'a', module_path: './lib/binding/napi-v{napi_build_version}-{platform}-{libc}-{arch}/' },
      }),
      'addon/index.js':
        "const gyp = require('@mapbox/node-pre-gyp'); const p = require('path'); require(gyp.find(p.resolve(p.join(__dirname, './package.json'))))",
      'addon/lib/binding/napi-v3-linux-glibc-x64/a.node': '',
      'addon/lib/binding/napi-v3-linux-musl-x64/a.node': '',
      'addon/lib/binding/napi-v3-darwin-unknown-x64/a.node': '',
      '@mapbox/node-pre-gyp/index.js': '',
    },
    picks: {
      'x64 glibc': ['addon/lib/binding/napi-v3-linux-glibc-x64/a.node'],
      'x64 musl': ['addon/lib/binding/napi-v3-linux-musl-x64/a.node'],
    },
    among: /\.node$/,
  },
  {
    name: 'napi-rs: a package for each machine, all of them named in the source',
    files: {
      'addon/package.json': manifest({ optionalDependencies: { '@a/linux-x64-gnu': '1', '@a/linux-x64-musl': '1' } }),
      'addon/index.js':
        "try { require('./a.linux-x64-gnu.node') } catch { require('@a/linux-x64-gnu') } try { require('@a/linux-x64-musl') } catch {} require('@a/linux-arm64-gnu')",
      '@a/linux-x64-gnu/package.json': json({ main: 'a.node', os: ['linux'], cpu: ['x64'], libc: ['glibc'] }),
      '@a/linux-x64-gnu/a.node': '',
      '@a/linux-x64-musl/package.json': json({ main: 'a.node', os: ['linux'], cpu: ['x64'], libc: ['musl'] }),
      '@a/linux-x64-musl/a.node': '',
      '@a/linux-arm64-gnu/package.json': json({ main: 'a.node', os: ['linux'], cpu: ['arm64'], libc: ['glibc'] }),
      '@a/linux-arm64-gnu/a.node': '',
    },
    picks: {
      'x64 glibc': ['@a/linux-x64-gnu/a.node'],
      'x64 musl': ['@a/linux-x64-musl/a.node'],
      'arm64 glibc': ['@a/linux-arm64-gnu/a.node'],
    },
    among: /\.node$/,
  },
  {
    name: 'sharp: the addon by a computed name, the library beside it',
    files: {
      'addon/package.json': manifest({
        optionalDependencies: {
          '@img/sharp-linux-x64': '1',
          '@img/sharp-linuxmusl-x64': '1',
          '@img/sharp-libvips-linux-x64': '1',
        },
      }),
      'addon/index.js':
        "const { runtime } = require('./libvips'); const paths = ['../src/build.node', `@img/sharp-${runtime()}/sharp.node`, '@img/sharp-wasm32/sharp.node']; for (const path of paths) try { require(path) } catch {} ; try { require(`@img/sharp-${runtime()}/sharp.node`) } catch {}",
      'addon/libvips.js': '',
      '@img/sharp-linux-x64/package.json': json({
        os: ['linux'],
        cpu: ['x64'],
        libc: ['glibc'],
        exports: { './sharp.node': './lib/sharp-linux-x64.node', './package': './package.json' },
      }),
      '@img/sharp-linux-x64/lib/sharp-linux-x64.node': '',
      '@img/sharp-linuxmusl-x64/package.json': json({
        os: ['linux'],
        cpu: ['x64'],
        libc: ['musl'],
        exports: { './sharp.node': './lib/sharp-linuxmusl-x64.node' },
      }),
      '@img/sharp-linuxmusl-x64/lib/sharp-linuxmusl-x64.node': '',
      '@img/sharp-libvips-linux-x64/package.json': platform('x64', 'glibc'),
      '@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.17.3': '',
      '@img/sharp-libvips-linux-x64/lib/glib-2.0/include/glibconfig.h': '',
      '@img/sharp-libvips-linux-x64/README.md': '',
    },
    picks: {
      'x64 glibc': [
        '@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.17.3',
        '@img/sharp-linux-x64/lib/sharp-linux-x64.node',
      ],
      'x64 musl': ['@img/sharp-linuxmusl-x64/lib/sharp-linuxmusl-x64.node'],
    },
    among: /\.node$|\.so|\.h$|\.md$/,
  },
  {
    name: 'esbuild: a program in a package for the machine',
    files: {
      'addon/package.json': manifest({
        optionalDependencies: { '@esbuild/linux-x64': '1', '@esbuild/linux-arm64': '1' },
      }),
      'addon/index.js':
        'const table = { a: 1 }; const pkg = table[process.platform]; require.resolve(`${pkg}/bin/esbuild`)',
      '@esbuild/linux-x64/package.json': platform('x64'),
      '@esbuild/linux-x64/bin/esbuild': { content: '\x7fELF', mode: 0o755 },
      '@esbuild/linux-x64/NOTES': '',
      '@esbuild/linux-arm64/package.json': platform('arm64'),
      '@esbuild/linux-arm64/bin/esbuild': { content: '\x7fELF', mode: 0o755 },
    },
    picks: { 'x64 glibc': ['@esbuild/linux-x64/bin/esbuild'], 'arm64 glibc': ['@esbuild/linux-arm64/bin/esbuild'] },
    among: /bin\/|NOTES/,
  },
  {
    name: 'express: the view engine that is named by a string',
    files: {
      'pug/package.json': json({ main: 'lib/pug.js' }),
      'pug/lib/pug.js': '',
      'ejs/index.js': '',
      'express/index.js': '',
    },
    load: "const app = require('express')(); app.set('view engine', 'pug'); app.set('title', 'ejs')",
    picks: { 'x64 glibc': ['pug/lib/pug.js'] },
    among: /pug\.js|ejs/,
  },
  {
    name: 'pino: transports that are named by strings',
    files: {
      'pino/package.json': json({ main: 'pino.js' }),
      'pino/pino.js': '',
      'pino/file.js': '',
      'pino-pretty/index.js': '',
      'pino-loki/index.js': '',
      'other/index.js': '',
    },
    load: "const pino = require('pino'); pino({ transport: { target: 'pino-pretty' } }); pino.transport({ targets: [{ target: 'pino/file' }, { target: 'pino-loki' }, { target: 'pino-absent' }] }); ({ target: 'other' })",
    picks: { 'x64 glibc': ['pino-loki/index.js', 'pino-pretty/index.js', 'pino/file.js'] },
    among: /file\.js|pretty|loki|other/,
  },
  {
    name: 'pg: its native half is optional',
    files: {
      'pg/package.json': json({ main: 'lib' }),
      'pg/lib/index.js': "module.exports = { get native() { return require('./native') } }",
      'pg/lib/native/index.js': "require('pg-native')",
    },
    load: "require('pg')",
    picks: { 'x64 glibc': ['pg/lib/index.js', 'pg/lib/native/index.js'] },
    among: /pg\/lib/,
  },
];

describe('addons and what packages load by rule', () => {
  const table = CASES.flatMap(({ picks, ...item }) =>
    Object.entries(picks).map(([machine, wanted]) => ({ ...item, machine: machine as keyof typeof MACHINES, wanted })),
  );
  it.each(table)('$name ($machine)', async ({ among, files, load = "require('addon')", machine, wanted }) => {
    const modules = Object.fromEntries(
      Object.entries(files).map(([path, file]) => [`/app/node_modules/${path}`, file]),
    );
    const node = buildElf({ ...MACHINES[machine], type: 3, needed: ['libc.so.6'] });
    const found = await nodeClosure(
      { ...modules, '/app/server.js': load, '/usr/bin/node': node },
      { argv: ['server.js'] },
    );
    const shown = found.paths.map((path) => path.replace('/app/node_modules/', '')).filter((path) => among.test(path));
    expect(shown).toEqual(wanted);
    expect(found.warnings).toEqual([]);
  });

  it('keeps the addons of all machines when nobody can tell which it will be', async () => {
    const found = await nodeClosure(
      {
        '/app/server.js': "require('node-gyp-build')(__dirname)",
        '/app/prebuilds/linux-x64/node.napi.node': '',
        '/app/prebuilds/linux-arm64/node.napi.node': '',
        '/app/prebuilds/win32-x64/node.napi.node': '',
      },
      { argv: ['server.js'] },
    );
    expect(found.paths.filter((path) => path.endsWith('.node'))).toHaveLength(2);
  });
});
