import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { compareRuns } from '../../src/verify/compare-runs.ts';
import { observeImage, type Drive, type ObservedRun } from '../../src/verify/observe.ts';
import { leftoversBelow } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { sandboxIn } from '../helpers/sandboxes.ts';
import { imageOfConfig } from '../helpers/test-image.ts';

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

const WORK = 'const work = (ms) => { const end = Date.now() + ms; while (Date.now() < end); };';
const STAYS = 'setInterval(() => 1, 1000);';

async function watched(
  code: string,
  drive: Partial<Drive> = {},
  { timeoutMs = 20_000, traced = true } = {},
): Promise<ObservedRun> {
  const { dir, sandbox } = await sandboxIn({ runtime: 'crun' });
  const run = await observeImage({
    image: imageOfConfig({ Entrypoint: ['/bin/node', '-e', code] }),
    rootfs: async () => ({ dir: root.dir, release: async () => undefined }),
    sandbox,
    drive: { probes: [], crawl: false, exec: [], ...drive },
    timeoutMs,
    ...(traced ? { trace: { syscalls: false } } : {}),
    ctx: createContext(),
  });
  expect(leftoversBelow(dir)).toEqual([]);
  return run;
}

const asked = (run: ObservedRun): readonly string[] =>
  (run.observation?.paths ?? []).flatMap(({ path }) => (path.startsWith('/late') ? [path] : []));

describe.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('a program that nobody asks anything', () => {
  it.each<[what: string, code: string, paths: readonly string[]]>([
    ['works for long first', `${WORK} work(4500); fs.existsSync('/late')`, ['/late']],
    [
      'asks for one thing after the other',
      `let n = 0; const go = () => { fs.existsSync('/late' + n++); if (n < 4) setTimeout(go, 1500); }; go();`,
      ['/late0', '/late1', '/late2', '/late3'],
    ],
  ])('is watched to its end when it %s', async (_what, code, paths) => {
    const run = await watched(code);
    expect(asked(run)).toEqual(paths);
    expect(run).toMatchObject({ exit: { code: 0 }, outcomes: [{ name: 'starts', ok: true, answer: { exit: 0 } }] });
    expect(run.cutMs).toBeUndefined();
  });

  it.each([true, false])('is not waited for when it does nothing; traced: %s', async (traced) => {
    const run = await watched(STAYS, {}, { traced });
    expect(run.outcomes).toMatchObject([{ name: 'starts', ok: true }]);
    expect(run.exit).toBeUndefined();
    expect(run.cutMs).toBe(run.readyMs);
  });

  it('is watched also beside commands', async () => {
    const run = await watched(`setTimeout(() => fs.existsSync('/late'), 2000); ${STAYS}`, {
      exec: [['/bin/node', '-v']],
    });
    expect(run.exec).toMatchObject([{ ok: true }]);
    expect(asked(run)).toEqual(['/late']);
    expect(run).toMatchObject({ outcomes: [], cutMs: run.readyMs });
  });

  it('has no more than all the time there is', async () => {
    expect((await watched(`${WORK} work(60_000)`, {}, { timeoutMs: 1500 })).cutMs).toBeGreaterThanOrEqual(1500);
  });

  it('may be watched for a given time', async () => {
    const quiet = await watched(`setTimeout(() => fs.existsSync('/late'), 200); ${STAYS}`, { observeMs: 4000 });
    expect(quiet.cutMs).toBeUndefined();
    expect(asked(quiet)).toEqual(['/late']);
    const busy = await watched(`let n = 0; setInterval(() => fs.existsSync('/new' + n++), 100);`, { observeMs: 1200 });
    expect(busy.cutMs).toBeGreaterThanOrEqual(1200);
  });

  it('gets, in another image, the time that the original took', async () => {
    const slow = 'setTimeout(() => process.exit(3), 4500)';
    expect(await watched(slow, { watchMs: Infinity }, { traced: false })).toMatchObject({ exit: { code: 3 } });
    const run = await watched(slow, { watchMs: 500 }, { traced: false });
    expect(run.exit).toBeUndefined();
    expect(run.cutMs).toBeUndefined();
  });
});

describe.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('a program that ends with an exit code of its own', () => {
  const ends = (code: string, anyExit = true): Promise<ObservedRun> =>
    watched(code, { anyExit, watchMs: Infinity }, { traced: false });

  it('has answered by that, and is compared by it', async () => {
    const usage = `console.log('usage: tool FILE'); process.exit(64)`;
    const original = await ends(usage);
    expect(original).toMatchObject({
      outcomes: [{ name: 'starts', ok: true, answer: { exit: 64 } }],
      exit: { code: 64 },
    });
    expect(compareRuns(original, await ends(usage), 'auto')).toMatchObject({ ok: true });
    for (const other of [
      `console.log('usage: tool FILE'); process.exit(1)`,
      `process.exit(64)`,
      usage.replace('64', '0'),
    ])
      expect(compareRuns(original, await ends(other), 'auto')).toMatchObject({ ok: false, doubtful: false });
    expect((await ends(usage, false)).outcomes).toMatchObject([{ ok: false, answer: { exit: 64 } }]);
  });

  it.each([
    ['was killed', `process.kill(process.pid, 'SIGABRT'); process.abort()`],
    ['tells that its program is not there', 'process.exit(127)'],
    ['tells that its program may not be executed', 'process.exit(126)'],
  ])('has not when it %s', async (_what, code) => {
    expect((await ends(code)).outcomes).toMatchObject([{ name: 'starts', ok: false }]);
  });
});
