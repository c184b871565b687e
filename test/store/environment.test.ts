import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { makeImage } from '../helpers/images.ts';
import { needs, needsOtherUser } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const CHILD = fileURLToPath(new URL('./store-child.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;
/** A mount namespace of its own, so that nothing stays mounted; not for root only, where the kernel lets everybody have one. */
const unshare = ['unshare', isRoot ? '-m' : '-rm'];
const canMount = needs('unshare', 'mount') && spawnSync(unshare[0] ?? '', [unshare[1] ?? '', 'true']).status === 0;
const canBeNobody = needsOtherUser();

/** Runs a shell line in a mount namespace of its own; `$1` is the folder, `$NODE $CHILD` the child. */
const mounted = (script: string, dir: string, ...args: string[]): string[] =>
  execFileSync(unshare[0] ?? '', [unshare[1] ?? '', 'sh', '-ec', script, 'sh', dir, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE: process.execPath, CHILD },
  })
    .trim()
    .split('\n');

describe('a full disk', () => {
  it.skipIf(!canMount)('is E_NO_SPACE, leaves no half of a blob, and the store can be read', () => {
    const dir = tempDir();
    const lines = mounted(
      `mount -t tmpfs -o size=2m tare-test "$1"
       "$NODE" "$CHILD" make "$1/home" app 1
       "$NODE" "$CHILD" fill "$1/home"
       ls "$1/home/tare/tmp" | wc -l
       "$NODE" "$CHILD" prune "$1/home" 1
       "$NODE" "$CHILD" make "$1/home" more 2
       cd "$1/home/blobs/sha256" && for f in *; do echo "$f  $f"; done | sha256sum --check --quiet`,
      dir,
    );
    expect(lines).toEqual([
      expect.stringMatching(/^app-0:latest sha256:/),
      'E_NO_SPACE',
      '0',
      expect.stringMatching(/^more-0:latest sha256:/),
      expect.stringMatching(/^more-1:latest sha256:/),
    ]);
    expect(readdirSync(dir)).toEqual([]);
  });
});

const READS = ['images ok', 'open ok', 'dryRun ok', 'putAgain ok'];
const WRITES = ['put', 'tag', 'untag', 'lease', 'prune'];

async function readOnlyStore(): Promise<{ readonly home: string; readonly digest: string }> {
  const home = join(tempDir(), 'home');
  const store = await openStore({ home });
  const { descriptor } = await makeImage({ store, layers: [[{ path: 'a', content: 'a' }]], name: 'app' });
  return { home, digest: descriptor.digest };
}

describe('a read-only store', () => {
  it.skipIf(!canMount)('can be read; every write is E_READ_ONLY', async () => {
    const { home, digest } = await readOnlyStore();
    const lines = mounted(
      'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; "$NODE" "$CHILD" all "$1" "$2"',
      home,
      digest,
    );
    expect(lines).toEqual([...READS, ...WRITES.map((call) => `${call} E_READ_ONLY`)]);
  });

  it.skipIf(!canBeNobody)('of another user can be read; every write is E_PERMISSION', async () => {
    const { home, digest } = await readOnlyStore();
    chmodSync(dirname(home), 0o755);
    const lines = execFileSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, CHILD, 'all', home, digest],
      { encoding: 'utf8' },
    );
    expect(lines.trim().split('\n')).toEqual([...READS, ...WRITES.map((call) => `${call} E_PERMISSION`)]);
  });

  it.skipIf(!canBeNobody)('that cannot be entered says so', () => {
    const dir = join(tempDir(), 'closed');
    mkdirSync(dir, { mode: 0o700 });
    chmodSync(dirname(dir), 0o755);
    const digest = `sha256:${'0'.repeat(64)}`;
    const child = spawnSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, CHILD, 'fill', join(dir, 'home'), digest],
      { encoding: 'utf8' },
    );
    expect(child.stdout).toBe('E_PERMISSION\n');
  });
});
