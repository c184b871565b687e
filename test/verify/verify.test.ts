import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { TareEvent } from '../../src/base/events.ts';
import type { RunConfig } from '../../src/oci/types.ts';
import { probeOfValue } from '../../src/sandbox/probes/parse.ts';
import { verifyImage, type VerifyImageOptions } from '../../src/verify/verify.ts';
import { leftoversBelow } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { sandboxIn } from '../helpers/sandboxes.ts';
import { imageOfConfig } from '../helpers/test-image.ts';
import { addSite } from '../helpers/web-root.ts';

const available = needs('crun', 'unshare', 'nsenter', 'ldd');
const SERVER: RunConfig = {
  Entrypoint: ['/bin/node'],
  Cmd: ['/app/server.mjs'],
  User: '65532',
  ExposedPorts: { '8080/tcp': {} },
};
const script = (code: string, more: RunConfig = {}): RunConfig => ({ Entrypoint: ['/bin/node', '-e', code], ...more });

let root: ReturnType<typeof makeNodeRoot>;
let released = 0;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

const rootfs = async (): Promise<{ dir: string; release(): Promise<void> }> => ({
  dir: root.dir,
  release: async () => {
    released += 1;
  },
});

async function verified(config: RunConfig, options: Partial<VerifyImageOptions> = {}) {
  const { dir, sandbox } = await sandboxIn({ runtime: 'crun' });
  const events: TareEvent[] = [];
  const ctx = createContext({ onEvent: (event) => events.push(event) });
  released = 0;
  const result = await verifyImage({ image: imageOfConfig(config), rootfs, probes: [], sandbox, ctx, ...options });
  expect(leftoversBelow(dir)).toEqual([]);
  expect(released).toBeGreaterThanOrEqual(options.original === undefined ? 1 : 2);
  return { result, events };
}

