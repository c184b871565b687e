import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { pathOfText } from '../../../src/base/path.ts';
import { nodeProject } from '../../../src/evidence/node/project.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

type Files = Readonly<Record<string, MemoryFile>>;

async function detect(manifest: object, files: Files = {}): Promise<unknown> {
  const below = Object.fromEntries(Object.entries(files).map(([path, file]) => [`/app/${path}`, file]));
  const { content, tree } = memoryTree({ ...below, '/app/package.json': JSON.stringify(manifest) });
  try {
    const { args, entry, env, from } = await nodeProject(tree, content, pathOfText('/app'));
    return [from, ...args[0], entry, ...args[1], env];
  } catch (error) {
    if (!isTareError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const start = (script: string, more: object = {}): object => ({ scripts: { start: script, ...more } });
const server: Files = { 'server.js': '' };

const STARTS: readonly (readonly [name: string, manifest: object, files: Files, expected: unknown])[] = [
  ['a plain start', start('node server.js'), server, ['scripts.start', '/app/server.js', {}]],
  [
    'flags and arguments',
    start('node --max-old-space-size=64 -r ./x.js ./server.js --port "80 80"'),
    server,
    ['scripts.start', '--max-old-space-size=64', '-r', './x.js', '/app/server.js', '--port', '80 80', {}],
  ],
  [
    'assignments before it',
    start('NODE_ENV=production A="b c" node server'),
    server,
    ['scripts.start', '/app/server.js', { NODE_ENV: 'production', A: 'b c' }],
  ],
  [
    'cross-env, exec, npx',
    start('exec npx cross-env A=1 B=2 node server.js'),
    server,
    ['scripts.start', '/app/server.js', { A: '1', B: '2' }],
  ],
  ['a folder', start('node .', {}), { 'index.js': '' }, ['scripts.start', '/app/index.js', {}]],
  [
    'npm run',
    start('A=1 npm run -s serve', { serve: 'B=2 yarn go', go: 'node server.js' }),
    server,
    ['scripts.start', '/app/server.js', { A: '1', B: '2' }],
  ],
  [
    'a command of a dependency, a link',
    start('next start -p 80'),
    { 'node_modules/.bin/next': { link: '../next/dist/bin/next' }, 'node_modules/next/dist/bin/next': '' },
    ['scripts.start', '/app/node_modules/next/dist/bin/next', 'start', '-p', '80', {}],
  ],
  [
    'a command of a dependency, as pnpm writes it',
    start('serve'),
    {
      'node_modules/.bin/serve': '#!/bin/sh\nexec node x',
      'node_modules/serve/package.json': '{"name":"serve","bin":"./cli.js"}',
      'node_modules/serve/cli.js': '',
    },
    ['scripts.start', '/app/node_modules/serve/cli.js', {}],
  ],
  ['main', { main: 'lib/main' }, { 'lib/main.js': '' }, ['main', '/app/lib/main.js', {}]],
  ['main, a folder', { main: './lib' }, { 'lib/index.js': '' }, ['main', '/app/lib/index.js', {}]],
  ['bin', { name: '@me/tool', bin: './cli.js' }, { 'cli.js': '' }, ['bin', '/app/cli.js', {}]],
  [
    'a start that needs a shell gives way to main',
    { ...start('node a.js && node b.js'), main: 'server.js' },
    server,
    ['main', '/app/server.js', {}],
  ],
  [
    'a start by a tool of the workshop gives way',
    { ...start('nodemon server.js'), main: 'server.js' },
    server,
    ['main', '/app/server.js', {}],
  ],
  ['a variable needs a shell', { ...start('node $ENTRY'), main: 'server.js' }, server, ['main', '/app/server.js', {}]],
  [
    'nothing but a name of convention',
    {},
    { 'app.js': '' },
    ['the file app.js, for want of a main', '/app/app.js', {}],
  ],
];

const REFUSALS: readonly (readonly [name: string, manifest: object, files: Files, expected: string])[] = [
  [
    'nothing at all',
    {},
    {},
    'E_NO_ENTRY: nothing says what to start: package.json has no start script, main or bin, and none of server.js, index.js, app.js, main.js is there',
  ],
  [
    'two names of convention',
    {},
    { 'server.js': '', 'index.js': '' },
    'E_AMBIGUOUS_ENTRY: package.json does not say what to start, and there are several candidates: server.js, index.js',
  ],
  [
    'several commands',
    { bin: { a: 'a.js', b: 'b.js' } },
    { 'a.js': '', 'b.js': '' },
    'E_AMBIGUOUS_ENTRY: package.json offers several commands and no start script: a (a.js), b (b.js)',
  ],
  [
    'a workspace',
    { workspaces: ['packages/*', '!packages/c'] },
    {
      'packages/b/package.json': '{}',
      'packages/a/package.json': '{}',
      'packages/c/package.json': '{}',
      'packages/d/x': '',
    },
    'E_AMBIGUOUS_ENTRY: package.json is the root of a workspace and starts nothing itself; its packages: packages/a, packages/b',
  ],
  [
    'a start that is not there',
    start('node dist/server.js'),
    {},
    'E_NO_ENTRY: scripts.start of package.json runs "dist/server.js", which is not there',
  ],
  [
    'a command that is not installed',
    start('next start'),
    {},
    'E_NO_ENTRY: scripts.start of package.json runs "the command next", which is not there',
  ],
  [
    'a main that is not there',
    { main: 'dist/x.js' },
    {},
    'E_NO_ENTRY: main of package.json names "dist/x.js", which is not there',
  ],
  [
    'TypeScript',
    { main: 'src/x.ts' },
    { 'src/x.ts': '' },
    'E_NO_ENTRY: main of package.json names TypeScript: "/app/src/x.ts"',
  ],
  [
    'scripts in a circle',
    start('npm run a', { a: 'npm run b', b: 'npm run a' }),
    {},
    'E_NO_ENTRY: nothing says what to start: scripts.start is not a plain command (its scripts call each other), and none of server.js, index.js, app.js, main.js is there',
  ],
  [
    'a name that climbs',
    start('node ../../../../etc/passwd'),
    {},
    'E_NO_ENTRY: scripts.start of package.json runs "../../../../etc/passwd", which is not there',
  ],
  [
    'a NUL byte',
    start('node a\0b'),
    {},
    'E_NO_ENTRY: scripts.start of package.json runs "a\\u0000b", which is not there',
  ],
];

describe('how a node project starts', () => {
  it.each(STARTS)('%s', async (_name, manifest, files, expected) => {
    expect(await detect(manifest, files)).toEqual(expected);
  });

  it.each(REFUSALS)('refuses: %s', async (_name, manifest, files, expected) => {
    expect(await detect(manifest, files)).toBe(expected);
  });

  it('refuses a package.json that is none', async () => {
    const { content, tree } = memoryTree({ '/app/package.json': '[' });
    await expect(nodeProject(tree, content, pathOfText('/app'))).rejects.toMatchObject({ code: 'E_JSON' });
  });

  it('hands on name and version', async () => {
    const { content, tree } = memoryTree({
      '/app/package.json': '\ufeff{"name":"x","version":"1.2.3","main":"a"}',
      '/app/a.js': '',
    });
    expect(await nodeProject(tree, content, pathOfText('/app'))).toMatchObject({ name: 'x', version: '1.2.3' });
  });
});
