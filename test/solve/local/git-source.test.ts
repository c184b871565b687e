import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { gitFiles, type GitOptions, type GitSource } from '../../../src/solve/local/git-source.ts';
import { testRepository } from '../../helpers/git-repository.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

type Got = Awaited<ReturnType<typeof gitFiles>> & { readonly lines: readonly string[] };

const ENVIRONMENT = { PATH: process.env.PATH };

function fetcher(more: Partial<GitOptions> = {}): {
  readonly home: string;
  get(url: string, source?: Partial<GitSource>): Promise<Got>;
} {
  const home = tempDir();
  const options: GitOptions = {
    home,
    env: ENVIRONMENT,
    ctx: createContext({ concurrency: 1 }),
    allowFile: true,
    ...more,
  };
  return {
    home,
    get: async (url, source = {}) => {
      const got = await gitFiles({ kind: 'git', url, ref: '', subdir: '', keepGitDir: false, ...source }, options);
      const entries = [...got.files.tree.walk()];
      const sha256Of = await got.files.digestsOf(entries);
      for (const entry of entries) if (entry.type === 'file') expect(sha256Of(entry)).toMatch(/^[0-9a-f]{64}$/);
      const lines = entries.map(({ content, gid, link, mode, mtime, path, uid }) => {
        const text = content?.in === 'host' && !path.startsWith('/.git/') ? readFileSync(content.path, 'utf8') : '';
        return [path, mode.toString(8), `${uid}:${gid}`, mtime - 1_600_000_000, link ?? text].join(' ').trim();
      });
      return { ...got, lines };
    },
  };
}

