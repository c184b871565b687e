import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWriteBehind, type WriteBehind } from '../../src/base/write-behind.ts';
import { noise } from '../helpers/streams.ts';
import { tempDir } from '../helpers/temp.ts';

async function fresh(flags = 'wx'): Promise<{ readonly file: string; readonly content: WriteBehind }> {
  const file = join(tempDir(), 'file');
  const handle = await open(flags === 'wx' ? file : '/dev/full', flags);
  onTestFinished(() => handle.close());
  return { file, content: createWriteBehind(handle) };
}

describe('a file that is written behind', () => {
  it.each([
    ['nothing', []],
    ['a byte', [1]],
    ['an empty chunk among others', [3, 0, 5]],
    ['just the first piece', [65_536]],
    ['one more than the first piece', [65_536, 1]],
    ['several pieces of small chunks', Array.from({ length: 700 }, () => 7_919)],
    ['chunks that are larger than pieces', [3_000_000, 1, 2_500_000]],
  ])('has what was written: %s', async (_what, lengths) => {
    const { content, file } = await fresh();
    const bytes = noise(lengths.reduce((sum, length) => sum + length, 0));
    const buffer = Buffer.alloc(3_000_000);
    let at = 0;
    for (const length of lengths) {
      bytes.copy(buffer, 0, at, at + length);
      await content.write(buffer.subarray(0, length));
      // The chunk is the writer's again.
      buffer.fill(0);
      at += length;
    }
    await content.flush();
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  it('goes on after a flush', async () => {
    const { content, file } = await fresh();
    for (const text of ['one', 'two', 'three']) {
      await content.write(Buffer.from(text));
      await content.flush();
    }
    expect(await readFile(file, 'utf8')).toBe('onetwothree');
  });

  it('tells at the latest when it is flushed that the disk is full', async () => {
    const { content } = await fresh('w');
    await content.write(Buffer.alloc(10));
    await expect(content.flush()).rejects.toThrow('ENOSPC');
    const { content: more } = await fresh('w');
    const writing = async (): Promise<void> => {
      for (let count = 0; count < 10; count++) await more.write(Buffer.alloc(1_000_000));
    };
    await expect(writing()).rejects.toThrow('ENOSPC');
    await expect(more.flush()).rejects.toThrow('ENOSPC');
  });
});
