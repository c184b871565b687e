import { describe, expect, it } from 'vitest';
import { mapLimit } from '../../src/base/concurrency.ts';
import { createContext, throwIfCancelled } from '../../src/base/context.ts';
import { sha256 } from '../../src/base/digest.ts';
import { fromErrno, TareError } from '../../src/base/error.ts';
import { canonicalJson } from '../../src/base/json.ts';
import { bytesOf, collectBytes, verified } from '../../src/base/streams.ts';

describe('canonicalJson', () => {
  it('is one text for one value', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: undefined, ä: null })).toBe('{"b":[{"c":2,"d":1}],"ä":null}');
    expect(canonicalJson({ a: 1, b: 2 })).toBe(canonicalJson({ b: 2, a: 1 }));
  });
});

describe('mapLimit', () => {
  it('keeps the order and the limit', async () => {
    let flying = 0;
    let most = 0;
    const results = await mapLimit([5, 1, 4, 2, 3], 2, async (value) => {
      flying += 1;
      most = Math.max(most, flying);
      await new Promise((resolve) => setTimeout(resolve, value));
      flying -= 1;
      return value * 2;
    });
    expect(results).toEqual([10, 2, 8, 4, 6]);
    expect(most).toBe(2);
  });

  it('starts nothing after a failure', async () => {
    const started: number[] = [];
    const run = mapLimit([0, 1, 2, 3], 1, (value) => {
      started.push(value);
      return value === 1 ? Promise.reject(new Error('no')) : Promise.resolve(value);
    });
    await expect(run).rejects.toThrow('no');
    expect(started).toEqual([0, 1]);
  });
});

describe('verified', () => {
  const digest = sha256('hello');
  it('passes what is right', async () => {
    const bytes = await collectBytes(verified(bytesOf('hel', 'lo'), { digest, size: 5 }), 10, 'it');
    expect(bytes.toString()).toBe('hello');
  });
  it.each([
    ['hellO', 'E_DIGEST'],
    ['hell', 'E_SIZE'],
    ['hello!', 'E_SIZE'],
  ])('%j is %s', async (text, code) => {
    const read = collectBytes(verified(bytesOf(text), { digest, size: 5 }), 10, 'it');
    await expect(read).rejects.toMatchObject({ code });
  });
  it('collects no more than it may', async () => {
    await expect(collectBytes(bytesOf('hello'), 4, 'it')).rejects.toMatchObject({ code: 'E_LIMIT' });
  });
});

describe('errors', () => {
  it.each([
    ['ENOENT', 'E_PATH_NOT_FOUND'],
    ['EACCES', 'E_PERMISSION'],
    ['ENOSPC', 'E_NO_SPACE'],
    ['EROFS', 'E_READ_ONLY'],
    ['EIO', 'E_IO'],
  ])('%s becomes %s', (errno, code) => {
    const error = fromErrno(Object.assign(new Error('x'), { code: errno }), 'cannot read x');
    expect(error).toBeInstanceOf(TareError);
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/./) as string });
  });

  it('a cancelled context throws', () => {
    const controller = new AbortController();
    const ctx = createContext({ signal: controller.signal });
    throwIfCancelled(ctx.signal);
    controller.abort();
    expect(() => {
      throwIfCancelled(ctx.signal);
    }).toThrow(expect.objectContaining({ code: 'E_CANCELLED' }));
  });
});
