import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, collectBytes } from '../../src/base/streams.ts';
import { scratchFile } from '../../src/transports/scratch.ts';
import { replaceFile } from '../../src/transports/write-file.ts';
import { tempDir } from '../helpers/temp.ts';
import { failure } from './sample.ts';

const never = new AbortController().signal;

function aborted(): AbortSignal {
  const stop = new AbortController();
  stop.abort();
  return stop.signal;
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  await Promise.resolve();
  throw new Error('the source broke');
}

describe('scratchFile', () => {
  it('gives any range, and has no name', async () => {
    const home = tempDir();
    const options = { home, what: 'x', limit: 1000, signal: never };
    const file = await scratchFile(bytesOf('hello ', 'world'), options);
    expect(file.size).toBe(11);
    expect((await collectBytes(file.read(4, 5), 100, 'x')).toString()).toBe('o wor');
    expect((await collectBytes(file.read(11, 0), 100, 'x')).toString()).toBe('');
    expect(await failure(collectBytes(file.read(6, 6), 100, 'x'))).toMatchObject({ code: 'E_IO' });
    expect(readdirSync(join(home, 'tare/tmp'))).toEqual([]);
  });

  it('stops at the limit and at the signal, and passes errors on', async () => {
    const home = tempDir();
    const options = { home, what: 'x', limit: 3, signal: never };
    expect(await failure(scratchFile(bytesOf('hell'), options))).toMatchObject({ code: 'E_LIMIT' });
    expect(await failure(scratchFile(bytesOf('h'), { ...options, signal: aborted() }))).toMatchObject({
      code: 'E_CANCELLED',
    });
    await expect(scratchFile(broken(), { ...options, limit: 100 })).rejects.toThrow('the source broke');
    expect(readdirSync(join(home, 'tare/tmp'))).toEqual([]);
  });

  it('says when there is no place for it', async () => {
    const home = join(tempDir(), 'file');
    writeFileSync(home, '');
    const options = { home, what: 'x', limit: 3, signal: never };
    expect(await failure(scratchFile(bytesOf('h'), options))).toMatchObject({ code: 'E_NOT_DIRECTORY' });
  });
});

describe('replaceFile', () => {
  it('puts all of it, or nothing', async () => {
    const dir = tempDir();
    const path = join(dir, 'x');
    expect(await replaceFile(path, bytesOf('one'), never)).toBe(3);
    await expect(replaceFile(path, broken(), never)).rejects.toThrow('the source broke');
    expect(await failure(replaceFile(path, bytesOf('two'), aborted()))).toMatchObject({ code: 'E_CANCELLED' });
    expect(readFileSync(path, 'utf8')).toBe('one');
    expect(readdirSync(dir)).toEqual(['x']);
  });

  it('replaces a link, not what it leads to; refuses what is no file', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'target'), 'old');
    symlinkSync('target', join(dir, 'link'));
    await replaceFile(join(dir, 'link'), bytesOf('new'), never);
    expect(readFileSync(join(dir, 'target'), 'utf8')).toBe('old');
    mkdirSync(join(dir, 'folder'));
    expect(await failure(replaceFile(join(dir, 'folder'), bytesOf('x'), never))).toMatchObject({ code: 'E_EXISTS' });
    expect(readdirSync(dir).sort()).toEqual(['folder', 'link', 'target']);
  });
});
