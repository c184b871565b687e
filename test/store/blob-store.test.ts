import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hexOf, sha256, type Digest } from '../../src/base/digest.ts';
import { bytesOf, collectBytes } from '../../src/base/streams.ts';
import { openStore } from '../../src/store/index.ts';
import { tempDir } from '../helpers/temp.ts';

const freshStore = async () => openStore({ home: join(tempDir(), 'home') });
const descriptorOf = (digest: Digest, size: number) => ({ mediaType: 'application/octet-stream', digest, size });
/** Everything below `tare/tmp` and `blobs`: half-written files would be here. */
const filesOf = (home: string): string[] =>
  [join(home, 'tare/tmp'), join(home, 'blobs')].flatMap((dir) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name),
  );

describe('the blob store', () => {
  it('stores bytes, streams and pushed chunks under their digest', async () => {
    const { blobs, home } = await freshStore();
    const text = 'hello, blob';
    const digest = sha256(text);
    const result = { digest, size: text.length };
    expect(await blobs.putBytes(Buffer.from(text))).toEqual(result);
    expect(await blobs.put(bytesOf('hello, ', 'blob'))).toEqual(result);
    expect(await blobs.put(bytesOf(text), result)).toEqual(result);
    const writer = await blobs.writer();
    for (const chunk of ['hello', ', ', '', 'blob']) await writer.write(Buffer.from(chunk));
    expect(await writer.commit()).toEqual(result);
    expect(filesOf(home)).toEqual([hexOf(digest)]);
    expect(await blobs.size(digest)).toBe(text.length);
    expect((await collectBytes(blobs.open(descriptorOf(digest, text.length)), 100, 'it')).toString()).toBe(text);
    const file = await blobs.file?.(descriptorOf(digest, text.length));
    expect(file).toBe(join(home, 'blobs/sha256', hexOf(digest)));
    expect(readFileSync(file ?? '', 'utf8')).toBe(text);
  });

  it('stores any bytes in any chunks', async () => {
    const { blobs } = await freshStore();
    const chunks = fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(chunks, async (chunks) => {
        const whole = Buffer.concat(chunks);
        const { digest, size } = await blobs.put(bytesOf(...chunks));
        expect([digest, size]).toEqual([sha256(whole), whole.length]);
        expect(await collectBytes(blobs.open(descriptorOf(digest, size)), 1e6, 'it')).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('reads a large blob in order', async () => {
    const { blobs } = await freshStore();
    const bytes = Buffer.alloc(3_000_001, Buffer.from(Array.from({ length: 251 }, (_, at) => at)));
    const { digest, size } = await blobs.putBytes(bytes);
    expect((await collectBytes(blobs.open(descriptorOf(digest, size)), size, 'it')).equals(bytes)).toBe(true);
  });

  it('stores under sha512 when that is what was promised', async () => {
    const { blobs } = await freshStore();
    const digest: Digest = `sha512:${createHash('sha512').update('x').digest('hex')}`;
    expect(await blobs.put(bytesOf('x'), { digest })).toEqual({ digest, size: 1 });
    expect(await blobs.size(digest)).toBe(1);
  });

  it.each([
    ['another content', 'hellO', { digest: sha256('hello'), size: 5 }, 'E_DIGEST'],
    ['too much', 'hello!', { digest: sha256('hello'), size: 5 }, 'E_SIZE'],
    ['too little', 'hell', { digest: sha256('hello'), size: 5 }, 'E_SIZE'],
    ['another content of unknown size', 'hell', { digest: sha256('hello') }, 'E_DIGEST'],
  ])('refuses %s and leaves nothing', async (_name, text, expected, code) => {
    const { blobs, home } = await freshStore();
    await expect(blobs.put(bytesOf(text), expected)).rejects.toMatchObject({ code });
    expect(await blobs.size(expected.digest)).toBeUndefined();
    expect(filesOf(home)).toEqual([]);
  });

  it('passes on the error of a source and leaves nothing', async () => {
    const { blobs, home } = await freshStore();
    const failing = async function* () {
      yield Buffer.from('half');
      throw new Error('line cut');
    };
    await expect(blobs.put(failing())).rejects.toThrow('line cut');
    expect(filesOf(home)).toEqual([]);
  });

  it('shows nothing before the commit, and nothing after an abort', async () => {
    const { blobs, home } = await freshStore();
    const writer = await blobs.writer();
    await writer.write(Buffer.from('abc'));
    expect(await blobs.size(sha256('abc'))).toBeUndefined();
    expect(filesOf(home)).toHaveLength(1);
    await writer.abort();
    await writer.abort();
    expect(filesOf(home)).toEqual([]);
    await expect(writer.write(Buffer.from('d'))).rejects.toThrow('has ended');
  });

  it('does not read the source of a blob that is there, and closes it', async () => {
    const { blobs } = await freshStore();
    const expected = await blobs.putBytes(Buffer.from('abc'));
    let closed = false;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error('was read')),
        return: async () => {
          closed = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    expect(await blobs.put(source, expected)).toEqual(expected);
    expect(closed).toBe(true);
  });

  it('replaces a blob of the wrong size', async () => {
    const { blobs, home } = await freshStore();
    const { digest } = await blobs.putBytes(Buffer.from('abc'));
    const file = join(home, 'blobs/sha256', hexOf(digest));
    writeFileSync(file, 'a');
    await blobs.put(bytesOf('abc'), { digest, size: 3 });
    expect(readFileSync(file, 'utf8')).toBe('abc');
  });

  it('says which blob is not there, and where', async () => {
    const { blobs, home } = await freshStore();
    const missing = descriptorOf(sha256('nothing'), 7);
    await expect(collectBytes(blobs.open(missing), 10, 'it')).rejects.toMatchObject({
      code: 'E_IMAGE_NOT_FOUND',
      message: `blob ${missing.digest} is not in the store ${home}`,
    });
    expect(await blobs.file?.(missing)).toBeUndefined();
  });

  it('lists blobs alone, in order', async () => {
    const { blobs, home } = await freshStore();
    const digests = await Promise.all(
      ['a', 'b', 'c'].map(async (text) => (await blobs.putBytes(Buffer.from(text))).digest),
    );
    writeFileSync(join(home, 'blobs/sha256/README'), 'not a blob');
    const listed: string[] = [];
    for await (const { digest } of blobs.list()) listed.push(digest);
    expect(listed).toEqual(digests.sort());
  });
});
