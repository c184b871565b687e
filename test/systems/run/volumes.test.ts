import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Project, ServiceMount } from '../../../src/formats/compose/types.ts';
import { mountsOf, type MountTools } from '../../../src/systems/run/mounts.ts';
import type { Replica } from '../../../src/systems/run/plan.ts';
import { memoryTree } from '../../helpers/memory-tree.ts';
import { tempDir } from '../../helpers/temp.ts';

const MOUNT: ServiceMount = {
  kind: 'volume',
  at: 'compose.yaml:3',
  volume: 'v',
  target: '/data',
  readOnly: false,
  noCopy: false,
};

/** One container with the volume `v` at /data, whose image has two files there. */
function scene({
  dir = tempDir(),
  namespace = [],
}: { readonly dir?: string; readonly namespace?: readonly string[] } = {}) {
  const rootfs = join(dir, 'root');
  mkdirSync(join(rootfs, 'data/.hidden'), { recursive: true });
  writeFileSync(join(rootfs, 'data/file'), 'of the image');
  writeFileSync(join(rootfs, 'data/.hidden/deep'), 'deep');
  const { tree } = memoryTree({ data: { directory: true, mode: 0o750 }, 'data/file': 'of the image' });
  const volume = { name: 'v', fullName: 'p_v', external: false, at: 'compose.yaml:9' };
  const tools: MountTools = {
    project: { volumes: [volume] } as unknown as Project,
    volumes: join(dir, 'volumes'),
    scratch: join(dir, 'scratch'),
    sandbox: { ids: 'single', namespace },
    ctx: { onEvent: () => undefined },
  };
  const replica = { name: 'a-1', service: { mounts: [MOUNT] } } as unknown as Replica;
  const data = join(dir, 'volumes/p_v/data');
  return { data, mount: () => mountsOf(replica, { tree, rootfs }, tools) };
}

describe('a volume that is empty', () => {
  it('gets what the image has in its place, and nothing is left of the work', async () => {
    const { data, mount } = scene();
    await mount();
    expect(readFileSync(join(data, 'file'), 'utf8')).toBe('of the image');
    expect(readFileSync(join(data, '.hidden/deep'), 'utf8')).toBe('deep');
    expect(statSync(data).mode & 0o777).toBe(0o750);
    expect(existsSync(`${data}.new`)).toBe(false);
  });

  it('is filled once by several at the same time, whole for each', async () => {
    const { data, mount } = scene();
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        await mount();
        expect(readdirSync(data).toSorted()).toEqual(['.hidden', 'file']);
      }),
    );
  });

  it('is kept from other users of the machine', async () => {
    const { data, mount } = scene();
    await mount();
    expect(statSync(join(data, '..')).mode & 0o077).toBe(0);
  });
});

it('what is in a volume stays', async () => {
  const { data, mount } = scene();
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'own'), '');
  await mount();
  expect(readdirSync(data)).toEqual(['own']);
});

describe('a container that runs already and puts links where a volume is being filled', () => {
  it.each([
    ['in place of a file', 'ln -s "$VICTIM/passwd" "$DATA/file"'],
    ['in place of a folder', 'ln -s "$VICTIM" "$DATA/.hidden"'],
  ])('does not lead out of it: %s', async (_, plant) => {
    const top = tempDir();
    const [bin, victim] = [join(top, 'bin'), join(top, 'victim')];
    mkdirSync(victim);
    writeFileSync(join(victim, 'passwd'), 'of the machine');
    // A `cp` that lets the container have its turn between the look and the copy.
    mkdirSync(bin);
    writeFileSync(join(bin, 'cp'), `#!/bin/sh\n${plant}\nPATH=\${PATH#*:}\nexec cp "$@"\n`, { mode: 0o755 });
    const dir = tempDir();
    const data = join(dir, 'volumes/p_v/data');
    const env = [`PATH=${bin}:${process.env['PATH'] ?? ''}`, `VICTIM=${victim}`, `DATA=${data}`];
    await scene({ dir, namespace: ['env', ...env] }).mount();
    expect(lstatSync(join(data, plant.includes('file"') ? 'file' : '.hidden')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(victim, 'passwd'), 'utf8')).toBe('of the machine');
    expect(readdirSync(victim)).toEqual(['passwd']);
  });
});