describe.skipIf(!available)('verifyImage', () => {
  it('asks every kind of probe until it passes', async () => {
    const { events, result } = await verified(SERVER, {
      probes: [
        {
          http: {
            port: 8080,
            path: '/status',
            json: { status: 'OK', host: 'localhost:8080' },
            headers: { 'X-Powered-By': 'tare-test' },
          },
        },
        { http: { port: 8080, path: '/broken', status: 503, body: 'DOWN' } },
        { name: 'the port', tcp: { port: 8080 } },
        { command: { argv: ['node', '-p', 'process.getuid()'], output: '65532' } },
        { command: { argv: ['node', '-e', 'process.exit(4)'], exit: 4 } },
        { log: { match: '/listening on \\d+/' } },
      ],
    });
    expect(result).toMatchObject({ ok: true, missing: [], output: 'listening on 8080\n' });
    expect(result.probes.map(({ name, ok }) => [name, ok])).toEqual([
      ['http GET 8080/status', true],
      ['http GET 8080/broken', true],
      ['the port', true],
      ['command node -p process.getuid()', true],
      ['command node -e process.exit(4)', true],
      ['log /listening on \\d+/', true],
    ]);
    expect(result.exit).toBeUndefined();
    expect(result.startMs).toBeGreaterThan(0);
    expect(events.filter((event) => event.kind === 'probe.done')).toHaveLength(6);
    expect(events).toContainEqual({ kind: 'container.output', stream: 'stdout', text: 'listening on 8080\n' });
  });

  it('names every header that betrays the server, and every one that is missing', async () => {
    const betrayed = { port: 8080, path: '/status', absent: ['Server', 'x-powered-by'] };
    const { result } = await verified(SERVER, {
      timeoutMs: 2000,
      probes: [
        probeOfValue({ headers: { ...betrayed, present: { etag: true, Vary: 'Accept' } } }, 'p'),
        probeOfValue({ headers: { port: 8080, path: '/broken', status: 503, absent: ['Server'] } }, 'p'),
        probeOfValue({ headers: { port: 8080, path: '/status', absent: [], present: { 'x-powered-by': true } } }, 'p'),
      ],
    });
    expect(result.probes.map(({ name, ok, detail }) => [name, ok, detail])).toEqual([
      [
        'headers GET 8080/status',
        false,
        'header x-powered-by: expected none, got "tare-test"; header etag: expected any value, got none; header Vary: expected "Accept", got none',
      ],
      ['headers GET 8080/broken', true, undefined],
      ['headers GET 8080/status', true, undefined],
    ]);
  });

  it('compares with an original that betrays itself', async () => {
    const serving = (header: string): RunConfig => ({
      ...SERVER,
      Entrypoint: ['/bin/node', '-e', `require('http').createServer((_, r) => { ${header}; r.end('x') }).listen(8080)`],
      Cmd: [],
    });
    const [quiet, loud] = [serving(''), serving("r.setHeader('Server', 'loud/1.2')")];
    const probes = [probeOfValue({ headers: 8080 }, 'p')];
    const twice = async (config: RunConfig, original: RunConfig) =>
      (await verified(config, { probes, timeoutMs: 2000, original: imageOfConfig(original) })).result;
    expect((await twice(quiet, quiet)).probes).toMatchObject([{ ok: true, original: { ok: true } }]);
    expect((await twice(loud, quiet)).probes).toMatchObject([
      { ok: false, original: { ok: true }, detail: 'header Server: expected none, got "loud/1.2"' },
    ]);
  });

  it('says in words what is wrong', async () => {
    const { result } = await verified(SERVER, {
      timeoutMs: 3000,
      probes: [
        { http: { port: 8080, path: '/status', json: { status: 'DOWN' } } },
        { http: { port: 8080, path: '/broken' } },
        { http: { port: 8080, path: '/status', headers: { 'x-none': '1' } } },
        { http: { port: 9999, path: '/' } },
        { tcp: { port: 9999 } },
        { command: { argv: ['no-such-program'] } },
        { command: { argv: ['node', '-p', '1'], output: '2' } },
        { log: { match: 'never said' } },
      ],
    });
    expect(result.ok).toBe(false);
    expect(result.probes.map((probe) => probe.detail)).toEqual([
      '$.status: expected "DOWN", got "OK"',
      'status: expected below 400, got 503',
      'header x-none: expected "1", got none',
      'port 9999 does not accept connections',
      'port 9999 does not accept connections',
      expect.stringContaining('no-such-program'),
      'output: expected "2" in "1\\n"',
      'the output does not hold never said',
    ]);
  });

  it('fails at once when the program ends, with its last words and what they miss', async () => {
    const { result } = await verified(script(`console.error('about to fail'); require('pg')`), {
      timeoutMs: 3_600_000,
      probes: [{ http: { port: 8080, path: '/' } }, { log: { match: 'about to fail' } }],
    });
    expect(result).toMatchObject({ ok: false, missing: ['pg'], exit: { code: 1 } });
    expect(result.probes[0]?.detail).toMatch(/the container ended with exit code 1: .*/s);
    expect(result.output).toContain('about to fail');
  });

  it('gives its answer also when the program cannot be started at all', async () => {
    const { result } = await verified({ Entrypoint: ['/bin/missing'] }, { probes: [{ tcp: { port: 80 } }] });
    expect(result).toMatchObject({ ok: false, missing: ['/bin/missing'], exit: { code: 127 } });
    expect(result.probes).toMatchObject([
      { name: 'tcp 80', ok: false, detail: expect.stringContaining('/bin/missing') },
    ]);
  });

  it.each([
    ['stays up', 'setInterval(() => 1, 1000)', true, undefined],
    ['ends with success', '', true, undefined],
    ['ends with an error', 'process.exit(7)', false, 'the container ended with exit code 7'],
  ])('without probes a program that %s', async (_, code, ok, detail) => {
    const { result } = await verified(script(code));
    expect(result.probes).toMatchObject([{ name: 'starts', ok }]);
    expect(result.probes[0]?.detail).toBe(detail);
  });

  it('without probes tries the exposed ports', async () => {
    const { result } = await verified(SERVER);
    expect(result.probes).toMatchObject([{ name: 'tcp 8080', ok: true }]);
  });

  it('looks at the whole output of a program that has done its work', async () => {
    const { result } = await verified(
      script(`console.log('first'); console.log('x'.repeat(100000)); console.log('last')`),
      {
        probes: [
          { log: { match: 'first' } },
          { log: { match: 'last' } },
          { log: { match: 'other' } },
          { command: { argv: ['/bin/node', '-p', '6 * 7'], output: '42' } },
          { command: { argv: ['/bin/none'] } },
        ],
      },
    );
    expect(result.probes.map(({ ok }) => ok)).toEqual([true, true, false, true, false]);
    expect(result.exit).toEqual({ code: 0 });
    expect(result.output.length).toBe(4096);
  });

  it('compares with the original', async () => {
    const answering = (json: string, type = 'application/json', status = 200): RunConfig =>
      script(
        `require('http').createServer((_, r) => { r.writeHead(${status}, { 'content-type': '${type}' }); r.end(JSON.stringify(${json})); }).listen(8080)`,
      );
    const difference = async (here: RunConfig, there: RunConfig): Promise<string | undefined> => {
      const probes = [{ http: { port: 8080, path: '/' } }];
      const { result } = await verified(here, { probes, original: imageOfConfig(there), timeoutMs: 20_000 });
      expect(result.originalStartMs).toBeGreaterThan(0);
      expect(result.probes[0]?.original).toMatchObject({ ok: true });
      expect(result.ok).toBe(result.probes[0]?.difference === undefined);
      return result.probes[0]?.difference;
    };
    const plain = answering('{ at: Date.now(), list: [1] }');
    expect(await difference(plain, plain)).toBeUndefined();
    expect(await difference(answering('{ at: null, list: [1] }'), plain)).toBe(
      '$.at: the original has a number, this has null',
    );
    expect(await difference(answering('{}', 'text/plain'), answering('{}'))).toBe(
      'content type: the original answers application/json, this text/plain',
    );
    expect(await difference(answering('{}', 'application/json', 201), answering('{}'))).toBe(
      'status: the original answers 200, this 201',
    );
    expect(await difference({ Entrypoint: ['/bin/node', '/gone'] }, plain)).toBe('the original passes');
  });

  it('without probes asks what crawling the original finds', async () => {
    const [there, here] = [makeNodeRoot(), makeNodeRoot()];
    try {
      addSite(there.dir);
      addSite(here.dir);
      rmSync(join(here.dir, 'app/words.txt'));
      const config: RunConfig = { Entrypoint: ['/bin/node', '/app/site.mjs'], ExposedPorts: { '8080/tcp': {} } };
      const [original, image] = [
        imageOfConfig(config, 'whole'),
        imageOfConfig({ ...config, ExposedPorts: {} }, 'small'),
      ];
      const compared = async (root: { readonly dir: string }) => {
        const { result } = await verified(config, {
          image,
          original,
          rootfs: async (which) => ({
            dir: which === original ? there.dir : root.dir,
            release: async () => void (released += 1),
          }),
        });
        return result;
      };
      const alike = await compared(there);
      expect(alike.ok).toBe(true);
      expect(alike.probes.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['http GET 8080/', 'http GET 8080/site.css', 'http GET 8080/moved']),
      );
      const unlike = await compared(here);
      expect(unlike.ok).toBe(false);
      expect(unlike.probes.find(({ name }) => name === 'http GET 8080/moved')?.difference).toContain('500');
    } finally {
      there.remove();
      here.remove();
    }
  });

  it('ends when the context is cancelled', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime: 'crun' });
    const controller = new AbortController();
    const ctx = createContext({ signal: controller.signal, onEvent: () => controller.abort() });
    const waiting = verifyImage({
      image: imageOfConfig(SERVER),
      rootfs,
      probes: [{ tcp: { port: 9999 } }],
      sandbox,
      ctx,
    });
    await expect(waiting).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it('notices a file that is not there', async () => {
    const small = makeNodeRoot();
    try {
      const libraries = join(small.dir, 'lib/x86_64-linux-gnu');
      cpSync(join(small.dir, 'etc/passwd'), join(small.dir, 'etc/passwd-'));
      rmSync(libraries, { recursive: true, force: true });
      const { result } = await verified(SERVER, {
        rootfs: async () => ({ dir: small.dir, release: async () => void (released += 1) }),
      });
      if (process.arch !== 'x64') return;
      expect(result.ok).toBe(false);
      expect(result.missing.join()).toMatch(/\.so/);
    } finally {
      small.remove();
    }
  });
});
