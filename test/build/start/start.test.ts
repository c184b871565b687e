import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { buildZip } from '../../helpers/zip-builder.ts';
import { detect, type Files, MACHINE, program, shim, venv } from './detection.ts';

const PYTHON = '/app/.venv/bin/python';
const SERVE = ['-m', 'gunicorn', '-b', '0.0.0.0:8000'];
const WEB = 'from flask import Flask\napp = Flask(__name__)\n';
const ASYNC = 'from fastapi import FastAPI\napp: FastAPI = FastAPI()\n';
const FACTORY = 'def create_app():\n    app = 1\n    return app\n';
const MAIN = 'def main(): pass\nif __name__ == "__main__":\n    main()\n';
const flask = venv(['flask', 'gunicorn']);
const fast = venv(['fastapi', 'uvicorn', 'gunicorn']);
const jar = (main: boolean): Buffer =>
  buildZip({ 'META-INF/MANIFEST.MF': `Manifest-Version: 1.0\r\n${main ? 'Main-Class: a.B\r\n' : ''}\r\n` });
const settings = (name: string): string =>
  JSON.stringify({ runtimeOptions: { framework: { name, version: '8.0.0' } } });
const WEB_SETTINGS = settings('Microsoft.AspNetCore.App');

type Case = readonly [what: string, files: Files, config: Config, entrypoint: readonly string[]];

