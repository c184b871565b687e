import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { hexOf } from '../../../src/base/digest.ts';
import { pathOfText, ROOT } from '../../../src/base/path.ts';
import { openSnapshots, type Snapshots } from '../../../src/solve/local/snapshots.ts';
import { createTree } from '../../../src/tree/memory.ts';
import type { Entry } from '../../../src/tree/types.ts';
import { openImage } from '../../../src/transports/index.ts';
import { makeImage } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { file, folder, hostFile, symlink } from '../../helpers/pack.ts';
import { makeShellRoot } from '../../helpers/shell-root.ts';
import { idOf, openSteps, type Steps } from '../../helpers/steps.ts';
import { tempDir } from '../../helpers/temp.ts';

const available = process.getuid?.() === 0 && needs('crun', 'unshare', 'ldd', 'mknod');

let root: ReturnType<typeof makeShellRoot>;
beforeAll(() => {
  root = makeShellRoot();
});
afterAll(() => root?.remove());

const NO_TAR = (): Promise<string> => Promise.reject(new Error('no tar was meant to be asked for'));
const snapshotsIn = ({ home }: Steps): string => join(home, 'tare/solve/snapshots/all');
const namesIn = (steps: Steps): readonly string[] =>
  readdirSync(snapshotsIn(steps)).filter((name) => name.length === 64);

/** As another process of the same user would have it. */
async function others({ sandbox, store }: Steps): Promise<Snapshots> {
  const snapshots = await openSnapshots({ store, sandbox, ctx: createContext() });
  onTestFinished(() => snapshots.close());
  return snapshots;
}

