import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { TareEvent } from '../../src/base/events.ts';
import type { RunConfig } from '../../src/oci/types.ts';
import type { Observation } from '../../src/sandbox/types.ts';
import { treeOfDirectory } from '../../src/tree/directory.ts';
import { compareFairly, compareRuns, withAnswersOf } from '../../src/verify/compare-runs.ts';
import { missedPaths } from '../../src/verify/missed.ts';
import { observeImage, type Drive, type ObservedRun, type ObserveOptions } from '../../src/verify/observe.ts';
import { leftoversBelow, until } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { sandboxIn } from '../helpers/sandboxes.ts';
import { tempDir } from '../helpers/temp.ts';
import { imageOfConfig } from '../helpers/test-image.ts';
import { addSite } from '../helpers/web-root.ts';

const SITE: RunConfig = { Entrypoint: ['/bin/node', '/app/site.mjs'], ExposedPorts: { '8080/tcp': {} } };
const NOTHING: Drive = { probes: [], crawl: false, exec: [] };
const CRAWL: Drive = { ...NOTHING, crawl: true };
const script = (code: string, more: RunConfig = {}): RunConfig => ({ Entrypoint: ['/bin/node', '-e', code], ...more });

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
  addSite(root.dir);
});
afterAll(() => root.remove());

async function observed(
  config: RunConfig,
  drive: Partial<Drive>,
  options: Partial<ObserveOptions> & { readonly dir?: string } = {},
): Promise<{ run: ObservedRun; events: readonly TareEvent[] }> {
  const { dir, sandbox } = await sandboxIn({ runtime: 'crun' });
  const events: TareEvent[] = [];
  let released = 0;
  const run = await observeImage({
    image: imageOfConfig(config),
    rootfs: async () => ({ dir: options.dir ?? root.dir, release: async () => void (released += 1) }),
    sandbox,
    drive: { ...NOTHING, ...drive },
    ctx: createContext({ onEvent: (event) => events.push(event) }),
    ...options,
  });
  expect(leftoversBelow(dir)).toEqual([]);
  expect(released).toBe(1);
  return { run, events };
}

const statuses = (run: ObservedRun): readonly unknown[] =>
  run.probes.map((probe) => ('http' in probe ? `${probe.http.path} ${String(probe.http.status)}` : probe));

