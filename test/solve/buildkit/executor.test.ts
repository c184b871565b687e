import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import type { TareEvent } from '../../../src/base/events.ts';
import { pathOfText } from '../../../src/base/path.ts';
import { collectBytes } from '../../../src/base/streams.ts';
import type { Image } from '../../../src/oci/types.ts';
import {
  createBuildkitExecutor,
  type BuildkitExecutor,
  type BuildkitOptions,
} from '../../../src/solve/buildkit/executor.ts';
import type { ContextFiles } from '../../../src/solve/buildkit/inputs.ts';
import { vertexDigests } from '../../../src/solve/digest.ts';
import type { ExecMount, Vertex } from '../../../src/solve/types.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/types.ts';
import { treeOfImage } from '../../../src/tree/image-tree.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { canRunBuildkitd, mountsBelow, startBuildkitd, type Buildkitd } from './daemon.ts';
import { base, busyboxImage, copy, exec, graphOf, local, scratch } from './graphs.ts';

let daemon: Buildkitd;

describe.skipIf(!canRunBuildkitd())('a real buildkitd', () => {
  beforeAll(async () => {
    daemon = await startBuildkitd();
  });
  afterAll(async () => {
    await daemon.stop();
    expect(existsSync(daemon.dir)).toBe(false);
    expect(mountsBelow(daemon.dir)).toEqual([]);
  });

  it('says who it is', async () => {
    const { executor } = await setUp();
    expect(executor.description).toMatch(/^buildkitd v\d+\.\d+\.\d+ at unix:\/\/\/.*buildkitd\.sock$/);
  });

  it('builds from an image and a folder, with steps, copies, a merge, here-documents and a cache', async () => {
    const { build, image, store } = await setUp({
      files: {
        'src/main': 'main\n',
        'src/deep/notes.log': 'log\n',
        run: { content: 'x', mode: 0o755, uid: 7, gid: 8 },
      },
    });
    const cache: ExecMount = {
      kind: 'cache',
      target: '/cache',
      id: 'tare-test',
      sharing: 'locked',
      source: '/',
      readOnly: false,
      mode: 0o755,
      uid: 0,
      gid: 0,
    };
    const here: Vertex = {
      op: 'source',
      name: 'here',
      source: { kind: 'inline', files: { '/doc': 'a here-document\n' }, mode: 0o644 },
    };
    const made = exec(base(image), 'mkdir /w && echo made > /w/made && echo 1 >> /cache/count', { mounts: [cache] });
    const more = exec(made, 'echo 1 >> /cache/count; cat /cache/count > /w/count; cat /ctx/run > /w/bound', {
      mounts: [
        cache,
        { kind: 'bind', target: '/ctx', from: local, source: '/', readOnly: true },
        { kind: 'tmpfs', target: '/scratch' },
      ],
    });
    const copied = copy(more, {
      from: local,
      sources: ['/src', '/ru?', '/none*'],
      destination: '/app/',
      owner: 'app:50',
      exclude: ['**/*.log'],
    });
    const linked: Vertex = {
      op: 'merge',
      name: 'LINK',
      inputs: [copied, copy(scratch, { from: here, sources: ['/doc'], destination: '/linked/', mode: '600' })],
    };
    const result = await build(linked, ['RUN one', 'RUN two', 'COPY src', 'COPY --link doc']);
    expect(await filesOf(result, store, ['/w', '/app', '/linked'])).toMatchInlineSnapshot(`
      {
        "/app/": "0755 1000:50",
        "/app/deep/": "0755 1000:50",
        "/app/main": "0644 1000:50 "main\\n"",
        "/app/run": "0755 1000:50 "x"",
        "/linked/": "0600 0:0",
        "/linked/doc": "0600 0:0 "a here-document\\n"",
        "/w/": "0755 0:0",
        "/w/bound": "0644 0:0 "x"",
        "/w/count": "0644 0:0 "1\\n1\\n"",
        "/w/made": "0644 0:0 "made\\n"",
      }
    `);
    expect(result.config).toEqual({
      architecture: 'amd64',
      os: 'linux',
      config: graphOf(scratch, []).config.config,
      history: [
        { created_by: 'the base' },
        ...['RUN one', 'RUN two', 'COPY src', 'COPY --link doc'].map((row) => ({
          created_by: row,
          comment: 'buildkit.dockerfile.v0',
        })),
      ],
      rootfs: { type: 'layers', diff_ids: expect.arrayContaining([...image.config.rootfs.diff_ids]) as string[] },
    });
    expect(result.manifest.layers).toHaveLength(5);
    expect(result.manifest.layers[0]).toEqual(image.manifest.layers[0]);
  });

  it('keeps the folders of a source, and modes in words', async () => {
    const { build, store } = await setUp({ files: { 'a/b/c': '1', 'a/b/d': '2', 'a/x': '3' } });
    const parents = copy(scratch, {
      from: local,
      sources: ['/a/./b/c', '/a/x'],
      destination: '/p/',
      parents: true,
      mode: 'u=rwX,go=',
    });
    expect(await filesOf(await build(parents, ['COPY']), store, ['/'])).toMatchInlineSnapshot(`
      {
        "/p/": "0755 0:0",
        "/p/a/": "0700 0:0",
        "/p/a/x": "0600 0:0 "3"",
        "/p/b/": "0700 0:0",
        "/p/b/c": "0600 0:0 "1"",
      }
    `);
  });

  it('runs nothing twice, unless asked to', async () => {
    const { build, events, image, options } = await setUp();
    const vertex = exec(base(image), 'cat /proc/uptime > /when');
    const first = await build(vertex, ['RUN']);
    events.length = 0;
    expect((await build(vertex, ['RUN'])).descriptor).toEqual(first.descriptor);
    expect(doneOf(events).find((event) => event.name.startsWith('RUN'))).toMatchObject({ cached: true });
    const anew = await opened({ ...options, noCache: true });
    expect((await anew.solve(graphOf(vertex, ['RUN']), createContext())).descriptor).not.toEqual(first.descriptor);
  });

  it('tells what happens, each step once', async () => {
    const { build, events, image } = await setUp();
    const vertex = exec(base(image), 'echo out; echo err >&2; sleep 0.1; echo more');
    await build(vertex, ['RUN']);
    const steps = doneOf(events).filter((event) => /^(FROM|RUN)/.test(event.name));
    expect(steps.map(({ cached, name }) => [name.split(' ')[0], cached])).toEqual([
      ['FROM', false],
      ['RUN', false],
    ]);
    expect(steps[1]?.seconds).toBeGreaterThanOrEqual(0.1);
    const logs = events.flatMap((event) => (event.kind === 'vertex.log' ? [event] : []));
    const text = (stream: string): string =>
      Buffer.concat(logs.filter((log) => log.stream === stream).map((log) => log.bytes)).toString();
    expect(text('stdout')).toBe('out\nmore\n');
    expect(text('stderr')).toBe('err\n');
    // The digest is ours, as every executor tells it, not that of the daemon.
    expect(steps.map((step) => step.digest)).toEqual([base(image), vertex].map(vertexDigests()));
    expect(new Set(logs.map((log) => log.digest))).toEqual(new Set([steps[1]?.digest]));
  });

  it('says which step failed, how, and its last 20 lines', async () => {
    const { build, image, store } = await setUp({ files: { x: '' } });
    const script = 'i=0; while test $i -lt 30; do i=$((i+1)); echo line $i; done; exit 7';
    const before = await blobsOf(store);
    const error = await failureOf(
      build(
        copy(exec(base(image), script, { name: '[2/3] RUN loop' }), { from: local, sources: ['/x'], destination: '/' }),
        ['RUN', 'COPY'],
      ),
    );
    expect(error).toMatchObject({ code: 'E_STEP' });
    expect(error.message).toMatch(
      /^\[2\/3\] RUN loop: process ".*" did not complete successfully: exit code: 7\nline 11\n[^]*line 30$/,
    );
    // What was packed for the daemon may be there; a result is not.
    expect((await blobsOf(store)) - before).toBeLessThanOrEqual(3);
    await build(exec(base(image), 'true'), ['RUN']);
  });

  it('says that a source is missing', async () => {
    const { build, image } = await setUp({ files: { x: '' } });
    const error = await failureOf(
      build(copy(base(image), { from: local, sources: ['/nowhere'], destination: '/' }), ['COPY']),
    );
    expect(error).toMatchObject({
      code: 'E_STEP',
      message: 'COPY /nowhere /: "/nowhere": not found',
    });
  });

  it('names the rule that hides a missing source', async () => {
    const rule = { file: '.dockerignore', line: 3, text: '*.key', pattern: '*.key', exception: false };
    const { build } = await setUp({ hiddenBy: (path) => (path === '/a.key' ? rule : undefined) });
    const error = await failureOf(
      build(copy(scratch, { from: local, sources: ['/a.key'], destination: '/' }), ['COPY']),
    );
    expect(error).toMatchObject({ code: 'E_STEP', hint: '/a.key is hidden by .dockerignore:3: *.key' });
  });

  it('makes no file of a new layer younger than the epoch', async () => {
    const { build, image, store } = await setUp({ epoch: 1000 });
    const result = await build(exec(base(image), 'echo x > /x'), ['RUN']);
    expect((await treeOfImage(result, store)).tree.get(pathOfText('/x'))?.mtime).toBe(1000);
    expect(result.manifest.layers[0]).toEqual(image.manifest.layers[0]);
  });

  it.skipIf(!needs('gcc'))('lets a step talk to an agent of this machine', async () => {
    const dir = tempDir();
    const path = join(dir, 'agent.sock');
    const agent = createServer((socket) => void socket.once('data', (data) => socket.end(`heard ${data.toString()}`)));
    await new Promise<void>((resolve) => agent.listen(path, resolve));
    onTestFinished(() => void agent.close());
    writeFileSync(join(dir, 'ask.c'), ASK_SOURCE);
    execFileSync('gcc', ['-static', '-O1', '-o', join(dir, 'ask'), join(dir, 'ask.c')]);
    const { build, image, store } = await setUp({
      files: { ask: { content: readFileSync(join(dir, 'ask')), mode: 0o755 } },
      agentOf: (id) => (id === 'mine' ? path : undefined),
    });
    const mounts: ExecMount[] = [
      { kind: 'ssh', id: 'mine', target: '/run/agent', required: true, mode: 0o600, uid: 0, gid: 0 },
      { kind: 'bind', target: '/tools', from: local, source: '/', readOnly: true },
    ];
    const script = 'stat -c %F:%a $SSH_AUTH_SOCK > /kind; /tools/ask $SSH_AUTH_SOCK > /answer';
    const result = await build(exec(base(image), script, { mounts }), ['RUN']);
    expect(await filesOf(result, store, ['/kind', '/answer'])).toEqual({
      '/answer': '0644 0:0 "heard hello"',
      '/kind': '0644 0:0 "socket:600\\n"',
    });
  });

  it('stops in the middle', async () => {
    const { executor, image } = await setUp();
    const stop = new AbortController();
    const marker = `sleep 98${Math.floor(Math.random() * 1e6)}`;
    const onEvent = (event: TareEvent): void => {
      if (event.kind === 'vertex.log') stop.abort();
    };
    const context = createContext({ signal: stop.signal, onEvent });
    const error = await failureOf(
      executor.solve(graphOf(exec(base(image), `echo started; ${marker}`), ['RUN']), context),
    );
    expect(error).toMatchObject({ code: 'E_CANCELLED' });
    await expect.poll(() => isRunning(marker), { timeout: 20_000 }).toBe(false);
    const early = executor.solve(
      graphOf(exec(base(image), 'true'), ['RUN']),
      createContext({ signal: AbortSignal.abort() }),
    );
    expect(await failureOf(early)).toMatchObject({ code: 'E_CANCELLED' });
  });

  it('hands out secrets that a step asks for, and leaves them nowhere', async () => {
    const secret = randomBytes(24).toString('hex');
    const asked: string[] = [];
    const { build, events, image, store } = await setUp({
      secretOf: (id) => {
        asked.push(id);
        return Promise.resolve(id === 'token' ? Buffer.from(secret) : undefined);
      },
    });
    const mounts: ExecMount[] = [
      {
        kind: 'secret',
        id: 'token',
        target: '/run/secrets/token',
        env: 'TOKEN',
        required: true,
        mode: 0o440,
        uid: 0,
        gid: 1001,
      },
      { kind: 'secret', id: 'other', target: '/run/secrets/other', required: false, mode: 0o400, uid: 0, gid: 0 },
    ];
    const script =
      'test "$(cat /run/secrets/token)" = "$TOKEN" && test ! -e /run/secrets/other && echo -n $TOKEN | wc -c > /size && stat -c %a:%g /run/secrets/token > /attributes';
    const result = await build(exec(base(image), script, { mounts }), ['RUN']);
    expect(await filesOf(result, store, ['/size', '/attributes'])).toEqual({
      '/attributes': '0644 0:0 "440:1001\\n"',
      '/size': '0644 0:0 "48\\n"',
    });
    expect(new Set(asked)).toEqual(new Set(['token', 'other']));
    expect(JSON.stringify(events)).not.toContain(secret);
    expect(daemon.log()).not.toContain(secret);
    for (const digest of readdirSync(`${store.home}/blobs/sha256`))
      expect(readFileSync(`${store.home}/blobs/sha256/${digest}`).includes(secret)).toBe(false);
  });

  it('names the step that lacks a secret or an agent before anything is built', async () => {
    const { build, image } = await setUp();
    const rest = { required: true, mode: 0o400, uid: 0, gid: 0 };
    for (const mount of [
      { kind: 'secret', id: 'k', target: '/k', ...rest },
      { kind: 'ssh', id: 'k', target: '/k', ...rest },
    ] as const) {
      const error = await failureOf(build(exec(base(image), 'true', { name: 'RUN with k', mounts: [mount] }), ['RUN']));
      expect(error).toMatchObject({
        code: 'E_SECRET',
        message: expect.stringMatching(/^RUN with k needs .*"k"$/) as string,
      });
    }
  });

  it('refuses to give a step rights that the daemon was not started with', async () => {
    const { build, image } = await setUp();
    const error = await failureOf(build(exec(base(image), 'true', { network: 'host' }), ['RUN']));
    expect(error).toMatchObject({ code: 'E_ENGINE', hint: expect.stringContaining('network.host') as string });
  });

  it('gives rows to layers without a row, and none to an empty file system', async () => {
    const { build, image } = await setUp();
    const fewer = await build(exec(exec(base(image), 'echo 1 > /1'), 'echo 2 > /2'), ['only one']);
    expect(fewer.config.history).toHaveLength(3);
    expect(fewer.config.history?.[2]).not.toHaveProperty('created');
    const more = await build(base(image), ['there is no layer for this']);
    expect(more.config.history?.[1]).toMatchObject({ empty_layer: true });
    const nothing = await build(scratch, ['nor for this']);
    expect(nothing.manifest.layers).toEqual([]);
    expect(nothing.config.history?.every((row) => row.empty_layer === true)).toBe(true);
  });

  it('carries large files both ways, compressed as asked', async () => {
    const content = randomBytes(24 * 1024 * 1024);
    const { build, store } = await setUp({ files: { big: content }, compression: 'zstd' });
    const result = await build(copy(scratch, { from: local, sources: ['/big'], destination: '/' }), ['COPY']);
    expect(result.manifest.layers[0]?.mediaType).toMatch(/zstd$/);
    const { content: reader, tree } = await treeOfImage(result, store, undefined, { unpack: true });
    const entry = tree.get(pathOfText('/big'));
    expect(
      entry === undefined
        ? undefined
        : (await collectBytes(reader.stream(entry), 64 * 1024 ** 2, 'big')).equals(content),
    ).toBe(true);
  });

  it('does two builds at once', async () => {
    const { build, image } = await setUp();
    const results = await Promise.all(
      [1, 2].map((n) => build(exec(base(image), `sleep 0.2; echo ${n} > /n`), ['RUN'])),
    );
    expect(results[0]?.descriptor).not.toEqual(results[1]?.descriptor);
  });
});

