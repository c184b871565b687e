import { describe, expect, it } from 'vitest';
import { bytesOf, collectBytes, type Bytes } from '../../../src/base/streams.ts';
import { readTar, writeTar, type TarEntry, type TarHeader, type TarInput } from '../../../src/formats/tar/index.ts';
import { archive, block, member, padded } from '../../helpers/tar-blocks.ts';

const header = (path: string, size: number): TarHeader => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size,
  mtime: 0,
});

const three = archive(
  member({ name: 'a' }, 'first'),
  member({ name: 'b' }, 'x'.repeat(3000)),
  member({ name: 'c' }, 'last'),
);

/** The archive in pieces, telling how many were asked for and whether the source was closed. */
function pieces(bytes: Uint8Array, length: number): { source: Bytes; asked: () => number; closed: () => boolean } {
  let asked = 0;
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < bytes.length; at += length) {
        asked += 1;
        yield bytes.subarray(at, at + length);
      }
    } finally {
      closed = true;
    }
  }
  return { source: source(), asked: () => asked, closed: () => closed };
}

const text = async (body: Bytes): Promise<string> => (await collectBytes(body, 1e6, 'body')).toString('latin1');

describe('readTar', () => {
  it.each([1, 7, 512, 513, 100_000])('reads bodies from chunks of %d bytes', async (length) => {
    const seen: [string, string][] = [];
    for await (const { header, body } of readTar(pieces(three, length).source))
      seen.push([header.path, await text(body)]);
    expect(seen).toEqual([
      ['a', 'first'],
      ['b', 'x'.repeat(3000)],
      ['c', 'last'],
    ]);
  });

  it('skips bodies that are not read, or read in part', async () => {
    const seen: string[] = [];
    for await (const { header, body } of readTar(pieces(three, 700).source)) {
      seen.push(header.path);
      if (header.path === 'b') for await (const chunk of body) if (chunk.length > 0) break;
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('asks for no more than it hands out', async () => {
    const { source, asked } = pieces(three, 512);
    const entries = readTar(source);
    await entries.next();
    expect(asked()).toBe(1);
    const { value } = await entries.next();
    expect(asked()).toBe(3);
    await (value as TarEntry).body[Symbol.asyncIterator]().next();
    expect(asked()).toBe(4);
    await entries.return(undefined);
  });

  it('closes the source when the reader stops early', async () => {
    const { source, closed } = pieces(three, 512);
    for await (const entry of readTar(source)) if (entry.header.path === 'b') break;
    expect(closed()).toBe(true);
  });

  it('refuses to read a body after its turn', async () => {
    const entries: TarEntry[] = [];
    for await (const entry of readTar(pieces(three, 100_000).source)) entries.push(entry);
    for (const { body } of entries) await expect(text(body)).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  it('hands out what came before a fault', async () => {
    const bytes = Buffer.concat([member({ name: 'a' }, 'first'), block({ checksum: 'wrong' })]);
    const seen: string[] = [];
    const all = (async () => {
      for await (const { body } of readTar(bytesOf(bytes))) seen.push(await text(body));
    })();
    await expect(all).rejects.toMatchObject({ code: 'E_TAR' });
    expect(seen).toEqual(['first']);
  });

  it('fails in the body of a truncated member', async () => {
    const entries = readTar(bytesOf(three.subarray(0, 514)));
    const { value } = await entries.next();
    await expect(text((value as TarEntry).body)).rejects.toMatchObject({ code: 'E_TAR' });
    await expect(entries.next()).rejects.toMatchObject({ code: 'E_TAR' });
  });

  it('passes the errors of the source', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield three.subarray(0, 600);
      throw new Error('the disk is gone');
    }
    const all = (async () => {
      for await (const { body } of readTar(source())) await text(body);
    })();
    await expect(all).rejects.toThrow('the disk is gone');
  });

  it('keeps to its limits', async () => {
    await expect(readTar(bytesOf(three), { maxPathBytes: 0 }).next()).rejects.toMatchObject({ code: 'E_LIMIT' });
  });
});

describe('writeTar', () => {
  const written = async (entries: Iterable<TarInput> | AsyncIterable<TarInput>): Promise<Buffer> =>
    await collectBytes(writeTar(entries), 1e6, 'archive');

  it('writes headers, bodies of either kind, padding and trailer', async () => {
    const bytes = await written([
      { header: header('a', 5), body: Buffer.from('first') },
      { header: header('b', 0) },
      { header: header('c', 512), body: bytesOf('x'.repeat(500), '', 'y'.repeat(12)) },
    ]);
    const zeros = { major: '0000000\0', minor: '0000000\0' };
    expect(bytes).toEqual(
      archive(
        member({ name: 'a', ...zeros }, 'first'),
        member({ name: 'b', ...zeros }),
        member({ name: 'c', ...zeros }, 'x'.repeat(500) + 'y'.repeat(12)),
      ),
    );
  });

  it('writes an empty archive', async () => {
    expect(await written([])).toEqual(Buffer.alloc(1024));
  });

  it('copies what readTar reads', async () => {
    const copy = await written(readTar(bytesOf(three)));
    const paths: string[] = [];
    for await (const entry of readTar(bytesOf(copy))) paths.push(entry.header.path + (await text(entry.body)));
    expect(paths).toEqual(['afirst', `b${'x'.repeat(3000)}`, 'clast']);
  });

  it.each<[what: string, input: TarInput]>([
    ['shorter', { header: header('a', 3), body: Buffer.from('ab') }],
    ['longer', { header: header('a', 3), body: bytesOf('ab', 'cd') }],
    ['shorter', { header: header('a', 3) }],
    ['longer', { header: { ...header('d/', 0), type: 'directory' }, body: Buffer.from('x') }],
  ])('refuses a body that is %s than its header says', async (what, input) => {
    await expect(written([input])).rejects.toMatchObject({ code: 'E_TAR', message: expect.stringContaining(what) });
  });

  it('never writes a byte too many', async () => {
    const chunks: Buffer[] = [];
    const all = (async () => {
      for await (const chunk of writeTar([{ header: header('a', 3), body: bytesOf('ab', 'cd') }]))
        chunks.push(Buffer.from(chunk));
    })();
    await expect(all).rejects.toMatchObject({ code: 'E_TAR' });
    expect(Buffer.concat(chunks).length).toBe(512 + 2);
    expect(padded('ab').length).toBe(512);
  });
});
