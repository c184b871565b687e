import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { pathOfText, ROOT, type TreePath } from '../../../src/base/path.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { serversAnalyser } from '../../../src/evidence/servers/index.ts';
import type { Analyser, ProcessContext } from '../../../src/evidence/types.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

const program: MemoryFile = { content: '\x7fELF\0', mode: 0o755 };
const supervisord: MemoryFile = { content: '#!/usr/bin/python3\nimport supervisor\n', mode: 0o755 };

interface Seen {
  readonly paths: readonly string[];
  readonly processes: readonly { readonly path: TreePath; readonly context: ProcessContext }[];
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/** What is kept, and which processes the analysers hear of. */
async function started(
  files: Record<string, MemoryFile>,
  path: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Seen> {
  const processes: { path: TreePath; context: ProcessContext }[] = [];
  const listener: Analyser = {
    name: 'listener',
    wants: ({ context, path: asked }) => processes.push({ path: asked, context }) < 0,
    edges: async () => [],
  };
  const context = { argv, env, cwd: ROOT };
  const { graph, warnings } = await collect({
    ...memoryTree(files),
    roots: [{ root: 'entrypoint', path: pathOfText(path), kind: 'entrypoint', because: 'x', context }],
    analysers: [serversAnalyser(), listener],
    ctx: createContext({}),
  });
  return {
    paths: [...new Set(graph.edges.map((edge) => edge.to as string))].filter((to) => to !== path).sort(),
    processes,
    lines: processes.filter((each) => each.context !== context).map((each) => each.context.argv.join(' ')),
    warnings: warnings.map((warning) => `${warning.code}: ${warning.message}`),
  };
}

const CONF = `; a comment
[unix_http_server]
file=/var/run/supervisor.sock   ; (the path to the socket file)
[supervisord]
logfile=/var/log/supervisor/supervisord.log
pidfile=/var/run/supervisord.pid
childlogdir=/var/log/supervisor
environment=LEVEL="info",PATH="/opt/bin:/usr/bin"
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[include]
files = /etc/supervisor/conf.d/*.conf %(here)s/more.ini
    relative/*.conf
`;

const BASE: Record<string, MemoryFile> = {
  '/usr/bin/supervisord': supervisord,
  '/etc/supervisor/supervisord.conf': CONF,
  '/var/log/supervisor/old.log': 'x',
  '/usr/sbin/nginx': program,
  '/opt/bin/worker': program,
};

describe('supervisord', () => {
  it('starts what the included files say', async () => {
    const files = {
      ...BASE,
      '/etc/supervisor/conf.d/web.conf': `[program:web]
command=/usr/sbin/web -g "daemon off;" -p '/x y' ; not this
directory=/srv/%(ENV_SITE)s
environment=MODE='a,b',LEVEL="%(ENV_LEVEL)s-%(program_name)s"
stdout_logfile=/dev/stdout
stderr_logfile=/logs/web/err.log
[eventlistener:watch]
command=worker --events
    --name=%(ENV_MODE)s
environment=MODE=m
[fcgi-program:fcgi]
socket=unix:///sockets/fcgi.sock
command=worker %(process_num)02d 100%%
process_name=%(program_name)s_%(process_num)02d
numprocs=2
numprocs_start=1
`,
      '/etc/supervisor/more.ini': '[program:more]\nCOMMAND: worker %(here)s %(unknown)s\nautostart=false\n',
      '/etc/supervisor/relative/a.conf': '[program:proxied]\ncommand=/bin/pidproxy /run/x.pid worker -p\n',
      '/etc/supervisor/other/b.conf': '[program:no]\ncommand=worker no\n',
      '/bin/pidproxy': supervisord,
      '/usr/sbin/web': program,
      '/srv/shop/index': 'x',
      '/logs/web/a': 'x',
      '/sockets/a': 'x',
    };
    const { lines, paths, processes, warnings } = await started(
      files,
      '/usr/bin/supervisord',
      ['/usr/bin/supervisord', '-n', '-c', '/etc/supervisor/supervisord.conf'],
      { SITE: 'shop' },
    );
    expect(warnings).toEqual([]);
    expect([...lines].sort()).toEqual([
      '/bin/pidproxy /run/x.pid worker -p',
      '/usr/sbin/web -g daemon off; -p /x y',
      'worker --events --name=m',
      'worker -p',
      'worker /etc/supervisor %(unknown)s',
      'worker 01 100%',
      'worker 02 100%',
    ]);
    const web = processes.find((each) => each.path === '/usr/sbin/web');
    expect(web?.context).toEqual({
      argv: ['/usr/sbin/web', '-g', 'daemon off;', '-p', '/x y'],
      cwd: '/srv/shop',
      env: { SITE: 'shop', LEVEL: 'info-web', PATH: '/opt/bin:/usr/bin', MODE: 'a,b' },
    });
    expect(paths).toEqual([
      '/bin/pidproxy',
      '/etc/supervisor/conf.d/web.conf',
      '/etc/supervisor/more.ini',
      '/etc/supervisor/relative/a.conf',
      '/etc/supervisor/supervisord.conf',
      '/logs/web',
      '/opt/bin/worker',
      '/sockets',
      '/srv/shop',
      '/usr/sbin/web',
      '/var/log/supervisor',
    ]);
  });

  it.each([
    ['/usr/local/bin/supervisord', '/usr/local/etc/supervisord.conf'],
    ['/usr/local/bin/supervisord', '/usr/local/supervisord.conf'],
    ['/usr/bin/supervisord', '/supervisord.conf'],
    ['/usr/bin/supervisord', '/etc/supervisord.conf'],
    ['/usr/bin/supervisord', '/etc/supervisor/supervisord.conf'],
    ['/opt/venv/bin/supervisord', '/opt/venv/etc/supervisord.conf'],
  ])('%s finds %s', async (path, conf) => {
    const files = { [path]: supervisord, '/usr/sbin/nginx': program, [conf]: '[program:a]\ncommand=nginx\n' };
    expect((await started(files, path, [path, '-n'])).paths).toEqual([conf, '/usr/sbin/nginx'].sort());
    expect((await started(files, path, ['supervisord'], { PATH: '/usr/bin' })).lines).toEqual(['nginx']);
    expect((await started(files, path, ['/usr/bin/python3', path])).lines).toEqual(['nginx']);
  });

  it('loads what its plug-ins are called', async () => {
    const conf = `[rpcinterface:more]
supervisor.rpcinterface_factory = more.rpc:make
[eventlistener:x]
command=worker
result_handler=handlers:mine
`;
    const files = { ...BASE, '/usr/bin/python3': program, '/etc/supervisor/conf.d/a.conf': conf };
    const { lines } = await started(files, '/usr/bin/supervisord', ['supervisord']);
    expect(lines).toEqual(expect.arrayContaining(['python3 -m more.rpc', 'python3 -m handlers']));
  });

  it('tells of a program that is not there, and of a missing configuration', async () => {
    const files = { ...BASE, '/etc/supervisor/conf.d/a.conf': '[program:a]\ndirectory=/x\ncommand=/opt/gone --x\n' };
    const { warnings } = await started(files, '/usr/bin/supervisord', ['supervisord']);
    expect(warnings).toEqual([
      'server-program: /etc/supervisor/conf.d/a.conf: [program:a] command=/opt/gone --x directory=/x: /opt/gone is not in this tree',
    ]);
    const none = await started({ '/usr/bin/supervisord': supervisord }, '/usr/bin/supervisord', ['supervisord']);
    expect(none.warnings).toEqual([expect.stringContaining('server-config: /usr/bin/supervisord: none of')]);
  });

  const size = 300_000;
  it.each([
    ['one long word', 'a'.repeat(size)],
    ['blanks', ' '.repeat(size)],
    ['quotes', `"${'\\"'.repeat(size)}`],
    ['percents', '%('.repeat(size)],
    ['pairs', 'a="'.repeat(size)],
    ['words', 'a '.repeat(size)],
    ['goes on', '\n  a'.repeat(size)],
  ])('comes to an end: %s', async (_name, text) => {
    const conf = ['command', 'environment', 'directory', 'stdout_logfile'].map((key) => `${key}=${text}`).join('\n');
    const files = { ...BASE, '/etc/supervisor/conf.d/a.conf': `[program:a]\n${conf}\n[${text}` };
    expect((await started(files, '/usr/bin/supervisord', ['supervisord'])).paths).toContain(
      '/etc/supervisor/conf.d/a.conf',
    );
  });
});

describe('cron', () => {
  it('starts the shell with each line', async () => {
    const files = {
      '/usr/sbin/cron': program,
      '/bin/sh': program,
      '/opt/sh': program,
      '/etc/crontab':
        '# m h\nPATH="/opt:/bin"\n17 * * * * root cd / && run-parts /etc/cron.hourly\n@daily root backup 50\\%%in\n',
      '/etc/cron.d/x': 'SHELL=/opt/sh\n*/5 0-3 * jan mon www /app/tick\nnot a line\n',
      '/var/spool/cron/crontabs/app': '0 1 * * * /app/own --now',
    };
    const { lines, paths, processes, warnings } = await started(files, '/usr/sbin/cron', ['cron', '-f']);
    expect(warnings).toEqual([]);
    expect([...lines].sort()).toEqual([
      '/bin/sh -c /app/own --now',
      '/bin/sh -c backup 50%',
      '/bin/sh -c cd / && run-parts /etc/cron.hourly',
      '/opt/sh -c /app/tick',
    ]);
    expect(processes.find((each) => each.context.argv[2] === 'backup 50%')?.context.env).toEqual({ PATH: '/opt:/bin' });
    const tables = ['/etc/cron.d/x', '/etc/crontab', '/var/spool/cron/crontabs', '/var/spool/cron/crontabs/app'];
    expect(paths).toEqual(['/bin/sh', '/opt/sh', ...tables].sort());
  });

  it('of busybox, where it is told to look', async () => {
    const files = { '/bin/busybox': program, '/bin/sh': { link: 'busybox' }, '/tabs/root': '* * * * * /x' };
    for (const argv of [
      ['crond', '-f', '-c', '/tabs'],
      ['/bin/busybox', 'crond', '-c', '/tabs'],
    ])
      expect((await started(files, '/bin/busybox', argv)).lines).toContain('/bin/sh -c /x');
  });

  it('comes to an end', async () => {
    const text = `${' '.repeat(300_000)}\na = ${' '.repeat(300_000)}x\n* ${'* '.repeat(100_000)}\n${'a'.repeat(300_000)}`;
    const files = { '/usr/sbin/cron': program, '/etc/crontab': text };
    expect((await started(files, '/usr/sbin/cron', ['cron'])).paths).toContain('/etc/crontab');
  });
});
