import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { needs } from '../helpers/needs.ts';
import { file, freshStore, hostFile, noise, pack, whatIsStored } from '../helpers/pack.ts';
import { tempDir } from '../helpers/temp.ts';

function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

describe('a file that changes', () => {
  it.each<[string, number, (path: string) => void]>([
    ['is gone', 100, (path) => rmSync(path)],
    ['is shorter', 100, (path) => truncateSync(path, 99)],
    ['is longer', 100, (path) => appendFileSync(path, 'x')],
    ['is empty', 3_000_000, (path) => truncateSync(path, 0)],
  ])('since it was looked at and %s is told', async (_how, size, change) => {
    const store = await freshStore();
    const path = join(tempDir(), 'data');
    writeFileSync(path, noise(size));
    const entry = hostFile('/data', path);
    change(path);
    const packing = pack({ entries: [file('/a', 'first'), entry], store });
    await expect(packing).rejects.toMatchObject({ code: 'E_IO', message: expect.stringContaining(path) as string });
    expect(whatIsStored(store)).toEqual([]);
  });

  it.each<[string, (path: string) => void]>([
    ['shrinks', (path) => truncateSync(path, 5_000_000)],
    ['grows', (path) => appendFileSync(path, 'x')],
    ['is written to', (path) => utimesSync(path, 1, 1)],
  ])('and %s while it is packed is told', async (_how, change) => {
    const store = await freshStore();
    const path = join(tempDir(), 'data');
    writeFileSync(path, noise(20_000_000));
    let changed = false;
    const onEvent = (): void => {
      if (!changed) change(path);
      changed = true;
    };
    const before = threads();
    const packing = pack({ entries: [hostFile('/data', path)], store, ctx: { onEvent }, compression: 'gzip:1' });
    await expect(packing).rejects.toMatchObject({ code: 'E_IO' });
    expect(whatIsStored(store)).toEqual([]);
    expect(threads()).toBe(before);
  });
});

describe('a pack that cannot end', () => {
  it.each(['none', 'gzip:6', 'zstd'])('is cancelled by its signal (%s), and leaves nothing', async (compression) => {
    const store = await freshStore();
    const controller = new AbortController();
    const before = threads();
    const packing = pack({
      entries: [file('/x', noise(30_000_000))],
      store,
      compression,
      ctx: { signal: controller.signal, onEvent: () => controller.abort() },
    });
    await expect(packing).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(whatIsStored(store)).toEqual([]);
    expect(threads()).toBe(before);
  });

  it('passes on what the reader says', async () => {
    const store = await freshStore();
    const error = new Error('the reader is out of order');
    const entry = { ...file('/x', noise(9_000_000)), content: undefined };
    const content = {
      read: () => Promise.reject(error),
      // oxlint-disable-next-line typescript/require-await, require-yield
      async *stream(): AsyncGenerator<Uint8Array> {
        throw error;
      },
    };
    const { content: _none, ...bare } = entry;
    const ref = { in: 'layer', diffId: `sha256:${'0'.repeat(64)}`, offset: 0, size: entry.size } as const;
    await expect(pack({ entries: [{ ...bare, content: ref }], store, content })).rejects.toBe(error);
    expect(whatIsStored(store)).toEqual([]);
  });

  /** In a mount namespace of its own, so that nothing stays mounted. */
  it.skipIf(!needs('unshare', 'mount'))('says that the disk is full, and leaves nothing', () => {
    const dir = tempDir();
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const script = `
      import { randomBytes } from 'node:crypto';
      import { readdirSync } from 'node:fs';
      import { packLayer, parseCompression } from '${root}dist/pack/index.js';
      import { createContext } from '${root}dist/base/context.js';
      import { openStore } from '${root}dist/store/index.js';
      const bytes = randomBytes(12_000_000);
      const entry = { path: '/x', type: 'file', mode: 0o644, uid: 0, gid: 0, size: bytes.length, mtime: 0, content: { in: 'memory', bytes } };
      const store = await openStore({ home: '${dir}/home' });
      try {
        await packLayer({ entries: [entry], content: {}, store, compression: parseCompression('gzip:1'), epoch: 0, ctx: createContext() });
      } catch (error) {
        console.log(error.code, readdirSync('${dir}/home/tare/tmp').length, readdirSync('${dir}/home/blobs/sha256').length);
      }`;
    const mine = process.getuid?.() === 0 ? ['-m'] : ['-Urm'];
    const said = execFileSync(
      'unshare',
      [
        ...mine,
        'sh',
        '-c',
        'mount -t tmpfs -o size=6m none "$1" && exec "$2" --input-type=module',
        'sh',
        dir,
        process.execPath,
      ],
      { input: script, encoding: 'utf8' },
    );
    expect(said).toBe('E_NO_SPACE 0 0\n');
  });
});
