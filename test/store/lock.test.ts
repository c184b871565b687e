import { existsSync, lstatSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../src/store/lock.ts';
import { isAlive, thisProcess } from '../../src/store/process-identity.ts';
import { tempDir } from '../helpers/temp.ts';

const place = async (): Promise<string> => (await thisProcess()).split('-')[2] ?? '';
const deadOwner = async (): Promise<string> => `${process.pid}-1-${await place()}-token`;

describe('withLock', () => {
  it('lets one at a time in, and lets go after an error', async () => {
    const file = join(tempDir(), 'lock');
    let inside = 0;
    let most = 0;
    const work = () =>
      withLock(file, async () => {
        most = Math.max(most, (inside += 1));
        expect(lstatSync(file).isSymbolicLink()).toBe(true);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside -= 1;
        return 'done';
      });
    expect(await Promise.all(Array.from({ length: 10 }, work))).toEqual(Array(10).fill('done'));
    expect(most).toBe(1);
    await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });

  it('takes over from a dead owner, once, however many wait', async () => {
    const dir = tempDir();
    const file = join(dir, 'lock');
    symlinkSync(await deadOwner(), file);
    symlinkSync(await deadOwner(), `${file}.break`);
    let inside = 0;
    const work = () =>
      withLock(file, async () => {
        expect((inside += 1)).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 10 }, work));
    expect(readdirSync(dir)).toEqual([]);
  });

  it('gives up on a living owner and says who it is', async () => {
    const file = join(tempDir(), 'lock');
    await withLock(file, async () => {
      await expect(withLock(file, () => Promise.resolve(), { waitMs: 30 })).rejects.toMatchObject({
        code: 'E_LOCKED',
        message: `the store is in use: ${file} is held by process ${process.pid}`,
        hint: expect.stringContaining(file),
      });
    });
  });

  it('waits for an owner that it cannot see, but not when that is long ago', async () => {
    const file = join(tempDir(), 'lock');
    writeFileSync(file, 'of another tool');
    await expect(withLock(file, () => Promise.resolve(), { waitMs: 0 })).rejects.toMatchObject({ code: 'E_LOCKED' });
    const longAgo = Date.now() / 1000 - 60 * 60;
    utimesSync(file, longAgo, longAgo);
    expect(await withLock(file, () => Promise.resolve('mine'))).toBe('mine');
  });
});

describe('isAlive', () => {
  it('knows this process, a reused PID, and names of another form', async () => {
    expect(await isAlive(`${await thisProcess()}-x`, 0)).toBe(true);
    expect(await isAlive(await deadOwner(), 0)).toBe(false);
    expect(await isAlive('1-1-00000000-x', 0)).toBe(true);
    expect(await isAlive('1-1-00000000-x', 25 * 60 * 60 * 1000)).toBe(false);
    for (const name of ['', 'x', '1-2', 'a-b-c-d', '../1-1-00000000-x']) expect(await isAlive(name, 0)).toBeUndefined();
  });
});