const CASES: readonly Case[] = [
  // the user's word
  ['entrypoint, a program of PATH', { 'a.js': '' }, { entrypoint: ['node', 'a.js'] }, ['/usr/bin/node', 'a.js']],
  [
    'entrypoint, of the environment',
    { ...flask, '.venv/bin/gunicorn': program },
    { entrypoint: ['/app/.venv/bin/gunicorn', 'x:y'] },
    ['/app/.venv/bin/gunicorn', 'x:y'],
  ],
  ['entrypoint, python is the chosen one', flask, { entrypoint: ['python', 'x.py'] }, [PYTHON, 'x.py']],
  [
    'entrypoint over entry',
    { 'a.js': '', 'b.js': '' },
    { entrypoint: ['node', 'a.js'], entry: 'b.js' },
    ['/usr/bin/node', 'a.js'],
  ],
  ['--entry FILE.js', { 'a.js': '' }, { entry: 'a.js' }, ['/usr/bin/node', 'a.js']],
  ['--entry FILE.py', { 'a.py': '', 'b.py': WEB }, { entry: 'a.py' }, ['/usr/bin/python3', 'a.py']],
  [
    '--entry of an executable script with a name',
    { 'a.py': { content: '#!/usr/bin/env python3\n', mode: 0o755 } },
    { entry: 'a.py' },
    ['/usr/bin/python3', 'a.py'],
  ],
  [
    '--entry module:callable',
    { ...flask, 'shop/web.py': 'site = 1' },
    { entry: 'shop.web:site' },
    [PYTHON, ...SERVE, 'shop.web:site'],
  ],
  [
    '--entry module:factory()',
    { ...flask, 'shop.py': '' },
    { entry: 'shop:make()' },
    [PYTHON, ...SERVE, 'shop:make()'],
  ],
  [
    '--entry FILE.jar',
    { 'a.jar': jar(true), 'b.jar': jar(true) },
    { entry: 'b.jar' },
    ['/usr/bin/java', '-jar', 'b.jar'],
  ],
  [
    '--entry FILE.dll',
    { 'a.dll': '', 'a.runtimeconfig.json': WEB_SETTINGS, 'b.dll': '', 'b.runtimeconfig.json': WEB_SETTINGS },
    { entry: 'b.dll' },
    ['/usr/share/dotnet/dotnet', 'b.dll'],
  ],
  ['--entry of a binary', { run: program, other: program }, { entry: 'run' }, ['/app/run']],
  // Node
  ['package.json', { 'package.json': '{"main":"a.js"}', 'a.js': '', 'app.py': MAIN }, {}, ['/usr/bin/node', 'a.js']],
  [
    'package.json that starts nothing, beside a Python application',
    { ...flask, 'package.json': '{"private":true}', 'requirements.txt': 'flask', 'app.py': WEB },
    {},
    [PYTHON, ...SERVE, 'app:app'],
  ],
  // Python
  [
    'app.py with gunicorn',
    { ...flask, 'requirements.txt': 'flask\ngunicorn\n', 'app.py': WEB },
    {},
    [PYTHON, ...SERVE, 'app:app'],
  ],
  [
    'the port of tare.yaml',
    { ...flask, 'app.py': WEB },
    { expose: ['53/udp', '9000/tcp'] },
    [PYTHON, '-m', 'gunicorn', '-b', '0.0.0.0:9000', 'app:app'],
  ],
  ['a factory in a package', { ...flask, 'app/__init__.py': FACTORY }, {}, [PYTHON, ...SERVE, 'app:create_app()']],
  [
    'wsgi.py, although app.py is one too',
    { ...flask, 'app.py': WEB, 'wsgi.py': 'from app import app as application\n' },
    {},
    [PYTHON, ...SERVE, 'wsgi:application'],
  ],
  [
    'an ASGI framework with uvicorn',
    { ...fast, 'main.py': ASYNC },
    {},
    [PYTHON, '-m', 'uvicorn', '--host', '0.0.0.0', '--port', '8000', 'main:app'],
  ],
  [
    'a factory with uvicorn',
    { ...fast, 'app/main.py': `from fastapi import FastAPI\n${FACTORY}` },
    {},
    [PYTHON, '-m', 'uvicorn', '--host', '0.0.0.0', '--port', '8000', '--factory', 'app.main:create_app'],
  ],
  [
    'waitress',
    { ...venv(['waitress']), 'app.py': WEB },
    {},
    [PYTHON, '-m', 'waitress', '--listen=0.0.0.0:8000', 'app:app'],
  ],
  [
    'hypercorn',
    { ...venv(['hypercorn']), 'app.py': WEB },
    {},
    [PYTHON, '-m', 'hypercorn', '-b', '0.0.0.0:8000', 'wsgi:app:app'],
  ],
  [
    'Django by manage.py',
    { ...flask, 'manage.py': MAIN, 'shop/wsgi.py': 'application = get()', 'shop/asgi.py': 'application = get()' },
    {},
    [PYTHON, ...SERVE, 'shop.wsgi:application'],
  ],
  [
    'the package that pyproject.toml names',
    {
      ...flask,
      'pyproject.toml': '[project]\nname = "my-shop"',
      'src/my_shop/__init__.py': '',
      'src/my_shop/server.py': WEB,
    },
    {},
    [PYTHON, ...SERVE, 'my_shop.server:app'],
  ],
  [
    'an application without its server runs as a script',
    { ...venv(['flask']), 'app.py': `${WEB}${MAIN}` },
    {},
    [PYTHON, 'app.py'],
  ],
  [
    'a command line is no web application',
    { ...flask, 'app.py': `app = typer.Typer()\n${MAIN}` },
    {},
    [PYTHON, 'app.py'],
  ],
  [
    'the only command, installed',
    { ...flask, '.venv/bin/serve': program, 'pyproject.toml': '[project.scripts]\nserve = "shop:main"' },
    {},
    ['/app/.venv/bin/serve'],
  ],
  [
    'the only command, from the sources',
    { ...flask, 'pyproject.toml': '[project.scripts]\nserve = "shop:main"', 'src/shop.py': '' },
    {},
    [PYTHON, '-c', 'import sys; from shop import main; sys.argv[0] = "serve"; sys.exit(main())'],
  ],
  ['__main__.py of the folder', { '__main__.py': '' }, {}, ['/usr/bin/python3', '__main__.py']],
  [
    '__main__.py of a package',
    { 'pyproject.toml': '', 'tool/__main__.py': '', 'tool/__init__.py': '' },
    {},
    ['/usr/bin/python3', '-m', 'tool'],
  ],
  [
    'the only script',
    { 'run.py': MAIN, 'helper.py': 'x = 1', 'test_x.py': MAIN, 'setup.py': MAIN },
    {},
    ['/usr/bin/python3', 'run.py'],
  ],
  [
    'a script with a mode',
    { 'serve.py': { content: '#!/usr/bin/env python3\nserve()\n', mode: 0o755 }, 'x.py': '' },
    {},
    ['/usr/bin/python3', 'serve.py'],
  ],
  [
    'a text that only speaks of an application',
    { ...flask, 'app.py': `"""\napp = 1\n"""\n`, 'run.py': MAIN },
    {},
    [PYTHON, 'run.py'],
  ],
  // .NET
  [
    'what was published',
    { 'a.dll': '', 'a.runtimeconfig.json': WEB_SETTINGS, 'b.dll': '' },
    {},
    ['/usr/share/dotnet/dotnet', 'a.dll'],
  ],
  [
    'what brings its own run time',
    { a: program, 'a.dll': '', 'a.runtimeconfig.json': '{"runtimeOptions":{"includedFrameworks":[]}}' },
    {},
    ['/app/a'],
  ],
  // Java
  ['an archive', { 'a.jar': jar(true), 'lib.jar': jar(false) }, {}, ['/usr/bin/java', '-jar', 'a.jar']],
  [
    'what Maven made',
    {
      'pom.xml': '',
      'target/a-1.jar': jar(true),
      'target/a-1-sources.jar': jar(true),
      'target/original-a-1.jar': jar(true),
    },
    {},
    ['/usr/bin/java', '-jar', 'target/a-1.jar'],
  ],
  [
    'what Gradle made',
    { 'build.gradle': '', 'build/libs/a.jar': jar(true), 'build/libs/a-plain.jar': jar(true) },
    {},
    ['/usr/bin/java', '-jar', 'build/libs/a.jar'],
  ],
  // by mode
  ['the only binary, not its helpers', { run: program, 'lib.so.1': program, 'tool.py': MAIN }, {}, ['/app/run']],
  [
    'the only script with a mode',
    { 'run.sh': { content: '#!/bin/sh\n', mode: 0o755 }, 'other.sh': '#!/bin/sh\n' },
    {},
    ['/app/run.sh'],
  ],
];

