import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finishChanges, mountTargets, prepareChanges, type MountTarget } from '../../src/sandbox/changes.ts';
import { layeredRoot } from '../../src/sandbox/layered-root.ts';
import { tempDir } from '../helpers/temp.ts';

const OLD = 1_600_000_000;

/** Two folders over each other: the upper one has an /etc of its own, and a link out of it. */
function lowersOf(): readonly [string, string] {
  const [one, two] = [join(tempDir(), 'one'), join(tempDir(), 'two')];
  mkdirSync(join(one, 'etc'), { recursive: true });
  mkdirSync(join(one, 'usr/share'), { recursive: true });
  writeFileSync(join(one, 'etc/hosts'), 'mine');
  mkdirSync(join(two, 'etc'), { recursive: true });
  symlinkSync('/usr/share', join(two, 'share'));
  symlinkSync('../run/net/resolv.conf', join(two, 'etc/resolv.conf'));
  chmodSync(join(two, 'etc'), 0o750);
  chmodSync(two, 0o711);
  for (const path of [join(one, 'usr/share'), join(one, 'usr'), join(two, 'etc'), two]) utimesSync(path, OLD, OLD);
  return [one, two];
}

const prepared = (lowers: readonly string[], targets: readonly MountTarget[]) => {
  const dir = tempDir();
  return { dir, upper: join(dir, 'upper'), stubs: prepareChanges({ lowers, dir, targets }) };
};
const file = (path: string): MountTarget => ({ path, folder: false });
const folder = (path: string): MountTarget => ({ path, folder: true });
const secondsOf = (path: string): number => Math.floor(lstatSync(path).mtimeMs / 1000);

describe('what a container is mounted upon', () => {
  it('is made where links in the root lead to, and taken away', () => {
    const lowers = lowersOf();
    const targets = [
      folder('/proc'),
      file('/etc/hosts'),
      file('/etc/resolv.conf'),
      folder('/share/a/../deep/er'),
      folder('/usr'),
    ];
    const { dir, stubs, upper } = prepared(lowers, targets);
    expect(readdirSync(upper, { recursive: true, encoding: 'utf8' }).sort()).toEqual(
      [
        'proc',
        'run',
        'run/net',
        'run/net/resolv.conf',
        'usr',
        'usr/share',
        'usr/share/deep',
        'usr/share/deep/er',
      ].sort(),
    );
    expect(lstatSync(upper).mode & 0o7777).toBe(0o711);
    expect([upper, join(upper, 'usr'), join(upper, 'usr/share')].map(secondsOf)).toEqual([OLD, OLD, OLD]);
    finishChanges({ dir, stubs });
    expect(readdirSync(upper, { recursive: true, encoding: 'utf8' }).sort()).toEqual(['usr', 'usr/share']);
    expect([upper, join(upper, 'usr'), join(upper, 'usr/share')].map(secondsOf)).toEqual([OLD, OLD, OLD]);
  });

  it('stays when the container has made something of it', () => {
    const { dir, stubs, upper } = prepared(lowersOf(), [folder('/mnt/cache'), file('/etc/new'), folder('/gone')]);
    writeFileSync(join(upper, 'mnt/beside'), '');
    writeFileSync(join(upper, 'etc/new'), 'content');
    rmSync(join(upper, 'gone'), { recursive: true });
    finishChanges({ dir, stubs });
    expect(readdirSync(upper, { recursive: true, encoding: 'utf8' }).sort()).toEqual([
      'etc',
      'etc/new',
      'mnt',
      'mnt/beside',
    ]);
    expect(readFileSync(join(upper, 'etc/new'), 'utf8')).toBe('content');
  });

  it('cannot be below a file', () => {
    const [one] = lowersOf();
    expect(() => prepared([one], [folder('/etc/hosts/below')])).toThrow(
      expect.objectContaining({ code: 'E_NOT_DIRECTORY' }),
    );
  });

  it('never lies outside', () => {
    const root = tempDir();
    const outside = tempDir();
    symlinkSync(outside, join(root, 'etc'));
    symlinkSync('../../../../..', join(root, 'up'));
    const { upper } = prepared([root], [file('/etc/hosts'), folder('/up/x')]);
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(join(upper, outside, 'hosts'))).toBe(true);
    expect(existsSync(join(upper, 'x'))).toBe(true);
  });

  it('is all that is mounted in the root itself', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'file'), '');
    const targets = mountTargets({
      mounts: [
        { source: dir, target: '/a', readOnly: true },
        { source: join(dir, 'file'), target: '/b', readOnly: true },
        { kind: 'tmpfs', target: '/dev/shm/mine' },
        { kind: 'view', lowers: [dir], source: '/file', target: '/c' },
        { kind: 'secret', target: '/d', bytes: new Uint8Array(), mode: 0, uid: 0, gid: 0 },
      ],
    });
    expect(targets.slice(5)).toEqual([folder('/a'), file('/b'), file('/c'), file('/d')]);
  });
});

describe('folders over each other', () => {
  it('are looked into as an overlay shows them', () => {
    const root = layeredRoot(lowersOf());
    const [one, two] = lowersOf();
    const at = (path: string) => {
      const found = layeredRoot([one, two]).locate(path);
      return [found?.path, found?.host, found?.missing];
    };
    expect(root.locate('/etc')?.stat?.mode).toBe(0o040750);
    expect(at('/etc/hosts')).toEqual(['/etc/hosts', join(one, 'etc/hosts'), 0]);
    expect(at('/etc/resolv.conf')).toEqual(['/run/net/resolv.conf', undefined, 3]);
    expect(at('/share/../share')).toEqual(['/usr/share', join(one, 'usr/share'), 0]);
    expect(at('/')).toEqual(['/', two, 0]);
    symlinkSync('loop', join(two, 'loop'));
    expect(layeredRoot([one, two]).locate('/loop')).toBeUndefined();
  });
});
