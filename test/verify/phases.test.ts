import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { RunConfig } from '../../src/oci/types.ts';
import { calm } from '../../src/verify/calm.ts';
import { observeImage, type Drive, type ObservedRun } from '../../src/verify/observe.ts';
import { needs } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { sandboxIn } from '../helpers/sandboxes.ts';
import { imageOfConfig } from '../helpers/test-image.ts';

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

async function phasesOf(code: string, drive: Partial<Drive>, config: RunConfig = {}): Promise<Record<string, string>> {
  const { sandbox } = await sandboxIn({ runtime: 'crun' });
  const run: ObservedRun = await observeImage({
    image: imageOfConfig({ Entrypoint: ['/bin/node', '-e', code], ...config }),
    rootfs: async () => ({ dir: root.dir, release: async () => undefined }),
    sandbox,
    drive: { probes: [], crawl: false, exec: [], ...drive },
    trace: { syscalls: false },
    ctx: createContext(),
  });
  expect([...run.outcomes, ...run.exec].filter(({ ok }) => !ok)).toEqual([]);
  const rows = run.observation?.paths.filter(({ path }) => path.startsWith('/x')) ?? [];
  return Object.fromEntries(rows.map(({ path, phase }) => [path, phase]));
}

/** Looks for five files, one every 60 ms. */
const FIVE =
  'const five = (name, n = 0) => { fs.existsSync(name + n); if (n < 4) setTimeout(five, 60, name, n + 1); };';
const five = (name: string, phase: string): Record<string, string> =>
  Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`${name}${n}`, phase]));

describe.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('phases', () => {
  it.each<[how: string, drive: Partial<Drive>]>([
    ['probes', { probes: [{ http: { port: 80, path: '/' } }] }],
    ['a crawl', { crawl: true }],
  ])('what workers load when the port is open already is the start, with %s', async (_how, drive) => {
    const code = `${FIVE} require('http').createServer((q, s) => { fs.existsSync('/x-asked'); s.end('ok'); }).listen(80, () => five('/x-start'));`;
    expect(await phasesOf(code, drive, { ExposedPorts: { '80/tcp': {} } })).toEqual({
      ...five('/x-start', 'start'),
      '/x-asked': 'http GET 80/',
    });
  });

  it('what goes on beside the answer belongs to the question', async () => {
    const code = `require('http').createServer((q, s) => { let n = 0;
      const go = () => { fs.existsSync('/x' + q.url.slice(1) + n++); if (n < 5) setTimeout(go, 1); }; go(); s.end('ok'); }).listen(80);`;
    const probes = ['a', 'b', 'c'].map((name) => ({ http: { port: 80, path: `/${name}` } }));
    expect(await phasesOf(code, { probes })).toEqual({
      ...five('/xa', 'http GET 80/a'),
      ...five('/xb', 'http GET 80/b'),
      ...five('/xc', 'http GET 80/c'),
    });
  });

  it('what a program does before it says so is its start', async () => {
    const code = `${FIVE} five('/x'); setTimeout(() => console.log('ready'), 500); setInterval(() => 1, 1000);`;
    expect(await phasesOf(code, { probes: [{ log: { match: 'ready' } }] })).toEqual(five('/x', 'start'));
  });

  it('a command in a container of its own is one phase', async () => {
    const command = ['/bin/node', '-e', 'fs.existsSync("/x-own"); fs.existsSync("/x-both")'];
    expect(await phasesOf(`fs.existsSync('/x-both')`, { exec: [command] })).toEqual({
      '/x-both': 'start',
      '/x-own': `exec ${command.join(' ')}`,
    });
  });
});

describe('calm', () => {
  /** A program that is quiet from the given number of pauses on. */
  const program = (busyPauses: number) => {
    const pauses: number[] = [];
    const waits = calm({
      progress: async () => ({ paths: 1, quietMs: pauses.length < busyPauses ? 0 : 1000 }),
      async pause(ms) {
        pauses.push(ms);
        await sleep(ms);
      },
      over: () => false,
    });
    return { pauses, ...waits };
  };

  it('waits as long as there is news, and at least for what may be beginning', async () => {
    const { idleMs, pauses, reached } = program(2);
    await reached();
    expect(pauses).toEqual([300, 300]);
    expect(idleMs()).toBeGreaterThanOrEqual(600 - 2);
    await reached();
    expect(pauses.length).toBeGreaterThan(2);
    expect(Math.max(...pauses.slice(2))).toBeLessThanOrEqual(15);
  });

  it('gives up on a program that always does something new', async () => {
    const { pauses, reached } = program(Infinity);
    for (let time = 0; time < 3; time += 1) await reached();
    const before = pauses.length;
    await reached();
    expect(pauses).toHaveLength(before);
  });

  it('does not wait for a program that nobody watches, or that has ended', async () => {
    const never = (): never => expect.unreachable();
    const progress = async () => ({ paths: 1, quietMs: 0 });
    await calm({ progress: async () => undefined, pause: never, over: () => false }).reached();
    await calm({ progress, pause: never, over: () => true }).reached();
  });
});
