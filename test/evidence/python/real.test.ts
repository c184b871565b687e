import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bytesOfText, pathOfText } from '../../../src/base/path.ts';
import { hostTree } from '../../helpers/host-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { pythonClosure, WHOLE } from '../../helpers/python-closure.ts';
import { tempDir } from '../../helpers/temp.ts';

const PINNED = [
  'flask==3.0.3',
  'gunicorn==22.0.0',
  'jinja2==3.1.4',
  'bcrypt==4.1.3',
  'psycopg2-binary==2.9.9',
  'numpy==1.26.4',
  'pillow==10.3.0',
  'lxml==5.2.2',
  'uvicorn==0.30.1',
  'fastapi==0.111.0',
  'celery==5.4.0',
];
const CACHE = join(dirname(fileURLToPath(import.meta.url)), '../../../node_modules/.cache/tare-python');
const INSTALL_MS = 300_000;
const RUN_MS = 60_000;

/** One environment with all packages, made once; undefined where this machine's Python has no wheels of them, or there is no network. */
function environment(): string | undefined {
  const ready = join(CACHE, 'ready');
  if (existsSync(ready)) return join(realpathSync(CACHE), 'venv');
  try {
    // What a run that was killed left behind.
    rmSync(CACHE, { recursive: true, force: true });
    mkdirSync(CACHE, { recursive: true });
    const venv = join(realpathSync(CACHE), 'venv');
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'pipe', timeout: INSTALL_MS });
    execFileSync(join(venv, 'bin/pip'), ['install', '-q', '--only-binary', ':all:', ...PINNED], {
      stdio: 'pipe',
      timeout: INSTALL_MS,
    });
    writeFileSync(ready, '');
    return venv;
  } catch (error) {
    if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    return undefined;
  }
}

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** In the environment's bin/. */
  readonly program: string;
  readonly args: readonly string[];
  /** Python that is run in the copy, in the folder of the application; it did not take part in the analysis. */
  readonly exercise: string;
}

const CASES: readonly Case[] = [
  {
    name: 'Flask with gunicorn, templates, psycopg2 and bcrypt',
    files: {
      'app.py':
        'from flask import Flask, render_template\nimport bcrypt\napp = Flask(__name__)\n@app.route("/")\ndef index():\n    import psycopg2\n    return render_template("index.html", ok=bcrypt.checkpw(b"x", bcrypt.hashpw(b"x", bcrypt.gensalt(4))), v=psycopg2.__version__)\n',
      'templates/base.html': '<b>{% block b %}{% endblock %}</b>',
      'templates/index.html': '{% extends "base.html" %}{% block b %}{{ ok|string|upper }} {{ v }}{% endblock %}',
    },
    program: 'gunicorn',
    args: ['-k', 'gthread', '--threads', '2', 'app:app'],
    exercise: `
import gunicorn.util
gunicorn.util.load_class("gthread"); gunicorn.util.load_class("sync")
gunicorn.util.load_class("gunicorn.glogging.Logger")
app = gunicorn.util.import_app("app:app")
out = []
body = b"".join(app({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": None, "wsgi.errors": None}, lambda status, headers: out.append(status)))
assert out == ["200 OK"] and b"<b>TRUE 2.9" in body, (out, body)
import psycopg2
try: psycopg2.connect("host=127.0.0.1 port=1 user=x")
except psycopg2.OperationalError: pass
`,
  },
  {
    name: 'numpy, pillow and lxml',
    files: {
      'main.py':
        'import numpy\nfrom PIL import Image, ImageDraw, ImageFilter\nfrom lxml import etree, html, objectify\n',
    },
    program: 'python3',
    args: ['main.py'],
    exercise: `
import numpy as np, io, pickle
a = np.random.default_rng(1).random((4, 4))
np.linalg.inv(a); np.fft.fft(a); np.array2string(a); a.std(); pickle.loads(pickle.dumps(a)); np.ma.array([1], mask=[0]).sum()
np.genfromtxt(io.StringIO("1,2"), delimiter=","); np.polynomial.Polynomial([1, 2])(3); np.save(io.BytesIO(), a); np.dtype([("a", "i4")])
from PIL import Image, ImageDraw, ImageFilter
im = Image.new("RGB", (20, 20), "red"); ImageDraw.Draw(im).text((0, 0), "a")
for f in ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "PPM"]:
    b = io.BytesIO(); im.save(b, f); b.seek(0); Image.open(b).load()
im.filter(ImageFilter.BLUR).resize((3, 3)); np.asarray(im)
from lxml import etree, html, objectify
assert etree.fromstring("<a><b c='1'>x</b></a>").xpath("//b/@c") == ["1"]
html.fromstring("<p>hi").text_content(); objectify.fromstring("<a><b>1</b></a>").b
etree.XMLSchema(etree.fromstring('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"/></xs:schema>'))
`,
  },
  {
    name: 'uvicorn with fastapi',
    files: {
      'main.py':
        'from fastapi import FastAPI\nfrom pydantic import BaseModel\napp = FastAPI()\nclass Item(BaseModel):\n    name: str\n@app.post("/items")\nasync def create(item: Item): return item\n',
    },
    program: 'uvicorn',
    args: ['main:app'],
    exercise: `
import asyncio, threading, time, urllib.request, urllib.error, json, uvicorn
server = uvicorn.Server(uvicorn.Config("main:app", port=0, log_level="warning"))
thread = threading.Thread(target=server.run, daemon=True); thread.start()
while not server.started: time.sleep(0.05); assert thread.is_alive()
port = server.servers[0].sockets[0].getsockname()[1]
def ask(path, data=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers={"content-type": "application/json"})
    try: return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error: return error.code
assert [ask("/items", b'{"name":"x"}'), ask("/items", b"{"), ask("/docs"), ask("/openapi.json"), ask("/none")] == [200, 422, 200, 200, 404]
server.should_exit = True; thread.join(10)
`,
  },
  {
    name: 'celery',
    files: {
      'tasks.py':
        'from celery import Celery\napp = Celery("tasks", broker="memory://", backend="cache+memory://")\n@app.task\ndef add(x, y): return x + y\n',
    },
    program: 'celery',
    args: ['-A', 'tasks', 'worker', '-P', 'solo'],
    exercise: `
import os, threading, time
from tasks import add, app
import celery.concurrency
for name in ["prefork", "solo", "threads"]: celery.concurrency.get_implementation(name)
worker = app.Worker(pool="solo", without_mingle=True, without_gossip=True, without_heartbeat=True, loglevel="ERROR")
result = add.delay(2, 3)
def watch():
    for _ in range(200):
        if result.ready(): break
        time.sleep(0.05)
    os._exit(0 if result.ready() and result.result == 5 else 3)
threading.Thread(target=watch, daemon=True).start()
worker.start()
`,
  },
];

