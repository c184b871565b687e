import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/oci/validate.ts';
import { openStore } from '../../src/store/index.ts';
import { tempDir } from '../helpers/temp.ts';

const CHILD = fileURLToPath(new URL('./store-child.mjs', import.meta.url));
const KILLS = 12;

const start = (...argv: string[]): ChildProcess =>
  spawn(process.execPath, [CHILD, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });

/** The lines of a child, handed on as they come, until its output ends. */
async function linesOf(child: ChildProcess, onLine: (line: string) => void = () => undefined): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    onLine(line);
  }
  return lines;
}

/** That every blob has the content of its name, and every named image all of its blobs. */
async function expectWhole(home: string): Promise<Map<string, string>> {
  for (const hex of readdirSync(join(home, 'blobs/sha256')))
    expect(
      createHash('sha256')
        .update(readFileSync(join(home, 'blobs/sha256', hex)))
        .digest('hex'),
    ).toBe(hex);
  const store = await openStore({ home });
  const images = await store.images();
  for (const { descriptor } of images) {
    const hex = descriptor.digest.slice('sha256:'.length);
    const manifest = parseManifest(readFileSync(join(home, 'blobs/sha256', hex)));
    for (const { digest, size } of [manifest.config, ...manifest.layers])
      expect(await store.blobs.size(digest)).toBe(size);
  }
  return new Map(images.map((image) => [image.name, image.descriptor.digest]));
}

describe('several processes in one store', () => {
  it('all put and tag at once, from the first write on, and lose nothing', async () => {
    const home = join(tempDir(), 'home');
    const lines = await Promise.all(['a', 'b', 'c', 'd'].map((prefix) => linesOf(start('make', home, prefix, '6'))));
    expect(lines.flat()).toHaveLength(24);
    const found = await expectWhole(home);
    expect([...found].map((pair) => pair.join(' ')).sort()).toEqual(lines.flat().sort());
    expect(readdirSync(join(home, 'tare/tmp'))).toEqual([]);
    expect(readdirSync(join(home, 'tare/leases'))).toEqual([]);
  });

  it('prune beside others that hold a lease, and take nothing from them', async () => {
    const home = join(tempDir(), 'home');
    const children = [start('make', home, 'a', '10'), start('make', home, 'b', '10'), start('prune', home, '15')];
    const lines = (await Promise.all(children.map((child) => linesOf(child)))).flat();
    expect(lines).toHaveLength(20);
    const found = await expectWhole(home);
    expect([...found].map((pair) => pair.join(' ')).sort()).toEqual(lines.sort());
  });

  it('may be killed at any moment: what was complete stays, what was not is cleared away', async () => {
    const home = join(tempDir(), 'home');
    const done: string[] = [];
    for (let round = 0; round < KILLS; round++) {
      const child = start('make', home, `r${round}`, '1000');
      let timer: NodeJS.Timeout | undefined;
      await linesOf(child, (line) => {
        done.push(line);
        timer ??= setTimeout(() => child.kill('SIGKILL'), Math.random() * 60);
      });
      const found = await expectWhole(home);
      for (const line of done) {
        const [name = '', digest] = line.split(' ');
        expect(found.get(name)).toBe(digest);
      }
    }
    const store = await openStore({ home });
    await store.prune();
    expect(readdirSync(join(home, 'tare/tmp'))).toEqual([]);
    expect(readdirSync(join(home, 'tare/leases'))).toEqual([]);
    expect(readdirSync(join(home, 'tare')).sort()).toEqual(['leases', 'tmp']);
    expect((await expectWhole(home)).size).toBeGreaterThanOrEqual(done.length);
  });
});
