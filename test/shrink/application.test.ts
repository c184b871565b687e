import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { createGraph } from '../../src/evidence/graph.ts';
import type { Edge } from '../../src/evidence/types.ts';
import { applicationFolders, applicationRoots } from '../../src/shrink/application.ts';
import { memoryTree } from '../helpers/memory-tree.ts';

const reached = (...paths: string[]): Edge[] =>
  paths.map((path) => ({ from: 'entrypoint', to: pathOfText(path), kind: 'opened', because: 'x', certainty: 'sure' }));

const files = {
  '/app/server.py': '',
  '/app/data/words.txt': '',
  '/app/venv/pyvenv.cfg': '',
  '/app/venv/lib/x.py': '',
  '/app/node_modules/x/index.js': '',
  '/app/.git/config': '',
  '/app/.env': 'TOKEN=1',
  '/code/main.py': '',
  '/opt/tool/run.py': '',
  '/opt/jdk/bin/java': '',
  '/opt/jdk/lib/jvm.cfg': '',
  '/rails/bin/rails': '',
  '/rails/lib/x.rb': '',
  '/usr/app/vendor/boot.css': '',
  '/usr/app/static/tests/x.html': '',
  '/srv/page.html': '',
  '/go/bin/x': '',
  '/go/pkg/mod': '',
  '/usr/lib/x.so': '',
  '/usr/src/app/x.js': '',
  '/usr/share/nginx/html/index.html': '',
};

describe('the application in an image', () => {
  const { tree } = memoryTree(files);
  it.each<readonly [what: string, workdir: string, paths: readonly string[], expected: readonly string[]]>([
    ['is the working folder', '/app', [], ['/app']],
    ['is a top folder that no system has', '/', ['/code/main.py'], ['/code']],
    ['lies below /opt', '/', ['/opt/tool/run.py'], ['/opt/tool']],
    ['lies below /usr/src', '/usr/src/app', ['/usr/src/app/x.js'], ['/usr/src/app']],
    ['is the content of a server', '/', ['/usr/share/nginx/html/index.html'], ['/usr/share/nginx/html']],
    ['may have folders like a run time', '/', ['/rails/bin/rails'], ['/rails']],
    ['is the working folder, wherever that is', '/usr/app', [], ['/usr/app']],
    ['is a working folder that holds others', '/srv', [], ['/srv']],
    ['is not a run time', '/', ['/opt/jdk/bin/java', '/go/bin/x'], []],
    ['is not the system', '/usr/lib', ['/usr/lib/x.so'], []],
    ['is not the root', '/', [], []],
    ['is counted once', '/app', ['/app/data/words.txt'], ['/app']],
  ])('%s', (_, workdir, paths, expected) => {
    expect(applicationFolders(tree, pathOfText(workdir), createGraph(reached(...paths)))).toEqual(expected);
  });

  it('is kept whole, but for what comes by evidence', () => {
    const context = { argv: [], env: {}, cwd: pathOfText('/app') };
    const roots = applicationRoots(tree, [pathOfText('/app')], context);
    expect(roots.map((root) => root.path)).toEqual(['/app/.env', '/app/data/words.txt', '/app/server.py']);
    const other = applicationRoots(tree, [pathOfText('/usr/app')], context);
    expect(other.map((root) => root.path)).toEqual(['/usr/app/static/tests/x.html', '/usr/app/vendor/boot.css']);
  });
});