const able = needs('python3', 'chroot') && process.getuid?.() === 0;

describe.skipIf(!able)('what the closure keeps is enough to run', () => {
  const venv = able ? environment() : undefined;
  it.skipIf(venv === undefined).each(CASES)(
    '$name',
    { timeout: RUN_MS * 4 },
    async ({ args, exercise, files, program }) => {
      const app = join(tempDir(), 'app');
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(app, name)), { recursive: true });
        writeFileSync(join(app, name), text);
      }
      const bin = join(venv as string, 'bin');
      const source = hostTree();
      const { paths, warnings } = await pythonClosure(source, {
        argv: [join(bin, program), ...args],
        cwd: app,
        analysers: WHOLE.map((make) => make()),
      });
      expect(warnings.filter(({ code }) => code.startsWith('python-'))).toEqual([]);
      const root = join(tempDir(), 'root');
      for (const path of paths) {
        const entry = source.tree.get(pathOfText(path));
        mkdirSync(dirname(root + path), { recursive: true });
        if (entry?.type === 'symlink') symlinkSync(Buffer.from(entry.link ?? '', 'latin1'), root + path);
        else if (entry?.type === 'file') cpSync(path, root + path, { preserveTimestamps: true });
      }
      mkdirSync(join(root, 'tmp'), { recursive: true });
      writeFileSync(
        join(root, 'exercise.py'),
        `import os, sys\nos.chdir(${JSON.stringify(app)})\nsys.path.insert(0, ${JSON.stringify(app)})\n${exercise}`,
      );
      execFileSync('chroot', [root, join(bin, 'python3'), '/exercise.py'], {
        stdio: 'pipe',
        timeout: RUN_MS,
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      });
      // And it is worth the trouble: less than half of what is installed.
      const installed = Number(execFileSync('du', ['-sb', venv as string], { encoding: 'utf8' }).split('\t')[0]);
      const size = paths
        .filter(
          (path) =>
            path.startsWith(`${venv as string}/`) && source.tree.get(pathOfText(bytesOfText(path)))?.type === 'file',
        )
        .reduce((sum, path) => sum + statSync(path).size, 0);
      expect(size).toBeLessThan(installed / 2);
    },
  );
});