it.each(CASES)('%s', async (_what, files, config, entrypoint) => {
  const { start } = await detect(files, { config });
  expect((await start()).entrypoint).toEqual(entrypoint);
});

const REFUSED: readonly (readonly [what: string, files: Files, code: string, message: string])[] = [
  ['an empty folder', {}, 'E_NO_ENTRY', 'empty'],
  ['two binaries', { one: program, two: program }, 'E_AMBIGUOUS_ENTRY', '"one", "two"'],
  ['two applications', { ...flask, 'app.py': WEB, 'main.py': WEB }, 'E_AMBIGUOUS_ENTRY', '"app:app", "main:app"'],
  ['two scripts', { 'a.py': MAIN, 'b.py': MAIN }, 'E_AMBIGUOUS_ENTRY', '"a.py", "b.py"'],
  ['two packages', { 'pyproject.toml': '', 'a/__main__.py': '', 'b/__main__.py': '' }, 'E_AMBIGUOUS_ENTRY', '"a", "b"'],
  ['two archives', { 'a.jar': jar(true), 'b.jar': jar(true) }, 'E_AMBIGUOUS_ENTRY', '"a.jar", "b.jar"'],
  [
    'two assemblies',
    { 'a.dll': '', 'a.runtimeconfig.json': '{}', 'b.dll': '', 'b.runtimeconfig.json': '{}' },
    'E_AMBIGUOUS_ENTRY',
    '"a.dll", "b.dll"',
  ],
  ['settings that are no JSON', { 'a.dll': '', 'a.runtimeconfig.json': '{' }, 'E_JSON', 'a.runtimeconfig.json'],
  ['an archive without a Main-Class', { 'a.jar': jar(false) }, 'E_NO_ENTRY', 'a Java application'],
  ['an archive that is none', { 'a.jar': 'PK nothing' }, 'E_NO_ENTRY', 'a Java application'],
  [
    'a dependency that is not there',
    { ...venv(['flask']), 'requirements.txt': 'flask\ngunicorn', 'app.py': WEB },
    'E_NOT_INSTALLED',
    'gunicorn',
  ],
  [
    'an environment of another version',
    { ...venv(['flask'], { version: '3.9' }), 'app.py': WEB },
    'E_NO_RUNTIME',
    'Python 3.9, and the warehouse has Python 3.11',
  ],
  ['nothing to serve and nothing that runs', { ...flask, 'shop.py': '' }, 'E_NO_ENTRY', 'Python application'],
  [
    'an entry without a server',
    { ...venv([]), '.venv/lib/python3.11/site-packages/x.py': '', 'app.py': WEB, 'tare.yaml': '' },
    'E_NO_ENTRY',
    'gunicorn',
  ],
];

it.each(REFUSED)('%s is refused', async (_what, files, code, message) => {
  await expect((async () => (await detect(files)).start())()).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message) as string,
  });
});

