import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftoversBelow, until } from '../../helpers/leftovers.ts';
import { needs } from '../../helpers/needs.ts';
import { makeNodeRoot } from '../../helpers/rootfs.ts';
import { nodeSpec, outputOf, sandboxIn } from '../../helpers/sandboxes.ts';

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

const TICK = `setInterval(() => fs.existsSync('/tick'), 5); process.on('SIGTERM', () => process.exit(3)); console.log('up');`;
const traced = { trace: { syscalls: false } };

/** The process that watches for containers whose folders are below `dir`. */
function watcherBelow(dir: string): number {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isWatcher(name, dir));
  return Number(found[0]);
}

function isWatcher(pid: string, dir: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    return command[1]?.endsWith('trace/watcher.js') === true && command[2]?.startsWith(dir) === true;
  } catch {
    return false; // Ended meanwhile.
  }
}

describe.each(['crun', 'runc'] as const)('an observed container of %s', (runtime) => {
  const available = needs(runtime, 'unshare', 'nsenter', 'ldd');

  it.skipIf(!available)('tells what it saw although a phase is marked just when the container has ended', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const running = await sandbox.start(nodeSpec(root.dir, 'setTimeout(() => process.exit(1), 100)', traced));
    // Nobody reads meanwhile, as in a process that has much to do.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    await running.mark('late');
    expect((await running.observation()).paths.length).toBeGreaterThan(5);
    expect(await running.wait()).toEqual({ code: 1 });
  });

  it.skipIf(!available)('tells phases apart, and sees what is executed in it', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const running = await sandbox.start(nodeSpec(root.dir, TICK, traced));
    await running.mark('first');
    const ask = (name: string): string[] => ['node', '--eval', `fs.existsSync('/asked-${name}'); console.log(1)`];
    expect(await running.exec(ask('a'))).toMatchObject({ exit: { code: 0 }, stdout: '1\n' });
    await running.mark('second, "quoted"\nü');
    const several = await Promise.all(['b', 'c', 'd'].map((name) => running.exec(ask(name))));
    expect(several.map(({ exit }) => exit.code)).toEqual([0, 0, 0]);
    expect(await running.exec(['absent-program'])).toMatchObject({ exit: { code: 127 } });
    await running.mark('first');
    await running.exec(ask('e'));
    expect(await running.stop(30_000)).toEqual({ code: 3 });
    await running.mark('after the end');
    const { incomplete, paths } = await running.observation();
    const asked = paths.filter(({ path }) => path.startsWith('/asked-'));
    expect(asked.map(({ by, path, phase }) => [path, by.join(), phase])).toEqual([
      ['/asked-a', '/bin/node', 'first'],
      ['/asked-b', '/bin/node', 'second, "quoted"\nü'],
      ['/asked-c', '/bin/node', 'second, "quoted"\nü'],
      ['/asked-d', '/bin/node', 'second, "quoted"\nü'],
      ['/asked-e', '/bin/node', 'first'],
    ]);
    expect(paths.find(({ path }) => path === '/bin/node')).toMatchObject({
      phase: 'start',
      how: expect.arrayContaining(['exec']),
    });
    expect(paths.some(({ path }) => path.includes('absent-program'))).toBe(false);
    expect(incomplete).toBeUndefined();
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('tells how far it has come while it runs', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const running = await sandbox.start(nodeSpec(root.dir, TICK, traced));
    for await (const _ of running.output) break;
    const paths = async (): Promise<number> => (await running.progress())?.paths ?? 0;
    const before = await paths();
    expect(before).toBeGreaterThan(5);
    await running.exec(['node', '--eval', 'fs.existsSync("/asked-while-it-runs")']);
    expect(await paths()).toBeGreaterThan(before);
    await until(() => running.processorMs() > 0);
    const several = await Promise.all([running.progress(), running.mark('x'), running.progress()]);
    expect(several).toEqual([expect.objectContaining({ quietMs: expect.any(Number) }), undefined, expect.anything()]);
    await running.stop(30_000);
    expect(await running.progress()).toBeUndefined();
    expect(running.processorMs()).toBe(0);
  });

  it.skipIf(!available)('is as contained as any other', async () => {
    const { sandbox } = await sandboxIn({ runtime });
    const facts = `const status = fs.readFileSync('/proc/self/status', 'utf8');
      console.log([/^Seccomp:\\s+(\\d)/m.exec(status)[1], /^NoNewPrivs:\\s+(\\d)/m.exec(status)[1], /^TracerPid:\\s+(\\d)/m.exec(status)[1]].join());`;
    const running = await sandbox.start(nodeSpec(root.dir, facts, traced));
    expect((await outputOf(running)).stdout).toBe('2,1,0\n');
  });

  it.skipIf(!available)('ends at once when its watcher does', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const running = await sandbox.start(nodeSpec(root.dir, TICK, traced));
    process.kill(watcherBelow(dir), 'SIGKILL');
    await expect(running.wait()).rejects.toMatchObject({ code: 'E_TRACER' });
    await expect(running.observation()).rejects.toMatchObject({ code: 'E_TRACER' });
    // Its program may have met the failing calls before it was killed.
    expect((await running.stop(0)).code).not.toBe(0);
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('is observed until it is killed', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const running = await sandbox.start(nodeSpec(root.dir, TICK, traced));
    for await (const _ of running.output) break;
    await running.stop(0);
    const { paths } = await running.observation();
    expect(paths.map(({ path }) => path)).toContain('/bin/node');
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it.skipIf(!available)('reports a program that is not there as ever', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    await expect(sandbox.start(nodeSpec(root.dir, '', { ...traced, args: ['/absent'] }))).rejects.toMatchObject({
      code: 'E_ENTRYPOINT',
    });
    await until(() => leftoversBelow(dir).length === 0);
  });

  it.skipIf(!available)('can be interrupted while it starts', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime });
    const controller = new AbortController();
    const starting = sandbox.start(nodeSpec(root.dir, TICK, traced), controller.signal);
    setTimeout(() => controller.abort(), 30);
    await expect(starting).rejects.toMatchObject({ code: 'E_CANCELLED' });
    await until(() => leftoversBelow(dir).length === 0);
  });
});

it.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('says when nobody observed', async () => {
  const { sandbox } = await sandboxIn({ runtime: 'crun' });
  const running = await sandbox.start(nodeSpec(root.dir, ''));
  await running.mark('nothing happens');
  await running.wait();
  await expect(running.observation()).rejects.toMatchObject({ code: 'E_USAGE' });
});

it.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('serves names that are too long for a socket', async () => {
  const { dir, sandbox } = await sandboxIn({ runtime: 'crun', below: 'x'.repeat(150) });
  const running = await sandbox.start(nodeSpec(root.dir, 'fs.existsSync("/asked")', traced));
  await running.wait();
  expect((await running.observation()).paths.map(({ path }) => path)).toContain('/asked');
  expect(leftoversBelow(join(dir))).toEqual([]);
});
