import { describe, expect, it } from 'vitest';
import type { MemoryFile } from '../../helpers/memory-tree.ts';
import { PACKAGES as P, pythonClosure, smallPython } from '../../helpers/python-closure.ts';

/** A console script as pip writes it. */
const script = (module: string, name = 'main'): MemoryFile => ({
  content: `#!/usr/bin/python3\nimport sys\nfrom ${module} import ${name}\nsys.exit(${name}())\n`,
  mode: 0o755,
});
const modules = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${P}/${name}`, '']));

const GUNICORN = {
  '/usr/local/bin/gunicorn': script('gunicorn.app.wsgiapp', 'run'),
  ...modules(
    'gunicorn/__init__.py',
    'gunicorn/app/__init__.py',
    'gunicorn/app/wsgiapp.py',
    'gunicorn/glogging.py',
    'gunicorn/workers/__init__.py',
  ),
  ...modules(
    'gunicorn/workers/sync.py',
    'gunicorn/workers/gthread.py',
    'gunicorn/workers/ggevent.py',
    'gunicorn/workers/gtornado.py',
  ),
  ...modules('uvicorn/__init__.py', 'uvicorn/workers.py'),
  '/app/app.py': 'import helper',
  '/app/helper.py': '',
  '/app/src/site_app/wsgi.py': '',
  '/app/src/site_app/__init__.py': '',
};

async function kept(
  files: Readonly<Record<string, MemoryFile>>,
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { paths, warnings } = await pythonClosure(smallPython(files), { argv: line.split(' '), env });
  expect(warnings).toEqual([]);
  return paths.map((path) => path.replace(`${P}/`, ''));
}

describe('servers that load an application by name', () => {
  it.each<[line: string, wanted: string[], unwanted: string[], env?: Record<string, string>]>([
    [
      'gunicorn -b :80 app:app',
      ['/app/app.py', '/app/helper.py', 'gunicorn/workers/sync.py', 'gunicorn/glogging.py'],
      ['gunicorn/workers/ggevent.py', 'uvicorn/workers.py'],
    ],
    ['gunicorn -k gevent app:app', ['gunicorn/workers/ggevent.py'], ['gunicorn/workers/gtornado.py']],
    ['gunicorn -w 2 -kuvicorn.workers.UvicornWorker app:make()', ['uvicorn/workers.py', '/app/app.py'], []],
    [
      'gunicorn --chdir src site_app.wsgi',
      ['/app/src/site_app/wsgi.py', '/app/src/site_app/__init__.py'],
      ['/app/app.py'],
    ],
    ['gunicorn app:app', ['gunicorn/workers/gtornado.py'], [], { GUNICORN_CMD_ARGS: '--worker-class=tornado' }],
  ])('%s', async (line, wanted, unwanted, env) => {
    const paths = await kept(GUNICORN, line, env);
    expect(paths).toEqual(expect.arrayContaining(wanted));
    expect(paths.filter((path) => unwanted.includes(path))).toEqual([]);
  });

  it("gunicorn's configuration file", async () => {
    const files = {
      ...GUNICORN,
      '/app/gunicorn.conf.py': 'worker_class = "gevent"\nwsgi_app = "app:app"\nimport extra',
      '/app/extra.py': '',
    };
    expect(await kept(files, 'gunicorn')).toEqual(
      expect.arrayContaining(['/app/gunicorn.conf.py', '/app/extra.py', '/app/app.py', 'gunicorn/workers/ggevent.py']),
    );
  });

  it('uvicorn, with its loops and protocols', async () => {
    const files = {
      '/usr/local/bin/uvicorn': script('uvicorn.main'),
      ...modules(
        'uvicorn/__init__.py',
        'uvicorn/main.py',
        'uvicorn/loops/__init__.py',
        'uvicorn/loops/auto.py',
        'uvicorn/lifespan/__init__.py',
        'uvicorn/lifespan/on.py',
      ),
      '/app/src/api.py': '',
      '/app/log.ini': '',
    };
    expect(await kept(files, 'uvicorn --app-dir src --log-config log.ini api:app')).toEqual(
      expect.arrayContaining(['uvicorn/loops/auto.py', 'uvicorn/lifespan/on.py', '/app/src/api.py', '/app/log.ini']),
    );
  });

  it('celery, with the modules of the application', async () => {
    const files = {
      '/usr/local/bin/celery': script('celery.bin.celery'),
      ...modules(
        'celery/__init__.py',
        'celery/bin/__init__.py',
        'celery/bin/celery.py',
        'celery/app/__init__.py',
        'celery/app/base.py',
        'celery/app/amqp.py',
      ),
      [`${P}/celery/bin/celery.py`]: 'from celery.app import base',
      '/app/proj/__init__.py': '',
      '/app/proj/celery.py': 'Celery("proj", include=["proj.tasks"])',
      '/app/proj/tasks.py': '',
    };
    expect(await kept(files, 'celery -A proj worker')).toEqual(
      expect.arrayContaining(['/app/proj/celery.py', '/app/proj/tasks.py', 'celery/app/amqp.py']),
    );
  });

  it('flask, with templates and static files beside the module', async () => {
    const files = {
      '/usr/local/bin/flask': script('flask.cli'),
      ...modules('flask/__init__.py', 'flask/cli.py'),
      '/app/web.py': 'from flask import Flask\napp = Flask(__name__, template_folder="views")',
      '/app/views/a.html': '',
      '/app/static/b.css': '',
      '/app/templates/none.html': '',
    };
    const paths = await kept(files, 'flask run', { FLASK_APP: 'web.py' });
    expect(paths).toEqual(expect.arrayContaining(['/app/web.py', '/app/views/a.html', '/app/static/b.css']));
    expect(paths).not.toContain('/app/templates/none.html');
  });

  it('django, with its apps', async () => {
    const files = {
      ...modules(
        'django/__init__.py',
        'django/conf/__init__.py',
        'django/core/__init__.py',
        'django/core/management.py',
        'django/middleware/__init__.py',
        'django/middleware/a.py',
        'django/middleware/b.py',
      ),
      '/app/manage.py':
        'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")\nfrom django.core.management import x',
      '/app/site_/__init__.py': '',
      '/app/site_/settings.py':
        'INSTALLED_APPS = ["polls.apps.PollsConfig"]\nMIDDLEWARE = ["django.middleware.a.A"]\nROOT_URLCONF = "site_.urls"',
      '/app/site_/urls.py': '',
      '/app/polls/__init__.py': '',
      '/app/polls/apps.py': '',
      '/app/polls/models.py': '',
      '/app/polls/migrations/__init__.py': '',
      '/app/polls/migrations/0001_initial.py': '',
      '/app/polls/templates/polls/x.html': '',
      '/app/polls/tests.py': '',
    };
    const paths = await kept(files, 'python3 manage.py runserver');
    expect(paths).toEqual(
      expect.arrayContaining([
        '/app/site_/urls.py',
        '/app/polls/apps.py',
        '/app/polls/models.py',
        '/app/polls/migrations/0001_initial.py',
        '/app/polls/templates/polls/x.html',
        'django/middleware/a.py',
      ]),
    );
    expect(paths).not.toContain('django/middleware/b.py');
    expect(paths).not.toContain('/app/polls/tests.py');
  });
});

describe('what the library and packages read by name', () => {
  it.each<[name: string, files: Record<string, MemoryFile>, wanted: string[]]>([
    [
      'time zones of the system',
      {
        '/app/main.py': 'import zoneinfo',
        '/usr/lib/python3.11/zoneinfo/__init__.py': '',
        '/usr/share/zoneinfo/Europe/Paris': '',
      },
      ['/usr/share/zoneinfo/Europe/Paris'],
    ],
    [
      'time zones of a package',
      {
        '/app/main.py': 'import zoneinfo',
        '/usr/lib/python3.11/zoneinfo/__init__.py': '',
        ...modules('tzdata/__init__.py', 'tzdata/zoneinfo/__init__.py', 'tzdata/zoneinfo/UTC'),
      },
      ['tzdata/zoneinfo/UTC'],
    ],
    [
      'how python was built',
      {
        '/app/main.py': 'import sysconfig',
        '/usr/lib/python3.11/sysconfig.py': '',
        '/usr/lib/python3.11/_sysconfigdata__x86_64-linux-gnu.py': '',
      },
      ['/usr/lib/python3.11/_sysconfigdata__x86_64-linux-gnu.py'],
    ],
    [
      'six.moves',
      {
        '/app/main.py': 'from six.moves import queue\nfrom six.moves.urllib.parse import quote',
        ...modules('six.py'),
        '/usr/lib/python3.11/queue.py': '',
        '/usr/lib/python3.11/urllib/__init__.py': '',
        '/usr/lib/python3.11/urllib/parse.py': '',
      },
      ['/usr/lib/python3.11/queue.py', '/usr/lib/python3.11/urllib/parse.py'],
    ],
    [
      'what setuptools brings along',
      {
        '/app/main.py': 'import pkg_resources',
        [`${P}/pkg_resources/__init__.py`]:
          "from pkg_resources.extern.jaraco.text import lines\nfrom pkg_resources.extern import packaging\n__import__('pkg_resources.extern.packaging.version')\n",
        ...modules(
          'pkg_resources/extern/__init__.py',
          'pkg_resources/_vendor/__init__.py',
          'pkg_resources/_vendor/jaraco/text/__init__.py',
          'pkg_resources/_vendor/packaging/version.py',
          'pkg_resources/_vendor/packaging/unix.py',
        ),
        [`${P}/pkg_resources/_vendor/packaging/__init__.py`]: 'def system():\n  from .unix import x\n',
      },
      [
        'pkg_resources/_vendor/jaraco/text/__init__.py',
        'pkg_resources/_vendor/packaging/__init__.py',
        'pkg_resources/_vendor/packaging/unix.py',
        'pkg_resources/_vendor/packaging/version.py',
      ],
    ],
    [
      'the pool of processes',
      {
        '/app/main.py': 'from concurrent.futures import ProcessPoolExecutor',
        '/usr/lib/python3.11/concurrent/__init__.py': '',
        '/usr/lib/python3.11/concurrent/futures/__init__.py':
          'def __getattr__(n):\n  from .process import ProcessPoolExecutor',
        '/usr/lib/python3.11/concurrent/futures/process.py': '',
      },
      ['/usr/lib/python3.11/concurrent/futures/process.py'],
    ],
    [
      'the locale that is set',
      { '/app/main.py': '', '/usr/lib/locale/C.utf8/LC_CTYPE': '', '/usr/lib/locale/de_DE.utf8/LC_CTYPE': '' },
      ['/usr/lib/locale/C.utf8/LC_CTYPE'],
    ],
  ])('%s', async (_name, files, wanted) => {
    const { paths } = await pythonClosure(smallPython(files), { argv: ['python3', 'main.py'] });
    expect(paths.map((path) => path.replace(`${P}/`, ''))).toEqual(expect.arrayContaining(wanted));
  });
});