describe('where the run times are', () => {
  const HOME: Files = {
    ...MACHINE,
    '/home/me/.pyenv/shims/python3': shim,
    '/home/me/.pyenv/versions/3.12.1/bin/python3': { link: 'python3.12' },
    '/home/me/.pyenv/versions/3.12.1/bin/python3.12': program,
    '/home/me/.pyenv/versions/3.12.1/lib/python3.12/os.py': '',
    '/home/me/.pyenv/versions/3.12.1/lib/libpython3.12.so.1.0': '',
    '/home/me/jdk-21/bin/java': program,
    '/home/me/jdk-21/lib/modules': '',
    '/home/me/dotnet/dotnet': program,
    '/home/me/dotnet/host/fxr/8.0.0/libhostfxr.so': '',
  };
  const PYENV = '/home/me/.pyenv/versions/3.12.1/bin/python3';

  it('an environment leads to the interpreter that it was made with, at a place of the system', async () => {
    const files = {
      ...venv(['flask'], { version: '3.12', python: PYENV }),
      'a.py': '',
      '__pycache__/a.cpython-312.pyc': '',
    };
    const { content, runtimes, tree } = await detect(files, { machine: HOME });
    expect(runtimes.python).toMatchObject({
      program: PYTHON,
      version: '3.12',
      env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', LD_LIBRARY_PATH: '/usr/local/lib' },
    });
    expect(tree.resolve(PYTHON as never)?.entry.path).toBe('/usr/local/bin/python3.12');
    expect(tree.get('/usr/local/lib/python3.12/os.py' as never)?.type).toBe('file');
    const config = tree.get('/app/.venv/pyvenv.cfg' as never);
    const text = config === undefined ? '' : Buffer.from(await content.read(config)).toString();
    expect(text).toBe('home = /usr/local/bin\ninclude-system-site-packages = false\nversion = 3.12\n');
    expect([...tree.walk()].filter((entry) => entry.path.startsWith('/app/__pycache__'))).toEqual([]);
  });

  it('of an image, the interpreter of that version is taken, wherever the environment was made', async () => {
    const { runtimes, tree } = await detect(venv(['flask'], { python: '/opt/gone/bin/python3' }), { isHost: false });
    expect(runtimes.python?.version).toBe('3.11');
    expect(tree.resolve(PYTHON as never)?.entry.path).toBe('/usr/bin/python3.11');
  });

  it('scripts and paths of the environment fit the image', async () => {
    const site = '.venv/lib/python3.11/site-packages';
    const { content, tree } = await detect({
      ...flask,
      '.venv/bin/gunicorn': { content: '#!/home/me/app/.venv/bin/python3\nimport x\n', mode: 0o755 },
      '.venv/bin/long': `#!/bin/sh\n'''exec' "/home/me/app/.venv/bin/python" "$0" "$@"\n' '''\n`,
      [`${site}/own.pth`]: '/home/me/app/src\n/home/me/application\n',
    });
    const read = async (path: string): Promise<string> => {
      const entry = tree.get(path as never);
      return entry === undefined ? '' : Buffer.from(await content.read(entry)).toString();
    };
    expect(await read('/app/.venv/bin/gunicorn')).toBe(`#!${PYTHON}\nimport x\n`);
    expect(await read('/app/.venv/bin/long')).toContain(`'''exec' "${PYTHON}" "$0"`);
    expect(await read(`/app/${site}/own.pth`)).toBe('/app/src\n/home/me/application\n');
  });

  it('shims of version managers are passed over', async () => {
    const { runtimes } = await detect({ 'a.py': '' }, { machine: HOME, path: ['/home/me/.pyenv/shims', '/usr/bin'] });
    expect(runtimes.python?.program).toBe('/usr/bin/python3');
  });

  it('Java and .NET of a home folder stand where the system would have them', async () => {
    const environment = { JAVA_HOME: '/home/me/jdk-21', DOTNET_ROOT: '/home/me/dotnet' };
    const { runtimes } = await detect({ 'a.jar': '', 'a.dll': '' }, { machine: HOME, environment });
    expect(runtimes.java).toMatchObject({ program: '/usr/lib/jvm/jdk-21/bin/java', homes: ['/usr/lib/jvm/jdk-21'] });
    expect(runtimes.dotnet).toMatchObject({ program: '/usr/share/dotnet/dotnet' });
    const { runtimes: missing } = await detect({ 'a.jar': '', 'a.dll': '' }, { machine: { '/x': '' } });
    expect(missing).toEqual({});
  });

  it('what nobody asks for is not looked for', async () => {
    expect((await detect({ 'index.js': '' })).runtimes).toEqual({});
  });

  it('an ASP.NET application listens where it is told', async () => {
    const files = { 'a.dll': '', 'a.runtimeconfig.json': WEB_SETTINGS };
    const start = async (config: Config) => (await detect(files, { config })).start();
    expect(await start({})).toMatchObject({ env: { ASPNETCORE_URLS: 'http://+:8080' }, expose: ['8080/tcp'] });
    const told = await start({ env: { ASPNETCORE_URLS: 'http://+:5000' } });
    expect(told.env).toEqual({ ASPNETCORE_URLS: 'http://+:5000' });
    expect(told.expose).toBeUndefined();
  });
});
