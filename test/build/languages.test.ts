import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BuildResult } from '../../src/build/types.ts';
import type { FileRow } from '../../src/explain/files.ts';
import { readPycHeader } from '../../src/formats/pyc/index.ts';
import { type Answer, execute, FAST, MAIN, tare, tareJson } from '../helpers/cli.ts';
import { dotnetSdk, type DotnetSdk } from '../helpers/dotnet-sdk.ts';
import { exampleDir } from '../helpers/examples.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { copyWithTimes, flaskVenv } from './python-venv.ts';

const MINUTES = 60_000; // ms
const APP = `from flask import Flask, jsonify, render_template

app = Flask(__name__)


@app.get("/status")
def status():
    return jsonify(status="OK")


@app.get("/page")
def page():
    return render_template("page.html", word="tare")
`;
const PROBES = `probes:
  - {http: {port: 8000, path: /status, status: 200, json: {status: OK}}}
  - {http: {port: 8000, path: /page, status: 200, body: <p>tare</p>}}
`;

function folder(files: Readonly<Record<string, string>>): string {
  const dir = join(tempDir(), 'app');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

/** As somebody else would build it: another umask, another zone, another store. */
function elsewhere(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return execute('sh', ['-c', 'umask 077; exec "$@"', 'sh', process.execPath, MAIN, ...args, '--json'], {
    env: { PATH: process.env['PATH'] ?? '', TZ: 'Asia/Tokyo', TARE_HOME: tempDir(), TARE_COMPRESSION: FAST, ...env },
  });
}

const digestOf = (answer: Answer): string => (JSON.parse(answer.stdout) as BuildResult).digest;

interface Config {
  readonly config: {
    readonly config: { readonly Entrypoint: string[]; readonly Env: string[]; ExposedPorts?: object };
  };
}

describe('a Flask application', () => {
  const venv = flaskVenv();

  function flask(): string {
    const dir = folder({
      'app.py': APP,
      'templates/page.html': '<p>{{ word }}</p>\n',
      'requirements.txt': 'flask\ngunicorn\n',
      'tare.yaml': PROBES,
      'tests/test_app.py': 'def test(): pass\n',
    });
    copyWithTimes(venv ?? '', join(dir, '.venv'));
    return dir;
  }

  it.skipIf(venv === undefined)('is detected, built from the host, and answers', { timeout: 3 * MINUTES }, async () => {
    const home = tempDir();
    const dir = flask();
    const built = await tareJson<BuildResult>(['build', dir], { home });
    expect(built.verified === null || built.verified.ok, built.output).toBe(true);
    expect(built.layers.map((layer) => layer.group)).toEqual(['runtime', 'system', 'dependencies', 'application']);
    const { config } = (await tareJson<Config>(['inspect', 'app'], { home })).config;
    expect(config.Entrypoint).toEqual(['/app/.venv/bin/python', '-m', 'gunicorn', '-b', '0.0.0.0:8000', 'app:app']);
    expect(config.Env).toContain('PYTHONDONTWRITEBYTECODE=1');
    expect(Object.keys(config.ExposedPorts ?? {})).toEqual(['8000/tcp']);

    // No test, no tool of the environment, no name of a home folder.
    const paths = (await tareJson<FileRow[]>(['files', 'app'], { home })).map((row) => row.path);
    expect(paths.filter((path) => /\/tests?\/|\/pip\/|^\/root\/|^\/home\/./.test(path))).toEqual([]);
    const groups = await Promise.all(
      built.layers.map(async (_layer, index) =>
        (await tareJson<FileRow[]>(['files', 'app', '--layer', String(index)], { home })).map((row) => row.path),
      ),
    );
    expect(groups[0]?.some((path) => /\/lib\/python3\.\d+\/os\.py$/.test(path))).toBe(true);
    expect(groups[2]?.some((path) => path.endsWith('/site-packages/flask/app.py'))).toBe(true);
    expect(groups[3]).toContain('/app/app.py');

    // Running it, or another place, another umask and zone, make no difference.
    mkdirSync(join(dir, '__pycache__'));
    writeFileSync(join(dir, '__pycache__', 'app.cpython-311.pyc'), 'x');
    expect(digestOf(await elsewhere(['build', dir, '--no-verify']))).toBe(built.digest);
    const other = join(tempDir(), 'app');
    copyWithTimes(dir, other);
    expect(digestOf(await elsewhere(['build', other, '--no-verify']))).toBe(built.digest);
  });

  it.skipIf(venv === undefined)(
    'holds compiled modules that are valid there, and say nothing of here',
    { timeout: 3 * MINUTES },
    async () => {
      const home = tempDir();
      const dir = flask();
      await tareJson(['build', dir, '--no-verify'], { home });
      const root = join(tempDir(), 'root');
      await tare(['unpack', 'app', root], { home });
      const compiled = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pyc'));
      expect(compiled.length).toBeGreaterThan(100);
      const unfit = compiled.filter((name) => {
        const bytes = readFileSync(join(root, name));
        return readPycHeader(bytes)?.checks !== 'nothing' || bytes.includes(dir) || bytes.includes('tare-python');
      });
      expect(unfit).toEqual([]);
    },
  );

  it.skipIf(venv === undefined)(
    'is built from an image that has the interpreter',
    { timeout: 4 * MINUTES },
    async () => {
      const home = tempDir();
      const dir = flask();
      await tareJson(['build', dir, '--no-verify', '--tightness', 'packages', '--name', 'python-base'], { home });
      const built = await tareJson<BuildResult>(['build', dir, '--from', 'python-base'], { home });
      expect(built.verified === null || built.verified.ok, built.output).toBe(true);
      expect(built.original?.reference).toContain('python-base');
      expect(built.size.disk).toBeLessThan(built.original?.size.disk ?? 0);
      expect((await tareJson<FileRow[]>(['files', built.reference], { home })).length).toBeGreaterThan(100);
    },
  );

  it.skipIf(venv === undefined)('gets a first tare.yaml that builds the same', { timeout: 3 * MINUTES }, async () => {
    const home = tempDir();
    const dir = flask();
    const before = await tareJson<BuildResult>(['build', dir, '--no-verify'], { home });
    await tareJson(['init', dir, '--force'], { home });
    const after = await tareJson<BuildResult>(['build', dir, '--no-verify', '--expose', '8000'], { home });
    expect(after.layers.map((layer) => layer.diffId)).toEqual(before.layers.map((layer) => layer.diffId));
  });
});

describe('an ASP.NET application', () => {
  const sdk = process.platform === 'linux' && process.arch === 'x64' ? dotnetSdk() : undefined;
  const probes = `probes:
  - {http: {port: 8080, path: /status, status: 200, json: {status: OK}}}
  - {http: {port: 8080, path: /hello.txt, status: 200, body: Hello from a static file.}}
`;

  it.skipIf(sdk === undefined)(
    'is compiled from its project, and built from what was published',
    { timeout: 5 * MINUTES },
    async () => {
      const { dir: root, openssl } = sdk as DotnetSdk;
      const env = { DOTNET_ROOT: root, LD_LIBRARY_PATH: openssl, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' };
      const home = tempDir();
      const source = join(tempDir(), 'aspnet');
      cpSync(exampleDir('aspnet'), source, { recursive: true });
      writeFileSync(join(source, 'tare.yaml'), probes);
      const listed = readdirSync(source);
      const scratch = tempDir();
      const built = await tareJson<BuildResult>(['build', source], { home, env: { ...env, TMPDIR: scratch } });
      expect(built.verified === null || built.verified.ok, built.output).toBe(true);
      expect(readdirSync(source)).toEqual(listed);
      expect(readdirSync(scratch).filter((name) => name.startsWith('tare-publish'))).toEqual([]);
      const { config } = (await tareJson<Config>(['inspect', built.reference], { home })).config;
      expect(config.Entrypoint).toEqual(['/usr/share/dotnet/dotnet', 'aspnet.dll']);
      expect(config.Env).toContain('ASPNETCORE_URLS=http://+:8080');

      // The folder that `dotnet publish` writes gives the same image.
      const published = join(tempDir(), 'aspnet');
      execFileSync(join(exampleDir('aspnet'), 'publish'), [root, published], {
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
      writeFileSync(join(published, 'tare.yaml'), probes);
      const again = await elsewhere(['build', published, '--no-verify'], { DOTNET_ROOT: root });
      const layers = (JSON.parse(again.stdout) as BuildResult).layers;
      expect(layers.map((layer) => layer.group)).toEqual(built.layers.map((layer) => layer.group));
      expect(layers[0]?.digest).toBe(built.layers[0]?.digest);
    },
  );

  it.skipIf(sdk === undefined)(
    'that cannot be compiled says what the compiler said, and leaves nothing',
    { timeout: 3 * MINUTES },
    async () => {
      const { dir: root, openssl } = sdk as DotnetSdk;
      const source = join(tempDir(), 'aspnet');
      cpSync(exampleDir('aspnet'), source, { recursive: true });
      writeFileSync(join(source, 'Broken.cs'), 'class Broken {');
      const listed = readdirSync(source);
      const scratch = tempDir();
      const env = { DOTNET_ROOT: root, LD_LIBRARY_PATH: openssl, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' };
      const answer = await tare(['build', source], { home: tempDir(), env: { ...env, TMPDIR: scratch } });
      expect(answer.code).toBe(2);
      expect(answer.stderr).toContain('E_PUBLISH');
      expect(answer.stderr).toContain('CS1513');
      expect(readdirSync(source)).toEqual(listed);
      expect(readdirSync(scratch).filter((name) => name.startsWith('tare-publish'))).toEqual([]);
    },
  );

  it('without an SDK says where to get one', async () => {
    const answer = await tare(['build', folder({ 'a.csproj': '<Project/>' })], {
      home: tempDir(),
      env: { PATH: '/nowhere', DOTNET_ROOT: undefined },
      node: [process.execPath],
    });
    expect(answer.code).toBe(3);
    expect(answer.stderr).toContain('E_TOOL_MISSING');
    expect(answer.stderr).toContain('dotnet publish');
  });
});

describe('a Java application', () => {
  it.skipIf(!needs('javac', 'jar', 'java'))(
    'is built from the jar that a builder made',
    { timeout: 3 * MINUTES },
    async () => {
      const dir = folder({ 'pom.xml': '<project/>', 'src/readme.txt': '' });
      cpSync(join(exampleDir('java-hello'), 'tare.yaml'), join(dir, 'tare.yaml'));
      const classes = join(tempDir(), 'classes');
      execFileSync('javac', ['-d', classes, join(exampleDir('java-hello'), 'Main.java')]);
      mkdirSync(join(dir, 'target'));
      const archive = join(dir, 'target', 'hello-1.0.jar');
      const date = ['--date', '2000-01-01T00:00:00Z'];
      execFileSync('jar', ['--create', ...date, '--file', archive, '--main-class', 'Main', '-C', classes, '.']);
      const home = tempDir();
      const built = await tareJson<BuildResult>(['build', dir, '--name', 'hello'], { home });
      expect(built.verified === null || built.verified.ok, built.output).toBe(true);
      const { config } = (await tareJson<Config>(['inspect', 'hello'], { home })).config;
      expect(config.Entrypoint.slice(1)).toEqual(['-jar', 'target/hello-1.0.jar']);
      expect(built.layers.map((layer) => layer.group)).toEqual(['runtime', 'system', 'application']);
      expect(digestOf(await elsewhere(['build', dir, '--no-verify', '--name', 'hello']))).toBe(built.digest);
    },
  );
});
