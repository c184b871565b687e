import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import type { Warning } from '../../../src/base/events.ts';
import { pathOfText, ROOT } from '../../../src/base/path.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { shellAnalyser } from '../../../src/evidence/shell/index.ts';
import type { Analyser } from '../../../src/evidence/types.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

const program = { content: '\x7fELF', mode: 0o755 };
const script = (...lines: string[]): MemoryFile => ({ content: `${lines.join('\n')}\n`, mode: 0o755 });
const PROGRAMS =
  'dash env find sort run-parts runsvdir s6-svscan s6-setuidgid tini dumb-init gosu su-exec su nginx postgres redis-server id chown mkdir cat s6-svscan start-stop-daemon chpst runuser';

const SYSTEM: Record<string, MemoryFile> = {
  ...Object.fromEntries(PROGRAMS.split(' ').map((name) => [`/usr/bin/${name}`, program])),
  '/bin/sh': { link: '../usr/bin/dash' },
  '/usr/bin/bash': program,
  '/usr/bin/python3': { link: 'python3.11' },
  '/usr/bin/python3.11': program,
  '/usr/bin/gunicorn': script('#!/usr/bin/python3', 'import sys'),
  '/venv/bin/python': { link: '/usr/bin/python3' },
  '/venv/bin/uvicorn': script('#!/venv/bin/python', 'import sys'),
  '/srv/app/app.py': 'x',
  '/srv/app/sub/main.py': 'x',
};