describe.skipIf(!needs('git'))('a repository', () => {
  it('gives its files: of root, of two modes, and of the time of the commit', async () => {
    const repository = testRepository();
    repository.commit({ old: '1' });
    repository.git('rm', '-q', 'old');
    mkdirSync(join(repository.dir, 'd'));
    writeFileSync(join(repository.dir, 'run'), 'program');
    chmodSync(join(repository.dir, 'run'), 0o700);
    symlinkSync('../run', join(repository.dir, 'd/link'));
    const commit = repository.commit({ 'd/f': 'text' });
    const { get, home } = fetcher();
    const got = await get(repository.url);
    expect(got).toMatchObject({ commit, cached: false });
    expect(got.lines).toEqual([
      '/d 755 0:0 1',
      '/d/f 644 0:0 1 text',
      '/d/link 777 0:0 1 ../run',
      '/run 755 0:0 1 program',
    ]);
    expect(await get(repository.url)).toMatchObject({ commit, cached: true, lines: got.lines });
    expect(readdirSync(join(home, 'tare/solve/git'))).toHaveLength(1);
  });

  it('has branches, tags and commits', async () => {
    const repository = testRepository();
    const first = repository.commit({ f: '1' });
    repository.git('tag', 'light');
    repository.git('tag', '-a', '-m', 'x', 'heavy');
    repository.git('branch', 'both');
    repository.git('branch', 'deep/er');
    const second = repository.commit({ f: '2' });
    repository.git('tag', 'both');
    const third = repository.commit({ f: '3' });
    const { get } = fetcher();
    const commitOf = async (ref: string): Promise<string> => (await get(repository.url, { ref })).commit;
    expect(await commitOf('')).toBe(third);
    expect(await commitOf('HEAD')).toBe(third);
    expect(await commitOf('main')).toBe(third);
    expect(await commitOf('light')).toBe(first);
    expect(await commitOf('heavy')).toBe(first);
    expect(await commitOf('deep/er')).toBe(first);
    expect(await commitOf('refs/tags/both')).toBe(second);
    expect(await commitOf('both')).toBe(first);
    expect(await commitOf(second)).toBe(second);
    await expect(commitOf('er')).rejects.toMatchObject({ code: 'E_FETCH', message: expect.stringContaining('"er"') });
    await expect(commitOf('f'.repeat(40))).rejects.toMatchObject({ code: 'E_FETCH' });
    expect(await commitOf('main')).toBe(third);
    const fourth = repository.commit({ f: '4' });
    expect(await commitOf('main')).toBe(fourth);
    rmSync(repository.dir, { recursive: true });
    expect(await commitOf(second)).toBe(second);
    await expect(commitOf('main')).rejects.toMatchObject({ code: 'E_FETCH' });
  });

  it('gives a folder of it, and never leaves it by links', async () => {
    const repository = testRepository();
    symlinkSync('a/b', join(repository.dir, 'in'));
    symlinkSync('/etc', join(repository.dir, 'out'));
    symlinkSync('../../..', join(repository.dir, 'up'));
    repository.commit({ 'a/b/c': 'text' });
    const { get } = fetcher();
    expect((await get(repository.url, { subdir: 'a' })).lines).toEqual(['/b 755 0:0 0', '/b/c 644 0:0 0 text']);
    expect((await get(repository.url, { subdir: 'in' })).lines).toEqual(['/c 644 0:0 0 text']);
    expect((await get(repository.url, { subdir: 'up/a/b' })).lines).toEqual(['/c 644 0:0 0 text']);
    await expect(get(repository.url, { subdir: 'out' })).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    await expect(get(repository.url, { subdir: '../..' })).rejects.toMatchObject({ code: 'E_TAR_PATH' });
    await expect(get(repository.url, { subdir: 'a/b/c' })).rejects.toMatchObject({ code: 'E_NOT_DIRECTORY' });
  });

  it('is compared to its checksum', async () => {
    const repository = testRepository();
    const commit = repository.commit({ f: '1' });
    const { get } = fetcher();
    expect(await get(repository.url, { checksum: commit.slice(0, 10) })).toMatchObject({ commit });
    for (const checksum of ['0'.repeat(40), commit.slice(0, 4), 'x'])
      await expect(get(repository.url, { checksum })).rejects.toMatchObject({ code: 'E_DIGEST' });
  });

  it('keeps .git when that is asked for: usable, and twice the same', async () => {
    const repository = testRepository();
    const commit = repository.commit({ f: '1' });
    repository.git('tag', '-a', '-m', 'x', 'v1');
    const of = async (): Promise<readonly string[]> => {
      const { get, home } = fetcher();
      const { files } = await get(repository.url, { ref: 'v1', keepGitDir: true });
      const entries = [...files.tree.walk()];
      expect(entries.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['/.git', '/.git/HEAD', '/.git/index', '/f']),
      );
      expect(entries.some(({ path }) => path.startsWith('/.git/hooks'))).toBe(false);
      const trees = join(home, 'tare/solve/git', readdirSync(join(home, 'tare/solve/git'))[0] ?? '', 'trees');
      const dir = join(trees, readdirSync(trees)[0] ?? '', 'files');
      const git = (...args: readonly string[]): string =>
        execFileSync('git', ['-C', dir, ...args], { encoding: 'utf8' }).trim();
      expect([git('rev-parse', 'HEAD'), git('describe'), git('config', 'remote.origin.url')]).toEqual([
        commit,
        'v1',
        repository.url,
      ]);
      const sha256Of = await files.digestsOf(entries);
      return entries.map((entry) => `${entry.path} ${entry.type === 'file' ? sha256Of(entry) : ''}`);
    };
    expect(await of()).toEqual(await of());
  });

  it('brings its submodules along, without their .git', async () => {
    const [inner, outer] = [testRepository(), testRepository()];
    inner.commit({ deep: 'inner' });
    outer.commit({ f: 'outer' });
    outer.git('submodule', '--quiet', 'add', inner.url, 'sub');
    outer.commit({});
    const { get } = fetcher();
    expect((await get(outer.url)).lines.map((line) => line.split(' ')[0])).toEqual([
      '/.gitmodules',
      '/f',
      '/sub',
      '/sub/deep',
    ]);
  });

  it('fetches submodules by known protocols only, and runs nothing of a repository', async () => {
    const marker = join(tempDir(), 'ran');
    const outer = testRepository();
    outer.commit({ '.gitmodules': `[submodule "x"]\n\tpath = sub\n\turl = ext::sh -c "touch ${marker}"\n` });
    const inner = testRepository().commit({ f: '1' });
    outer.git('update-index', '--add', '--cacheinfo', `160000,${inner},sub`);
    outer.git('commit', '-q', '-m', 'x');
    const { get, home } = fetcher();
    await expect(get(outer.url)).rejects.toMatchObject({
      code: 'E_FETCH',
      message: expect.stringContaining("'ext' not allowed"),
    });
    expect(() => readFileSync(marker)).toThrow();
    expect(
      readdirSync(join(home, 'tare/solve/git'), { recursive: true }).filter((name) => String(name).includes('new-')),
    ).toEqual([]);
    const hooked = testRepository();
    hooked.commit({ '.gitattributes': '* filter=x\n', f: '1' });
    writeFileSync(join(hooked.dir, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    expect((await get(hooked.url)).lines).toHaveLength(2);
    expect(() => readFileSync(marker)).toThrow();
  });

  it('mends a cache that somebody left in the middle of a fetch', async () => {
    const repository = testRepository();
    repository.commit({ f: '1' });
    const { get, home } = fetcher();
    await get(repository.url);
    const dir = join(home, 'tare/solve/git', readdirSync(join(home, 'tare/solve/git'))[0] ?? '');
    writeFileSync(join(dir, 'busy'), '');
    writeFileSync(join(dir, 'repository.git/shallow.lock'), '');
    rmSync(join(dir, 'repository.git/objects'), { recursive: true });
    repository.commit({ f: '2' });
    expect((await get(repository.url)).lines).toEqual(['/f 644 0:0 1 2']);
  });

  it('may be wanted twice at once', async () => {
    const repository = testRepository();
    const commit = repository.commit({ f: '1' });
    const { get } = fetcher();
    const both = await Promise.all([
      get(repository.url),
      get(repository.url, { keepGitDir: true }),
      get(repository.url),
    ]);
    expect(both.map((got) => got.commit)).toEqual([commit, commit, commit]);
  });

  it('is given up with the build', async () => {
    const stop = new AbortController();
    const server = createTcpServer(() => stop.abort());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { get } = fetcher({ ctx: createContext({ signal: stop.signal }) });
    await expect(get(`git://127.0.0.1:${port}/x`)).rejects.toMatchObject({ code: 'E_CANCELLED' });
  });

  it('over http: a token goes to its host, and into no message and no file', async () => {
    const repository = testRepository();
    repository.commit({ f: '1' });
    const asked: IncomingMessage[] = [];
    const token = 'very-secret-token';
    const login = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
    const server = createServer((request, response) => {
      asked.push(request);
      if (request.headers.authorization !== login)
        return response.writeHead(401, { 'www-authenticate': 'Basic realm=x' }).end();
      const url = new URL(request.url ?? '', 'http://x');
      const backend = spawn('git', ['http-backend'], {
        env: {
          PATH: process.env.PATH,
          GIT_PROJECT_ROOT: repository.dir,
          GIT_HTTP_EXPORT_ALL: '1',
          PATH_INFO: url.pathname.replace('/r.git', '/.git'),
          QUERY_STRING: url.search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers['content-type'],
          GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
          HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
          REMOTE_USER: 'x',
        },
      });
      request.pipe(backend.stdin);
      const chunks: Buffer[] = [];
      backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      backend.on('close', () => {
        const all = Buffer.concat(chunks);
        const cut = all.indexOf('\r\n\r\n');
        const headers = all
          .subarray(0, cut)
          .toString('latin1')
          .split('\r\n')
          .map((line) => line.split(': '));
        for (const [name = '', value = ''] of headers) if (name !== 'Status') response.setHeader(name, value);
        response.end(all.subarray(cut + 4));
      });
      return undefined;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r.git`;
    const secrets = new Map([['GIT_AUTH_TOKEN', Buffer.from(token)]]);
    const { get, home } = fetcher({ secrets });
    expect((await get(url, { keepGitDir: true })).lines).toContain('/f 644 0:0 0 1');
    expect((await get(url.replace('//', `//x-access-token:${token}@`))).lines).toEqual(['/f 644 0:0 0 1']);
    // 1: found nothing.
    expect(spawnSync('grep', ['-rlF', '-e', token, '-e', login, home], { encoding: 'utf8' })).toMatchObject({
      status: 1,
      stdout: '',
    });
    expect(asked.length).toBeGreaterThan(3);
  });

  it('over http: without credentials says how to give them', async () => {
    const server = createServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm=x' }).end(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://me:hidden@127.0.0.1:${(server.address() as AddressInfo).port}/r.git`;
    const error = await fetcher()
      .get(url)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'E_FETCH', hint: expect.stringContaining('GIT_AUTH_TOKEN') });
    expect(String(error)).not.toContain('hidden');
  });

  it('over git://', async () => {
    const repository = testRepository();
    const commit = repository.commit({ f: '1' });
    const probe = createTcpServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const daemon = spawn(
      'git',
      ['daemon', '--listen=127.0.0.1', `--port=${port}`, '--export-all', `--base-path=${repository.dir}`],
      { stdio: 'ignore', detached: true },
    );
    onTestFinished(async () => {
      const gone = once(daemon, 'exit');
      process.kill(-(daemon.pid ?? 0), 'SIGKILL');
      await gone;
    });
    for (let up = false; !up;) {
      const socket = connect(port, '127.0.0.1');
      up = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => setTimeout(() => resolve(false), 50));
      });
      socket.destroy();
    }
    expect((await fetcher().get(`git://127.0.0.1:${port}/.git`, { ref: commit })).lines).toEqual(['/f 644 0:0 0 1']);
  });
});
