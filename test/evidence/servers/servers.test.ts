import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { pathOfText, ROOT } from '../../../src/base/path.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { serversAnalyser } from '../../../src/evidence/servers/index.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

const program = (text = ''): MemoryFile => ({ content: `\x7fELF\0${text}\0`, mode: 0o755 });
const NGINX = program(
  'configure arguments: --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --error-log-path=/var/log/nginx/error.log --http-proxy-temp-path=/var/lib/nginx/proxy --with-x',
);

async function kept(
  files: Record<string, MemoryFile>,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<{ paths: string[]; warnings: string[] }> {
  const context = { argv, env, cwd: ROOT };
  const path = pathOfText(`/usr/sbin/${argv[0] ?? ''}`);
  const { graph, warnings } = await collect({
    ...memoryTree(files),
    roots: [{ root: 'entrypoint', path, kind: 'entrypoint', because: 'x', context }],
    analysers: [serversAnalyser()],
    ctx: createContext({}),
  });
  const paths = [...new Set(graph.edges.map((edge) => edge.to as string))].filter((to) => to !== path).sort();
  return { paths, warnings: warnings.map((warning) => warning.code) };
}

describe('nginx', () => {
  const base: Record<string, MemoryFile> = {
    '/usr/sbin/nginx': NGINX,
    '/etc/nginx/mime.types': 'types { text/html html; }',
    '/var/log/nginx/error.log': { link: '/dev/stderr' },
    '/var/lib/nginx/x': '',
    '/srv/site/index.html': 'x',
    '/srv/site/robots.txt': 'x',
    '/srv/site/deep/er/file': 'x',
    '/etc/passwd': 'x',
    '/usr/bin/tool': program(),
  };
  const own = ['/var/lib/nginx', '/var/log/nginx', '/var/log/nginx/error.log'];
  const site = [
    '/srv/site',
    '/srv/site/deep',
    '/srv/site/deep/er',
    '/srv/site/deep/er/file',
    '/srv/site/index.html',
    '/srv/site/robots.txt',
  ];

  const cases: readonly (readonly [string, string, readonly string[], Record<string, MemoryFile>?])[] = [
    [
      'a type table and a site, whole',
      'http { include mime.types; server { root /srv/site; } }',
      ['/etc/nginx/mime.types', ...site],
    ],
    ['a folder before a variable', 'root /srv/site/$host;', site],
    ['a whole system: no', 'root /usr; alias /;', ['/usr']],
    [
      'what included files include, by patterns and through links',
      'include sites/*;',
      ['/etc/nginx/available/a', '/etc/nginx/sites/a', '/srv/x.pem'],
      {
        '/etc/nginx/sites/a': { link: '../available/a' },
        '/etc/nginx/available/a': 'ssl_certificate /srv/x.pem;',
        '/srv/x.pem': 'x',
      },
    ],
    [
      'modules relative to the prefix',
      'load_module modules/x.so;',
      ['/usr/share/nginx/modules/x.so'],
      { '/usr/share/nginx/modules/x.so': program() },
    ],
    [
      'certificates and users relative to the configuration',
      'server { ssl_certificate_key tls/key; auth_basic_user_file users; }',
      ['/etc/nginx/tls/key', '/etc/nginx/users'],
      { '/etc/nginx/tls/key': 'x', '/etc/nginx/users': 'x' },
    ],
    [
      'folders that are written to',
      'access_log /logs/a.log main; error_log /logs/b.log; client_body_temp_path /cache/body; pid /gone/x;',
      ['/cache/body', '/logs', '/logs/a.log'],
      { '/logs/a.log': { link: '/dev/stdout' }, '/logs/b.log': 'x', '/cache/body/1': 'x' },
    ],
    [
      'a file that any directive names, but no program',
      'some_thing "/etc/passwd" /usr/bin/tool /dev/null;',
      ['/etc/passwd'],
    ],
    [
      'scripts',
      'content_by_lua_file /srv/site/robots.txt; lua_package_path "/srv/lua/?.lua;;";',
      ['/srv/lua', '/srv/lua/a.lua', '/srv/site/robots.txt'],
      { '/srv/lua/a.lua': 'x' },
    ],
  ];
  for (const [name, conf, expected, files = {}] of cases)
    it(`keeps ${name}`, async () => {
      const { paths } = await kept({ ...base, '/etc/nginx/nginx.conf': conf, ...files }, ['nginx']);
      expect(paths).toEqual([...own, '/etc/nginx/nginx.conf', ...expected].sort());
    });

  it('takes its command line', async () => {
    const files = { ...base, '/x/my.conf': 'include more.conf;', '/x/more.conf': 'root html;', '/x/html/a': 'x' };
    const { paths, warnings } = await kept(files, [
      'nginx',
      '-p',
      '/x',
      '-c',
      'my.conf',
      '-g',
      'error_log /srv/site/e; daemon off;',
    ]);
    expect(paths).toEqual([...own, '/srv/site', '/x/html', '/x/html/a', '/x/more.conf', '/x/my.conf'].sort());
    expect(warnings).toEqual([]);
  });

  it('serves the example whole', async () => {
    const dir = new URL('../../../examples/nginx/', import.meta.url);
    const names = ['index.html', 'style.css', 'robots.txt', 'images/scale.svg', 'errors/404.html', 'errors/50x.html'];
    const files = Object.fromEntries(
      names.map((name) => [`/srv/site/${name}`, readFileSync(new URL(`site/${name}`, dir))]),
    );
    const conf = readFileSync(new URL('nginx.conf', dir));
    const { paths, warnings } = await kept({ ...base, ...files, '/etc/nginx/nginx.conf': conf }, [
      'nginx',
      '-g',
      'daemon off;',
    ]);
    expect(paths).toEqual(expect.arrayContaining(names.map((name) => `/srv/site/${name}`)));
    expect(paths).toContain('/etc/nginx/mime.types');
    expect(warnings).toEqual([]);
  });

  it.each([
    ['that is broken', { '/etc/nginx/nginx.conf': 'http {' }],
    ['that is missing', {}],
  ])('tells about a configuration %s', async (_name, files) => {
    expect((await kept({ '/usr/sbin/nginx': NGINX, ...files }, ['nginx'])).warnings).toEqual(['server-config']);
  });

  it('comes to an end when files include each other', async () => {
    const files = {
      ...base,
      '/etc/nginx/nginx.conf': 'include nginx.conf; include *; include a;',
      '/etc/nginx/a': 'include nginx.conf;',
    };
    expect((await kept(files, ['nginx'])).warnings).toEqual([]);
  });
});

describe('hostile configuration', () => {
  const size = 300_000;
  const cases = {
    'quotes that are escaped for ever': `"${'\\"'.repeat(size)}`,
    'one long word': 'a'.repeat(size),
    'lines that go on for ever': 'a\\\n'.repeat(size),
    'variables that are not closed': '{$a:'.repeat(size),
    'paths in paths': `x ${'(/a/b'.repeat(size)}`,
    'blank lines': `\n${' \n'.repeat(size)}`,
  };
  const servers = {
    nginx: '/etc/nginx/nginx.conf',
    apache2: '/etc/apache2/apache2.conf',
    lighttpd: '/c',
    haproxy: '/c',
    caddy: '/c',
  };
  for (const [name, path] of Object.entries(servers))
    it.each(Object.entries(cases))(`of ${name}: %s`, async (_case, text) => {
      const argv = path === '/c' ? [name, '-f', '/c', '--config', '/c'] : [name];
      const main = name === 'nginx' ? NGINX : program('/etc/apache2');
      const { paths } = await kept(
        { [`/usr/sbin/${name}`]: main, [path]: text, '/etc/apache2/envvars': text.slice(0, 60_000) },
        argv,
      );
      expect(paths).toContain(path);
    });
});

describe('other servers', () => {
  const cases: readonly (readonly [
    string,
    readonly string[],
    Record<string, MemoryFile>,
    readonly string[],
    Record<string, string>?,
  ])[] = [
    [
      'Apache httpd',
      ['apache2', '-D', 'FOREGROUND'],
      {
        '/usr/sbin/apache2': program('-D HTTPD_ROOT="/etc/apache2"\0/etc/apache2'),
        '/etc/apache2/apache2.conf':
          'ServerRoot "/etc/apache2"\nIncludeOptional mods-enabled/*.load\nErrorLog ${LOGS}/e.log\nDocumentRoot "/var/www/html"\nTypesConfig /etc/mime.types\n<Directory /usr/share>\n</Directory>\n',
        '/etc/apache2/mods-enabled/x.load': 'loadmodule x_module \\\n /usr/lib/apache2/mod_x.so # note\n',
        '/etc/apache2/mods-available/y.load': 'x',
        '/usr/lib/apache2/mod_x.so': program(),
        '/usr/share/other': 'x',
        '/var/log/a/old.log': 'x',
        '/var/www/html/index.html': 'x',
        '/etc/mime.types': 'x',
      },
      [
        '/etc/apache2/apache2.conf',
        '/etc/apache2/mods-enabled/x.load',
        '/etc/mime.types',
        '/usr/lib/apache2/mod_x.so',
        '/var/log/a',
        '/var/www/html',
        '/var/www/html/index.html',
      ],
      { LOGS: '/var/log/a' },
    ],
    [
      'lighttpd',
      ['lighttpd', '-D', '-f', '/etc/l/l.conf'],
      {
        '/usr/sbin/lighttpd': program('/usr/lib/lighttpd'),
        '/etc/l/l.conf':
          'server.modules = ( "mod_a", # x\n "mod_b" )\nserver.document-root = "/srv/www"\ninclude "more/*.conf"\n$HTTP["host"] == "x" { alias.url = ( "/j" => "/srv/j" ) }\n',
        '/etc/l/more/1.conf': 'ssl.pemfile = "/etc/l/x.pem"',
        '/etc/l/x.pem': 'x',
        '/usr/lib/lighttpd/mod_a.so': program(),
        '/usr/lib/lighttpd/mod_c.so': program(),
        '/usr/lib/lighttpd/mod_staticfile.so': program(),
        '/srv/www/i': 'x',
        '/srv/j/k': 'x',
      },
      [
        '/etc/l/l.conf',
        '/etc/l/more/1.conf',
        '/etc/l/x.pem',
        '/srv/j',
        '/srv/j/k',
        '/srv/www',
        '/srv/www/i',
        '/usr/lib/lighttpd/mod_a.so',
        '/usr/lib/lighttpd/mod_staticfile.so',
      ],
    ],
    [
      'HAProxy',
      ['haproxy', '-db', '-f', '/etc/haproxy'],
      {
        '/usr/sbin/haproxy': program(),
        '/etc/haproxy/a.cfg':
          'global\n chroot /var/lib/haproxy\nfrontend f\n bind :443 ssl crt /certs/\n use_backend %[map(/etc/haproxy/hosts.map)]\n errorfile 503 /err/503.http\n',
        '/etc/haproxy/hosts.map': 'x',
        '/certs/a.pem': 'x',
        '/err/503.http': 'x',
        '/var/lib/haproxy': { directory: true },
      },
      [
        '/certs',
        '/certs/a.pem',
        '/err/503.http',
        '/etc/haproxy',
        '/etc/haproxy/a.cfg',
        '/etc/haproxy/hosts.map',
        '/var/lib/haproxy',
      ],
    ],
    [
      'Caddy',
      ['caddy', 'run', '--config', '/etc/caddy/Caddyfile'],
      {
        '/usr/sbin/caddy': program(),
        '/etc/caddy/Caddyfile': ':80 {\n root * {$SITE}\n file_server\n import snippets/*\n tls /c.pem ./k.pem\n}\n',
        '/etc/caddy/snippets/a': 'encode gzip\n',
        '/etc/caddy/k.pem': 'x',
        '/c.pem': 'x',
        '/srv/s/i': 'x',
      },
      ['/c.pem', '/etc/caddy/Caddyfile', '/etc/caddy/k.pem', '/etc/caddy/snippets/a', '/srv/s', '/srv/s/i'],
      { SITE: '/srv/s' },
    ],
  ];
  for (const [name, argv, files, expected, env] of cases)
    it(name, async () => {
      const { paths, warnings } = await kept(files, argv, env);
      expect(paths).toEqual([...expected].sort());
      expect(warnings).toEqual([]);
    });
});