describe('snapshots', () => {
  it.skipIf(!available)('of an image are unpacked once', async () => {
    const steps = await openSteps(root.dir);
    const layers = [
      [{ path: 'etc/' }, { path: 'etc/motd', content: 'one' }, { path: 'gone', content: '' }],
      [{ path: '.wh.gone' }, { path: 'etc/motd', content: 'two', uid: 5, mode: 0o4755 }],
    ];
    const { descriptor } = await makeImage({ store: steps.store, layers, name: 'base' });
    const image = await openImage(descriptor.digest, { store: steps.store, ctx: createContext() });
    const dir = await steps.snapshots.base(image);
    expect(readdirSync(dir)).toEqual(['etc']);
    expect(readFileSync(join(dir, 'etc/motd'), 'utf8')).toBe('two');
    expect(statSync(join(dir, 'etc/motd'))).toMatchObject({ uid: 5, mode: 0o104755 });
    const inode = statSync(dir).ino;
    expect(await steps.snapshots.base(image)).toBe(dir);
    expect(await (await others(steps)).base(image)).toBe(dir);
    expect(statSync(dir).ino).toBe(inode);
  });

  it.skipIf(!available)('of a layer hide what it removes, and leave the rest as it was', async () => {
    const steps = await openSteps(root.dir);
    const host = join(tempDir(), 'file');
    writeFileSync(host, 'from the host');
    const data: Entry = { ...folder('/data'), mode: 0o751, uid: 7, gid: 8, mtime: 1234 };
    const below = createTree([folder('/', { mode: 0o755 }), data, folder('/data/sub'), folder('/data/old')]);
    const dir = await steps.snapshots.layer({
      id: idOf('layer'),
      below,
      entries: [
        file('/data/new', 'text', { uid: 3 }),
        hostFile('/data/host', host),
        symlink('/link', 'data'),
        folder('/data/sub'),
      ],
      removed: ['/data/a', '/data/b'].map(pathOfText),
      opaque: [pathOfText('/data/sub')],
      layerTar: NO_TAR,
    });
    const { output } = await steps.sh('find /data /link; cat /link/host; stat -c "%a %u:%g %Y" /data', {
      lowers: [root.dir, dir],
    });
    expect(output.split('\n').sort().join(' ').trim()).toBe(
      '/data /data/host /data/new /data/old /data/old/e /data/sub /link from the host751 7:8 1234',
    );
    expect(statSync(dir).mode & 0o777).toBe(below.get(ROOT)?.mode);
    const again = steps.snapshots.layer({ id: idOf('layer'), below, entries: [], layerTar: NO_TAR });
    expect(await again).toBe(dir);
  });

  it.skipIf(!available)('of a layer that cannot be made leave nothing', async () => {
    const steps = await openSteps(root.dir);
    const host = join(tempDir(), 'file');
    writeFileSync(host, 'text');
    const entries = [hostFile('/x', host)];
    rmSync(host);
    const layer = { id: idOf('broken'), below: createTree([]), entries, layerTar: NO_TAR };
    await expect(steps.snapshots.layer(layer)).rejects.toMatchObject({
      code: expect.stringMatching(/^E_(?:IO|PATH_NOT_FOUND)$/),
    });
    expect(namesIn(steps)).toEqual([]);
    expect(readdirSync(join(snapshotsIn(steps), 'tmp'))).toEqual([]);
  });

  it.skipIf(!available)('are made once when asked for twice at a time', async () => {
    const steps = await openSteps(root.dir);
    const layer = { id: idOf('twice'), below: createTree([]), entries: [file('/x', 'x')], layerTar: NO_TAR };
    const other = await others(steps);
    const dirs = await Promise.all([steps.snapshots.layer(layer), steps.snapshots.layer(layer), other.layer(layer)]);
    expect(new Set(dirs).size).toBe(1);
    expect(readdirSync(dirs[0] ?? '')).toEqual(['x']);
    expect(readdirSync(join(snapshotsIn(steps), 'tmp'))).toEqual([]);
  });

  it.skipIf(!available)('of steps are adopted, the first of equal ones stays', async () => {
    const steps = await openSteps(root.dir);
    const [one, two] = [await steps.sh('echo 1 > /one'), await steps.sh('echo 1 > /one')];
    const kept = await steps.snapshots.adopt(one.changes, idOf('same'), 2);
    expect(await steps.snapshots.adopt(two.changes, idOf('same'), 2)).toBe(kept);
    expect(await steps.snapshots.find(idOf('same'))).toBe(kept);
    expect(await steps.snapshots.find(idOf('other'))).toBeUndefined();
    expect(readdirSync(kept)).toContain('one');
    expect(existsSync(two.changes)).toBe(false);
  });

  it.skipIf(!available)('from before the machine was started are made anew', async () => {
    const steps = await openSteps(root.dir);
    const id = idOf('rebooted');
    await steps.snapshots.adopt((await steps.sh('echo old > /x')).changes, id, 4);
    writeFileSync(join(snapshotsIn(steps), hexOf(id), 'made'), JSON.stringify({ boot: 'another', bytes: 4 }));
    expect(await steps.snapshots.find(id)).toBeUndefined();
    const dir = await steps.snapshots.adopt((await steps.sh('echo new > /x')).changes, id, 4);
    expect(readFileSync(join(dir, 'x'), 'utf8')).toBe('new\n');
    expect(readdirSync(join(snapshotsIn(steps), 'tmp'))).toEqual([]);
  });

  it.skipIf(!available)('that were not used for longest go first, and none that anybody uses', async () => {
    const steps = await openSteps(root.dir);
    const ids = ['first', 'second', 'third', 'mine'].map(idOf);
    const maker = await openSnapshots({ store: steps.store, sandbox: steps.sandbox, ctx: createContext() });
    for (const [index, id] of ids.entries()) {
      const dir = maker.scratch();
      mkdirSync(join(dir, 'upper/locked'), { recursive: true, mode: 0o000 });
      await maker.adopt(dir, id, 100);
      const used = new Date(1_600_000_000_000 + index * 1000);
      utimesSync(join(snapshotsIn(steps), hexOf(id), 'made'), used, used);
    }
    expect(await steps.snapshots.prune(0)).toEqual({ snapshots: 0, bytes: 0 });
    await maker.close();
    expect(await steps.snapshots.find(ids[3] ?? idOf(''))).toBeDefined();
    expect(await steps.snapshots.prune(250)).toEqual({ snapshots: 2, bytes: 200 });
    expect(namesIn(steps)).toEqual([ids[2], ids[3]].map((id) => hexOf(id ?? idOf(''))).sort());
    expect(await steps.snapshots.prune(0)).toEqual({ snapshots: 1, bytes: 100 });
    expect(namesIn(steps)).toEqual([hexOf(ids[3] ?? idOf(''))]);
    expect(readdirSync(join(snapshotsIn(steps), 'tmp'))).toEqual([]);
  });

  it.skipIf(!available)('in great number become few that show the same', async () => {
    const steps = await openSteps(root.dir);
    const lowers = [root.dir];
    const scripts = [
      'rm -r /data/sub; echo 1 > /data/x; ln /data/x /data/y; setcap cap_net_raw+ep /bin/sleep',
      'mkdir /data/sub; echo 2 > /data/sub/n; rm /data/a; mkdir /data/a; chmod 700 /data/old; touch -d @5 /data/old',
      'rm -r /data/a; echo file > /data/a; ln -s a /data/l; mkfifo /data/p; rm /data/y; echo w > /data/y',
    ];
    for (const script of scripts) lowers.push(await steps.keep(await steps.sh(script, { lowers })));
    for (let count = 0; count < 60; count++) {
      const dir = steps.snapshots.scratch();
      mkdirSync(join(dir, `upper/made-${count}`), { recursive: true, mode: 0o755 });
      lowers.push(await steps.snapshots.adopt(dir, idOf(`filler ${count}`), 0));
    }
    const look = `find / -path /proc -prune -o -path /dev -prune -o -path /sys -prune -o -path /etc -prune -o -mindepth 1 -printf '%y %m %U:%G %s %P %l\\n'; getcap /bin/sleep; cat /data/x /data/y /data/a /data/sub/n`;
    const before = await steps.sh(`${look} 2>/dev/null || :`, { lowers });
    const flat = await steps.snapshots.flatten(lowers);
    expect(flat).toHaveLength(2);
    const after = await steps.sh(`${look} 2>/dev/null || :`, { lowers: flat });
    expect(after.output.split('\n').sort()).toEqual(before.output.split('\n').sort());
    expect(await steps.snapshots.flatten(lowers)).toEqual(flat);
    expect(await steps.snapshots.flatten(flat)).toBe(flat);
  });
});