describe.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('observeImage', () => {
  it('crawls what an image exposes, and tells what each page answered', async () => {
    const { run } = await observed(SITE, CRAWL, { askAgain: true });
    expect(statuses(run)).toEqual([
      '/ 200',
      '/no-such-page-of-tare 404',
      '/openapi.json 200',
      '/site.css 200',
      '/list?page=1 302',
      '/dead 404',
      '/app.js 200',
      '/described 200',
      '/img/a.png 200',
      '/moved 200',
      '/api/items 200',
      '/api/items/2 200',
    ]);
    expect(run.outcomes.every((outcome) => outcome.ok && outcome.again?.length === 1)).toBe(true);
    expect(run.outcomes.map(({ name }) => name)).toContain('http GET 8080/api/items');
    expect(run).toMatchObject({ exec: [], output: 'listening\n' });
    expect(run.exit).toBeUndefined();
    expect(run.observation).toBeUndefined();
  });

  it('finds the same again, and what an image without a file does not answer', async () => {
    const { run: original } = await observed(SITE, CRAWL, { askAgain: true });
    const again = { probes: original.probes };
    const fair = async (small: ObservedRun) =>
      compareFairly({ original, small, mode: 'auto', again: async () => (await observed(SITE, again)).run });
    const { run: same } = await observed(SITE, again);
    expect(await fair(same)).toMatchObject({ ok: true });
    // What differs from one start to the next is only seen with a second run.
    expect(compareRuns(original, same, 'auto')).toMatchObject({ ok: false, doubtful: true });

    const small = makeNodeRoot();
    try {
      cpSync(join(root.dir, 'app/site.mjs'), join(small.dir, 'app/site.mjs'));
      const { run } = await observed(SITE, again, { dir: small.dir, patienceMs: 200 });
      const result = await fair(run);
      expect(result.ok).toBe(false);
      const different = result.compared.filter(({ difference }) => difference !== undefined && !difference.doubtful);
      expect(different).toMatchObject([
        { name: 'http GET 8080/moved', difference: { text: 'status: the original answers 200, this 500' } },
      ]);
      expect(run.output).toContain('/app/words.txt');
    } finally {
      small.remove();
    }
  });

  it('runs commands in the container and on the host, in order', async () => {
    const { events, run } = await observed(SITE, {
      probes: [{ http: { port: 8080, path: '/described', status: ['2XX', '5XX'] } }],
      exec: [['/bin/node', '-p', '6 * 7'], ['/bin/node', '-e', 'process.exit(3)'], ['/bin/none']],
      run: [
        process.execPath,
        '-e',
        `fetch(process.env.TARE_URL + '/described').then(async (r) => console.log(await r.text(), process.env.TARE_HOST, process.env.TARE_URL.endsWith(':' + process.env.TARE_PORT_8080)))`,
      ],
      observeMs: 300,
    });
    expect(statuses(run)).toEqual(['/described 200']);
    expect(run.exec).toMatchObject([
      { name: 'exec /bin/node -p 6 * 7', ok: true, answer: { exit: 0, stdout: { text: '42\n' } } },
      { ok: false, answer: { exit: 3 } },
      { ok: false, answer: { exit: 127 }, detail: expect.stringContaining('/bin/none') },
    ]);
    expect(run.run).toMatchObject({ name: expect.stringMatching(/^run /), ok: true });
    expect(events).toContainEqual({ kind: 'command.output', stream: 'stdout', text: '{"ok":true} 127.0.0.1 true\n' });
  });

  it('takes what a program did for the answer when there is nothing to ask', async () => {
    const done = script('console.log("done", 1)');
    const { run } = await observed(done, {});
    expect(run).toMatchObject({
      probes: [],
      outcomes: [{ name: 'starts', ok: true, answer: { exit: 0 } }],
      exit: { code: 0 },
    });
    const { run: other } = await observed(script('console.log("done", 2)'), {});
    expect(compareRuns(run, other, 'auto').compared[0]?.difference?.text).toContain('done 1');
    expect(compareRuns(withAnswersOf(run, other), other, 'auto').ok).toBe(true);
    const { run: failed } = await observed(script('process.exit(9)'), {});
    expect(compareRuns(run, failed, 'auto')).toMatchObject({ ok: false, doubtful: false });
    const { run: apart } = await observed(script('setInterval(Object, 1000)'), {
      exec: [['/bin/node', '-p', '1'], ['/none']],
      observeMs: 0,
    });
    expect(apart.exec).toMatchObject([{ ok: true }, { ok: false }]);
  });

  it.each<[what: string, config: RunConfig, drive: Partial<Drive>, outcome: object]>([
    [
      'never opens its port',
      script('setInterval(() => 1, 1000)', { ExposedPorts: { '80/tcp': {} } }),
      CRAWL,
      { name: 'tcp 80', ok: false, detail: 'port 80 does not accept connections' },
    ],
    [
      'crashes at once',
      script('throw new Error("no way")', { ExposedPorts: { '80/tcp': {} } }),
      CRAWL,
      { name: 'tcp 80', ok: false, detail: expect.stringContaining('exit code 1') },
    ],
    [
      'is not there',
      { Entrypoint: ['/none'], ExposedPorts: { '80/tcp': {} } },
      CRAWL,
      { ok: false, detail: expect.stringContaining('/none') },
    ],
    [
      'speaks something else',
      script(`require('net').createServer((s) => s.end('+PONG\\r\\n')).listen(80)`, { ExposedPorts: { '80/tcp': {} } }),
      CRAWL,
      { name: 'tcp 80', ok: true },
    ],
    [
      'writes without end',
      script('setInterval(() => { for (let i = 0; i < 50; i++) console.log("x".repeat(1e5)) }, 1)'),
      { observeMs: 500 },
      { name: 'starts', ok: true },
    ],
    [
      'ignores SIGTERM',
      script('process.on("SIGTERM", () => 1); setInterval(() => 1, 1000)'),
      {},
      { name: 'starts', ok: true },
    ],
    [
      'never answers',
      script(`require('http').createServer(() => undefined).listen(80)`),
      { probes: [{ http: { port: 80, path: '/' } }] },
      { ok: false, detail: expect.stringContaining('no answer within') },
    ],
    ['streams without end', SITE, { probes: [{ http: { port: 8080, path: '/events' } }] }, { ok: true }],
  ])('comes to an end with a program that %s', async (_, config, drive, outcome) => {
    const { run } = await observed(config, drive, { timeoutMs: 1500 });
    expect(run.outcomes).toMatchObject([outcome]);
  });

  it('leaves exposed ports alone that nobody listens on', async () => {
    const { events, run } = await observed({ ...SITE, ExposedPorts: { '8080/tcp': {}, '8443/tcp': {} } }, CRAWL);
    expect(run.outcomes.every(({ ok }) => ok)).toBe(true);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'warning', warning: expect.objectContaining({ code: 'port-closed' }) }),
    );
  });

  it('kills a test suite that does not end, with all that it has started', async () => {
    const file = join(tempDir(), 'pid');
    const suite = ['sh', '-c', `trap '' TERM; sleep 1000 & echo $! > ${file}; wait; sleep 1000`];
    const { run } = await observed(SITE, { run: suite }, { runTimeoutMs: 300 });
    expect(run.run).toMatchObject({ ok: false, detail: 'did not end within 300 ms' });
    // One that nobody has reaped yet is dead all the same: it has no command line.
    await until(() => commandOf(readFileSync(file, 'utf8').trim()) === '');
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

describe.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('a watched run', () => {
  it('tells by probe what a small image misses', async () => {
    const small = makeNodeRoot();
    try {
      cpSync(join(root.dir, 'app/site.mjs'), join(small.dir, 'app/site.mjs'));
      const probes = [
        { http: { port: 8080, path: '/described', status: 200 } },
        { http: { port: 8080, path: '/moved', status: 200 } },
      ];
      const options = { dir: small.dir, patienceMs: 100, trace: { syscalls: true } };
      const { run } = await observed(SITE, { probes, exec: [['/bin/node', '-p', '1']] }, options);
      expect(run.outcomes.map(({ ok }) => ok)).toEqual([true, false]);
      expect(run.observation?.syscalls).toContain('execve');
      expect(run.observation?.ports).toEqual([8080]);
      const [there, here] = await Promise.all([treeOfDirectory(root.dir), treeOfDirectory(small.dir)]);
      expect(missedPaths(run.observation as Observation, here, there)).toEqual([
        { path: '/app/words.txt', how: ['open'], by: ['/bin/node'], phase: 'http GET 8080/moved' },
      ]);
    } finally {
      small.remove();
    }
  });

  it('also sees programs that ran in containers of their own', async () => {
    const { run } = await observed(
      script(''),
      { exec: [['/bin/node', '-e', 'require("fs").readFileSync("/app/words.txt")']] },
      { trace: { syscalls: false } },
    );
    expect(run.exec).toMatchObject([{ ok: true }]);
    expect(run.observation?.paths.find(({ path }) => path === '/app/words.txt')).toMatchObject({ how: ['open'] });
  });
});