/** Says hello to a unix socket, and prints the answer. */
const ASK_SOURCE = `
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sockaddr_un at = { .sun_family = AF_UNIX };
  char answer[256];
  ssize_t size;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (argc < 2 || fd < 0) return 1;
  strncpy(at.sun_path, argv[1], sizeof at.sun_path - 1);
  if (connect(fd, (struct sockaddr *)&at, sizeof at) || write(fd, "hello", 5) != 5) return 2;
  while ((size = read(fd, answer, sizeof answer)) > 0) if (write(1, answer, size) != size) return 3;
  return 0;
}
`;

interface SetUp extends Partial<BuildkitOptions> {
  readonly files?: Readonly<Record<string, MemoryFile>>;
  readonly hiddenBy?: ContextFiles['hiddenBy'];
}

/** An executor with a store of its own, closed when the test ends. */
async function setUp({ files = {}, hiddenBy = () => undefined, ...more }: SetUp = {}) {
  const store = await openStore({ home: tempDir() });
  const image = await busyboxImage(store);
  const options: BuildkitOptions = {
    address: daemon.address,
    store,
    imageOf: () => Promise.resolve(image),
    contextOf: () => Promise.resolve({ tree: memoryTree(files).tree, hiddenBy }),
    secretOf: () => Promise.resolve(undefined),
    agentOf: () => undefined,
    compression: 'gzip:1',
    ...more,
  };
  const events: TareEvent[] = [];
  const executor = await opened(options);
  const ctx = createContext({ onEvent: (event) => events.push(event) });
  const build = (target: Vertex, rows: readonly string[]): Promise<Image> => executor.solve(graphOf(target, rows), ctx);
  return { build, events, executor, image, options, store };
}

