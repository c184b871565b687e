import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../../src/base/path.ts';
import { ownFiles } from '../../../src/evidence/node/own-files.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

function own(names: readonly string[], more: Readonly<Record<string, MemoryFile>> = {}): string[] {
  const files = Object.fromEntries(names.map((name) => [`/app/${name}`, 'x']));
  const { tree } = memoryTree({ ...files, ...more });
  return ownFiles(tree, pathOfText('/app')).map((path) => path.slice('/app/'.length));
}

describe('own files', () => {
  it('are all that lies in the folder, links as links', () => {
    const kept = [
      'LICENSE',
      'LICENSE.md',
      'certs/server.key',
      'certs/server.pem',
      'docs/guide.md',
      'lib/a.js',
      'lib/a.js.map',
    ];
    const also = ['package.json', 'public/index.html', 'src/environment.ts', 'views/x.pug'];
    expect(own([...kept, ...also], { '/app/current': { link: 'lib' } })).toEqual([...kept, 'current', ...also].sort());
  });

  it.each([
    ['dependencies', ['node_modules/a/index.js', 'packages/x/node_modules/b/index.js']],
    ['history', ['.git/HEAD', '.hg/x', '.svn/x', '.gitignore']],
    ['secrets', ['.env', '.env.local', '.env.example', '.npmrc', 'id_rsa', 'deploy/id_ed25519', '.netrc']],
    [
      'what builders read',
      ['Dockerfile', 'Dockerfile.dev', '.dockerignore', 'compose.yaml', 'docker-compose.prod.yml', 'tare.yaml'],
    ],
    ['lock files', ['package-lock.json', 'yarn.lock', 'pnpm-lock.yaml']],
    ['tests', ['test/a.js', 'src/__tests__/a.js', 'src/a.test.js', 'src/a.spec.mjs', 'coverage/x', '.nyc_output/x']],
    [
      'the workshop',
      ['.github/x.yml', '.vscode/x', '.idea/x', 'vitest.config.ts', '.eslintrc.json', 'tsconfig.json', '.editorconfig'],
    ],
    ['leavings', ['npm-debug.log', '.DS_Store', 'a.js~', 'x.tsbuildinfo']],
    ['prose at the top', ['README.md', 'CHANGELOG.md']],
  ])('leave out %s', (_name, names) => {
    expect(own(['package.json', 'a.js', ...names])).toEqual(['a.js', 'package.json']);
  });

  it('of a binary are not what it was made from', () => {
    const sources = [
      'main.go',
      'go.mod',
      'go.sum',
      'Makefile',
      'x.c',
      'x.h',
      'src/main.rs',
      'Cargo.toml',
      'target/debug/x',
    ];
    expect(own(['service', 'plugins/libx.so', 'static/a.css', ...sources])).toEqual([
      'plugins/libx.so',
      'service',
      'static/a.css',
    ]);
  });

  it('are found through a link to the folder, and bytes that are no text stay as they are', () => {
    const { tree } = memoryTree({
      '/srv/app/a\udcff.js': 'x',
      '/srv/app/package.json': '{}',
      '/app': { link: '/srv/app' },
    });
    expect(ownFiles(tree, pathOfText('/app'))).toEqual(['/srv/app/a\xff.js', '/srv/app/package.json']);
  });
});
