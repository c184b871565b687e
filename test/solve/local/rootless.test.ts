import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftoversBelow, until } from '../../helpers/leftovers.ts';
import { needsOtherUser } from '../../helpers/needs.ts';
import { makeShellRoot } from '../../helpers/shell-root.ts';
import { runStepScript, startStepScript } from '../../helpers/step-script.ts';
import { tempDir } from '../../helpers/temp.ts';

const NOBODY = { user: 'nobody', uid: 65534, gid: 65534 };
const isRoot = process.getuid?.() === 0 && existsSync('/etc/subuid') && existsSync('/etc/subgid');

let root: ReturnType<typeof makeShellRoot>;
beforeAll(() => {
  root = makeShellRoot();
  if (isRoot) execFileSync('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, dirname(root.dir)]);
});
afterAll(() => root?.remove());

function homeIn(dir: string): void {
  execFileSync('install', ['-d', '-o', 'nobody', '-g', 'nogroup', join(dir, 'home')]);
}

/** Every kind of thing that needs the user namespace: owners, capabilities, whiteouts, opaque folders, files that only a subordinate id may read. */
const BODY = `
const { createTree } = await import(DIST + 'tree/memory.js');
const one = await sh('chown 33:44 /data/a; echo secret > /data/mine; chmod 600 /data/mine; chown 1000 /data/mine; rm -r /data/sub; mkdir /data/sub; rm /data/b; setcap cap_net_raw+ep /bin/sleep; mkdir -m 700 /hidden; chown 1000 /hidden; echo x > /hidden/x');
const layer = await diff(one);
const kept = await snapshots.adopt(one.changes, 'sha256:' + '1'.repeat(64), 1);
const entry = (path, more) => ({ path, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 5, ...more });
const made = await snapshots.layer({ id: 'sha256:' + '2'.repeat(64), below: createTree([entry('/'), entry('/data'), entry('/hidden', { uid: 1000, mode: 0o700 })]),
  entries: [{ ...entry('/data/copied'), type: 'file', mode: 0o600, uid: 1000, gid: 5, size: 4, content: { in: 'memory', bytes: Buffer.from('copy') } }],
  removed: ['/hidden/x'], layerTar: () => Promise.reject(new Error('none')) });
const mounts = [{ kind: 'cache', id: 'c', target: '/cache', sharing: 'locked', source: '/', readOnly: false, mode: 0o700, uid: 1000, gid: 1000 },
  { kind: 'secret', id: 's', target: '/secret', required: true, mode: 0o400, uid: 1000, gid: 1000 },
  { kind: 'bind', from: { op: 'scratch' }, source: '/data', target: '/rw', readOnly: false }];
const two = await sh('find /data /hidden -printf "%p %m %U:%G\\\\n"; getcap /bin/sleep; cat /data/mine; stat -c "%a %u:%g" /cache /secret; echo x > /rw/lost; rm /rw/a',
  { lowers: [root, kept, made], vertex: { mounts }, secrets: new Map([['s', Buffer.from('s')]]) });
const second = await diff(two);
const many = [root, kept, made, ...Array(60).fill(kept)];
const flat = await snapshots.flatten(many);
const three = await sh('cat /data/copied', { lowers: flat });
await snapshots.discard(two.changes);
await snapshots.discard(three.changes);
const { packLayer } = await import(DIST + 'pack/index.js');
const { storeImage } = await import(DIST + 'pack/store-image.js');
const { openImage } = await import(DIST + 'transports/index.js');
const { contentReader } = await import(DIST + 'tree/content.js');
const file = { ...entry('/base/file'), type: 'file', uid: 33, gid: 44, mode: 0o640, size: 4, content: { in: 'memory', bytes: Buffer.from('base') } };
const packed = await packLayer({ entries: [entry('/base', { uid: 1000, mode: 0o700 }), file], content: contentReader({ layerTar: () => Promise.reject(new Error('none')) }), store, compression: { kind: 'none' }, epoch: 'own', ctx });
const { descriptor } = await storeImage({ store, config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } }, layers: [packed] });
const base = await snapshots.base(await openImage(descriptor.digest, { store, ctx }));
const four = await sh('cat /base/file; stat -c " %a %u:%g" /base/file /base', { lowers: [root, base] });
const again = (await snapshots.base(await openImage(descriptor.digest, { store, ctx }))) === base;
const tell = ({ members }) => members.map(({ path, mode, uid, gid, xattrs }) => [path, mode.toString(8), uid, gid, ...(xattrs?.keys() ?? [])].join(' '));
console.log('\\n' + JSON.stringify({ ids: sandbox.ids, layer: tell(layer), output: two.output.split('\\n'), second: tell(second), flat: flat.length, three: three.output, four: four.output, again }));
`;

describe.each([
  ['crun', 'range'],
  ['crun', 'single'],
  ['runc', 'range'],
] as const)('steps without root: %s, ids: %s', (runtime, ids) => {
  it.skipIf(!isRoot || !needsOtherUser(runtime, 'unshare', 'newuidmap', 'ldd', 'mknod'))(
    'make the layers that root would make',
    async () => {
      const dir = tempDir();
      homeIn(dir);
      const dist = new URL('../../../dist/', import.meta.url).href;
      const body = `process.env.TARE_RUNTIME = '${runtime}';\n${BODY.replaceAll('DIST', JSON.stringify(dist))}`;
      const result = await runStepScript(body, { dir, root: root.dir, as: { ...NOBODY, ids } });
      expect(result.stderr).toBe('');
      const told = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
      const own = (id: number): number => (ids === 'range' ? id : 0);
      expect(told).toEqual({
        ids,
        layer: [
          'bin/ 755 0 0',
          'bin/sleep 755 0 0 security.capability',
          'data/ 755 0 0',
          'data/.wh.b 0 0 0',
          // With one id a change of owner is pretended, and is none.
          ...(ids === 'range' ? ['data/a 644 33 44'] : []),
          `data/mine 600 ${own(1000)} 0`,
          'data/sub/ 755 0 0',
          'data/sub/.wh..wh..opq 0 0 0',
          `hidden/ 700 ${own(1000)} 0`,
          'hidden/x 644 0 0',
        ],
        output: expect.arrayContaining([
          `/data/copied 600 ${own(1000)}:${own(5)}`,
          `/data/mine 600 ${own(1000)}:0`,
          `/hidden 700 ${own(1000)}:0`,
          '/bin/sleep cap_net_raw=ep',
          'secret',
          `700 ${own(1000)}:${own(1000)}`,
          `400 ${own(1000)}:${own(1000)}`,
        ]),
        second: [],
        flat: 2,
        three: 'copy',
        four: `base 640 ${own(33)}:${own(44)}\n 700 ${own(1000)}:0\n`,
        again: true,
      });
      expect(told['output']).not.toContain('/hidden/x 644 0:0');
      expect(leftoversBelow(join(dir, 'run'))).toEqual([]);
    },
  );
});

it.skipIf(!isRoot || !needsOtherUser('crun', 'unshare', 'newuidmap', 'ldd'))(
  'a build without root that is killed takes its helper along',
  async () => {
    const dir = tempDir();
    homeIn(dir);
    const child = startStepScript(`await run(['/bin/sh', '-c', 'echo begun; sleep 1000']);`, {
      dir,
      root: root.dir,
      as: { ...NOBODY, ids: 'range' },
    });
    let told = '';
    child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString('utf8')));
    await until(() => told.includes('begun') || child.exitCode !== null);
    expect(told).toContain('begun');
    const helpers = (): string =>
      execFileSync('sh', ['-c', 'pgrep -f "ns-worker.js" -u 65534 || :'], { encoding: 'utf8' }).trim();
    expect(helpers()).not.toBe('');
    child.kill('SIGKILL');
    await until(() => leftoversBelow(join(dir, 'run')).length === 0 && helpers() === '');
  },
);