async function opened(options: BuildkitOptions): Promise<BuildkitExecutor> {
  const executor = await createBuildkitExecutor(options);
  onTestFinished(() => executor.close());
  return executor;
}

function doneOf(events: readonly TareEvent[]) {
  const names = new Map(
    events.flatMap((event) => (event.kind === 'vertex.started' ? [[event.digest, event.name]] : [])),
  );
  return events.flatMap((event) =>
    event.kind === 'vertex.done' ? [{ ...event, name: names.get(event.digest) ?? '' }] : [],
  );
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as Error,
  );
}

async function blobsOf(store: Store): Promise<number> {
  let count = 0;
  for await (const _blob of store.blobs.list()) count += 1;
  return count;
}

function isRunning(words: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(words);
      } catch {
        return false; // Ended meanwhile.
      }
    });
}

/** What is at and below some paths: mode, owner, and the text of files. */
async function filesOf(image: Image, store: Store, paths: readonly string[]): Promise<Record<string, string>> {
  const { content, tree } = await treeOfImage(image, store, undefined, { unpack: true });
  const found: Record<string, string> = {};
  for (const entry of tree.walk()) {
    if (!paths.some((path) => path === '/' || entry.path === path || entry.path.startsWith(`${path}/`))) continue;
    const text = entry.type === 'file' ? ` ${JSON.stringify(Buffer.from(await content.read(entry)).toString())}` : '';
    const type = entry.type === 'directory' ? '/' : '';
    found[`${entry.path}${type}`] = `${entry.mode.toString(8).padStart(4, '0')} ${entry.uid}:${entry.gid}${text}`;
  }
  return found;
}