interface Process {
  readonly path: string;
  readonly argv: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What another analyser is asked about programs, and in which processes. */
async function started(
  files: Record<string, MemoryFile>,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<{ processes: readonly Process[]; kept: (path: string) => boolean; warnings: readonly Warning[] }> {
  const processes: Process[] = [];
  const listener: Analyser = {
    name: 'listener',
    wants: ({ entry }) => (entry.mode & 0o111) !== 0,
    edges: async ({ context, path }) => {
      processes.push({ path, argv: context.argv.join(' '), cwd: context.cwd, env: context.env });
      return [];
    },
  };
  const memory = memoryTree({ ...SYSTEM, ...files });
  const context = { argv, env: { PATH: '/usr/bin:/bin', ...env }, cwd: pathOfText('/srv/app') };
  const path = pathOfText(argv[0]?.startsWith('/') === true ? argv[0] : `/usr/bin/${argv[0] ?? ''}`);
  const collected = await collect({
    ...memory,
    roots: [{ root: 'entrypoint', path, kind: 'entrypoint', because: 'x', context }],
    analysers: [shellAnalyser(), listener],
    ctx: createContext({}),
  });
  return { processes, kept: (text) => collected.graph.has(pathOfText(text)), warnings: collected.warnings };
}

describe('the process that is started in the end', () => {
  const python = '/usr/bin/python3.11';
  const cases: readonly {
    readonly argv: readonly string[];
    readonly run?: readonly string[];
    readonly path: string;
    readonly is: string;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
  }[] = [
    { argv: ['python3', '-m', 'app'], path: python, is: 'python3 -m app' },
    { argv: ['/bin/sh', '-c', 'exec python3 -m app'], path: python, is: 'python3 -m app' },
    {
      argv: ['/bin/sh', '-c', 'exec gunicorn -b 0.0.0.0:$PORT -w "$WORKERS" app:app'],
      path: python,
      is: '/usr/bin/python3 /usr/bin/gunicorn -b 0.0.0.0:80 -w  app:app',
      env: { PORT: '80' },
    },
    { argv: ['gunicorn', 'app:app'], path: python, is: '/usr/bin/python3 /usr/bin/gunicorn app:app' },
    { argv: ['tini', '-g', '--', 'gunicorn', 'a:b'], path: '/usr/bin/gunicorn', is: 'gunicorn a:b' },
    { argv: ['dumb-init', 'python3', 'app.py'], path: python, is: 'python3 app.py' },
    { argv: ['env', '-S', 'A=b python3 -u', 'app.py'], path: python, is: 'python3 -u app.py', env: { A: 'b' } },
    {
      argv: ['env', '-C', '/srv/app/sub', 'python3', 'main.py'],
      path: python,
      is: 'python3 main.py',
      cwd: '/srv/app/sub',
    },
    { argv: ['su', 'app', '-c', 'python3 app.py'], path: python, is: 'python3 app.py' },
    { argv: ['runuser', '-u', 'app', '--', 'python3', 'app.py'], path: python, is: 'python3 app.py' },
    { argv: ['s6-setuidgid', 'app', 'python3', 'app.py'], path: python, is: 'python3 app.py' },
    { argv: ['chpst', '-u', 'app:app', 'python3', 'app.py'], path: python, is: 'python3 app.py' },
    {
      argv: ['start-stop-daemon', '--start', '--chdir', '/srv/app/sub', '--exec', '/usr/bin/python3', '--', 'main.py'],
      path: python,
      is: '/usr/bin/python3 main.py',
      cwd: '/srv/app/sub',
    },
    { argv: ['/run', 'gunicorn', 'a:b'], run: ['exec "$@"'], path: '/usr/bin/gunicorn', is: 'gunicorn a:b' },
    {
      argv: ['/run', '-w', '4', 'a:b'],
      run: ['if [ "${1#-}" != "$1" ]; then', '  set -- gunicorn "$@"', 'fi', 'exec "$@"'],
      path: '/usr/bin/gunicorn',
      is: 'gunicorn -w 4 a:b',
    },
    {
      argv: ['/run'],
      run: ['set -e', 'cd "$(dirname "$0")/srv/app" && (cd sub; cat x)', 'exec gosu app python3 app.py'],
      path: python,
      is: 'python3 app.py',
    },
    { argv: ['/run'], run: ['cd sub', 'python3 main.py'], path: python, is: 'python3 main.py', cwd: '/srv/app/sub' },
    {
      argv: ['/run'],
      run: ['case "$1" in', 'sub) cd sub; exec python3 main.py;;', 'esac', 'exec python3 app.py'],
      path: python,
      is: 'python3 app.py',
    },
    {
      argv: ['/run'],
      run: ['start() { cd sub; exec python3 main.py; }', 'start'],
      path: python,
      is: 'python3 main.py',
      cwd: '/srv/app/sub',
    },
    {
      argv: ['/run'],
      run: ['export A=1 B', 'B=2', 'C=3', 'set -a; D=4; set +a', 'unset PORT', 'E=5 exec python3 app.py'],
      path: python,
      is: 'python3 app.py',
      env: { A: '1', B: '2', D: '4', E: '5' },
    },
    {
      argv: ['/run'],
      run: [
        'if [ -z "$PORT" ]; then export PORT=1; fi',
        ': "${MODE:=fast}"',
        'export MODE="${MODE:-fast}"',
        'python3 x',
      ],
      path: python,
      is: 'python3 x',
      env: { PORT: '80', MODE: 'fast' },
    },
    {
      argv: ['/run'],
      run: ['. ./env.sh', 'exec uvicorn app:app'],
      path: '/venv/bin/uvicorn',
      is: 'uvicorn app:app',
      env: { PATH: '/venv/bin:/usr/bin:/bin', PYTHONPATH: '/srv' },
    },
    {
      argv: ['/run'],
      run: ['export PATH="/venv/bin:$PATH"', 'exec uvicorn app:app'],
      path: python,
      is: '/venv/bin/python /venv/bin/uvicorn app:app',
    },
  ];
  it.each(cases)('$argv $run', async ({ argv, cwd = '/srv/app', env = {}, is, path, run }) => {
    const files = {
      ...(run && { '/run': script('#!/bin/sh', ...run) }),
      '/srv/app/env.sh': 'export PATH=/venv/bin:$PATH\nexport PYTHONPATH=/srv\n',
    };
    const { processes } = await started(files, argv, { PORT: '80' });
    const found = processes.filter((each) => each.path === path && each.argv === is && each.cwd === cwd);
    expect(found.length, JSON.stringify(processes)).toBeGreaterThan(0);
    expect(found[0]?.env).toMatchObject(env);
    if (run?.some((line) => line.startsWith('unset')) === true) expect(found[0]?.env).not.toHaveProperty('PORT');
    if (run?.[0]?.startsWith('export A') === true) expect(found[0]?.env).not.toHaveProperty('C');
  });

  it('is the same whatever else leads to the program', async () => {
    const files = {
      '/run': script('#!/usr/bin/python3', ''),
      '/go': script('#!/bin/sh', '/run', 'python3 -m other', 'exec python3 -m app'),
    };
    const { processes } = await started(files, ['/go']);
    const python3 = processes.filter((each) => each.path === '/usr/bin/python3.11').map((each) => each.argv);
    expect(python3).toEqual(['/usr/bin/python3 /run', 'python3 -m app', 'python3 -m other']);
  });
});

describe('entry points as images have them', () => {
  it('of a web server: scripts in a folder, some run, some sourced', async () => {
    const files = {
      '/entry.sh': script(
        '#!/bin/sh',
        'set -e',
        'say() { [ -n "${QUIET:-}" ] || echo "$@"; }',
        'if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then',
        '  if /usr/bin/find "/entry.d/" -mindepth 1 -maxdepth 1 -type f -print -quit 2>/dev/null | read v; then',
        '    find "/entry.d/" -follow -type f -print | sort -V | while read -r f; do',
        '      case "$f" in',
        '        *.envsh) if [ -x "$f" ]; then . "$f"; fi ;;',
        '        *.sh) if [ -x "$f" ]; then say "$f"; "$f"; fi ;;',
        '        *) say "ignored $f" ;;',
        '      esac',
        '    done',
        '  fi',
        'fi',
        'exec "$@"',
      ),
      '/entry.d/10-listen.sh': script('#!/bin/sh', 'chown x y', 'exit 0'),
      '/entry.d/20-values.envsh': script('mkdir -p /x'),
    };
    const { kept, processes, warnings } = await started(files, ['/entry.sh', 'nginx', '-g', 'daemon off;']);
    for (const path of ['/entry.d/10-listen.sh', '/entry.d/20-values.envsh', '/usr/bin/chown', '/usr/bin/mkdir'])
      expect(kept(path), path).toBe(true);
    expect(processes.map((each) => each.argv)).toContain('nginx -g daemon off;');
    expect(warnings).toEqual([]);
  });

  it('of a database: becomes another user and starts itself again', async () => {
    const files = {
      '/entry.sh': script(
        '#!/usr/bin/env bash',
        'set -Eeo pipefail',
        '_main() {',
        '  if [ "${1:0:1}" = "-" ]; then set -- postgres "$@"; fi',
        '  if [ "$1" = postgres ]; then',
        '    if [ "$(id -u)" = 0 ]; then exec gosu postgres "$BASH_SOURCE" "$@"; fi',
        '    for f in /initdb.d/*; do',
        '      case "$f" in',
        '        *.sh) if [ -x "$f" ]; then "$f"; else . "$f"; fi ;;',
        '        *.sql) cat "$f" ;;',
        '      esac',
        '    done',
        '  fi',
        '  exec "$@"',
        '}',
        'if ! (return 0 2>/dev/null); then _main "$@"; fi',
      ),
      '/initdb.d/1.sh': script('#!/bin/sh', 'mkdir x'),
      '/initdb.d/2.sql': 'select 1',
    };
    const { kept, processes } = await started(files, ['/entry.sh', 'postgres']);
    for (const path of ['/initdb.d/1.sh', '/initdb.d/2.sql', '/usr/bin/gosu', '/usr/bin/id', '/usr/bin/mkdir'])
      expect(kept(path), path).toBe(true);
    expect(processes.map((each) => each.argv)).toContain('postgres');
  });

  it('of a store: options make it a command', async () => {
    const files = {
      '/entry.sh': script(
        '#!/bin/sh',
        'set -e',
        'if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi',
        'if [ "$1" = redis-server -a "$(id -u)" = 0 ]; then',
        "  find . \\! -user redis -exec chown redis '{}' +",
        '  exec gosu redis "$0" "$@"',
        'fi',
        'exec "$@"',
      ),
      '/etc/redis.conf': 'dir /data\n',
    };
    const { kept, processes } = await started(files, ['/entry.sh', '/etc/redis.conf']);
    expect(kept('/etc/redis.conf')).toBe(true);
    expect(kept('/usr/bin/chown')).toBe(true);
    expect(processes.map((each) => each.argv)).toContain('redis-server /etc/redis.conf');
  });

  it.each([
    ['run-parts', ['run-parts', '--report', '/hooks'], '/hooks/one'],
    ['runsvdir', ['runsvdir', '-P', '/hooks'], '/hooks/web/run'],
    ['s6-svscan', ['s6-svscan', '/hooks'], '/hooks/web/run'],
    ['s6-overlay', ['/init'], '/etc/services.d/web/run'],
  ])('of %s: what lies in its folders', async (_name, argv, path) => {
    const files = {
      [path]: script('#!/bin/sh', 'exec nginx -g x'),
      '/init': program,
      '/etc/s6-overlay/s6-rc.d/user/type': 'bundle',
    };
    const { kept, processes } = await started(files, argv);
    expect(kept(path)).toBe(true);
    expect(processes.map((each) => each.argv)).toContain('nginx -g x');
  });

  it.each([
    ['my_init', ['my_init'], '/etc/my_init.d/10_web'],
    ['services that my_init starts', ['my_init'], '/etc/service/web/run'],
    ['runit', ['runit'], '/etc/runit/2'],
  ])('of %s', async (_name, argv, path) => {
    const files = {
      [path]: script('#!/bin/sh', 'exec nginx -g x'),
      '/usr/bin/my_init': script('#!/bin/sh'),
      '/usr/bin/runit': program,
    };
    const { kept, processes } = await started(files, argv);
    expect(kept(path)).toBe(true);
    expect(processes.map((each) => each.argv)).toContain('nginx -g x');
  });

  it('of s6-overlay: services, and the overlay itself', async () => {
    const files = {
      '/init': script('#!/bin/sh', 'exec /package/admin/s6-overlay/libexec/preinit "$@"'),
      '/package/admin/s6-overlay/libexec/preinit': program,
      '/package/admin/execline/command/execlineb': program,
      '/command/execlineb': { link: '../package/admin/execline/command/execlineb' },
      '/command/with-contenv': script('#!/command/execlineb -S0', 's6-envdir -fn -- /run/env', 'exec $@'),
      '/usr/bin/prepare': program,
      '/etc/s6-overlay/s6-rc.d/init/type': 'oneshot\n',
      '/etc/s6-overlay/s6-rc.d/init/up': '/etc/s6-overlay/scripts/prepare',
      '/etc/s6-overlay/scripts/prepare': script('#!/command/with-contenv sh', 'prepare --all'),
      '/etc/s6-overlay/s6-rc.d/web/run': script(
        '#!/command/execlineb -P',
        '# redis-server is not meant',
        'fdmove -c 2 1',
        'foreground { mkdir -p /data }',
        's6-setuidgid app nginx -g x',
      ),
      '/etc/s6-overlay/user-bundles.d/user/contents.d/web': '',
    };
    const { kept, processes } = await started(files, ['/init', 'tini', '-s']);
    for (const path of Object.keys(files)) expect([path, kept(path)]).toEqual([path, true]);
    const lines = processes.map((each) => each.argv);
    expect(lines).toEqual(expect.arrayContaining(['prepare --all', 'nginx -g x', 'mkdir -p /data', 'tini -s']));
    expect(kept('/usr/bin/redis-server')).toBe(false);
  });

  it('that starts itself with ever more words comes to an end', async () => {
    const files = { '/entry.sh': script('#!/bin/sh', './entry.sh "$@" x', '/entry.sh x "$@" y', 'exec "$@"') };
    const { processes } = await started(files, ['/entry.sh', 'nginx']);
    expect(processes.length).toBeLessThan(2000);
  });
});

it('starts nothing from the root folder', async () => {
  const { processes } = await started({ '/run': script('#!/bin/sh', 'cd /', 'exec nginx') }, ['/run']);
  expect(processes.find((each) => each.argv === 'nginx')?.cwd).toBe(ROOT);
});
