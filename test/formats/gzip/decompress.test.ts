import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError, TareError } from '../../../src/base/error.ts';
import { collectBytes } from '../../../src/base/streams.ts';
import { decompress } from '../../../src/formats/gzip/index.ts';
import { chunked, noise, outcome } from '../../helpers/streams.ts';
import { needs } from '../../helpers/needs.ts';

const abc = gzipSync('abc');
const run = (data: Uint8Array, chunkBytes = 64 * 1024): Promise<string> =>
  outcome(decompress(chunked(data, chunkBytes)));

describe('decompress gzip', () => {
  it.each([
    ['one member', abc, 'abc'],
    ['an empty member', gzipSync(''), ''],
    ['two members', Buffer.concat([abc, gzipSync('def')]), 'abcdef'],
    ['an empty member between two', Buffer.concat([abc, gzipSync(''), gzipSync('def')]), 'abcdef'],
    ['zeros after it', Buffer.concat([abc, Buffer.alloc(2000)]), 'abc'],
    ['one zero after it', Buffer.concat([abc, Buffer.alloc(1)]), 'abc'],
    ['something after it', Buffer.concat([abc, Buffer.from('xyz')]), 'E_COMPRESSION'],
    ['something after zeros', Buffer.concat([abc, Buffer.alloc(700), Buffer.from('x')]), 'E_COMPRESSION'],
    ['a member after zeros', Buffer.concat([abc, Buffer.alloc(7), abc]), 'E_COMPRESSION'],
    ['half a second member', Buffer.concat([abc, abc.subarray(0, 12)]), 'E_COMPRESSION'],
    ['the first byte of a second member', Buffer.concat([abc, Buffer.from([0x1f])]), 'E_COMPRESSION'],
    ['nothing', Buffer.alloc(0), 'E_COMPRESSION'],
    ['only zeros', Buffer.alloc(100), 'E_COMPRESSION'],
    ['no gzip', Buffer.from('this is text, not gzip'), 'E_COMPRESSION'],
    ['only the magic number', abc.subarray(0, 2), 'E_COMPRESSION'],
    ['a wrong checksum', flipped(abc, abc.length - 8), 'E_COMPRESSION'],
    ['a wrong length', flipped(abc, abc.length - 1), 'E_COMPRESSION'],
    ['an unknown method', flipped(abc, 2), 'E_COMPRESSION'],
  ])('%s', async (_name, data, expected) => {
    for (const chunkBytes of [1, 7, 512, 1 << 20]) expect(await run(data, chunkBytes)).toBe(expected);
  });

  it('refuses every truncation', async () => {
    const data = Buffer.concat([gzipSync(noise(3000)), abc]);
    const first = data.length - abc.length;
    for (let length = 0; length < data.length; length++) {
      if (length !== first) expect(await run(data.subarray(0, length), 1000)).toBe('E_COMPRESSION');
    }
  });

  it('never accepts flipped bits as something else', async () => {
    const content = noise(500);
    const data = gzipSync(content);
    await fc.assert(
      fc.asyncProperty(fc.nat(data.length * 8 - 1), async (bit) => {
        const bad = Buffer.from(data);
        bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
        // Time, system and flags of the header are not covered by the checksum.
        expect([content.toString('latin1'), 'E_COMPRESSION']).toContain(await run(bad));
      }),
      { numRuns: 300 },
    );
  });

  it('any content in any pieces, as members', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 3000 }),
        async (parts, size) => {
          const out = await collectBytes(
            decompress(chunked(Buffer.concat(parts.map((part) => gzipSync(part))), size)),
            1e6,
            'it',
          );
          expect(out.equals(Buffer.concat(parts))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('stops a bomb, and lets honest zeros pass', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const size = async (caps: object): Promise<number> => {
      let total = 0;
      for await (const chunk of decompress(chunked(bomb, 4096), caps)) total += chunk.length;
      return total;
    };
    await expect(size({ freeBytes: 1_000_000 })).rejects.toMatchObject({ code: 'E_LIMIT' });
    await expect(size({ maxBytes: 19_999_999 })).rejects.toMatchObject({ code: 'E_LIMIT' });
    expect(await size({})).toBe(20_000_000);
    expect(await size({ maxBytes: 20_000_000 })).toBe(20_000_000);
  });

  it('asks for input only as output is taken, and closes the source when it is left', async () => {
    const data = gzipSync(noise(4_000_000), { level: 1 });
    let asked = 0;
    let closed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of chunked(data, 10_000)) {
          asked += chunk.length;
          yield chunk;
        }
      } finally {
        closed = true;
      }
    };
    const stream = decompress(source());
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toBeLessThan(data.length / 2);
    await stream.return(undefined);
    expect(closed).toBe(true);
  });

  it('passes an error of the source on', async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield abc.subarray(0, 5);
      throw new TareError('E_DIGEST', 'wrong blob');
    };
    await expect(collectBytes(decompress(source()), 100, 'it')).rejects.toSatisfy((error) =>
      isTareError(error, 'E_DIGEST'),
    );
  });

  it.skipIf(!needs('pigz'))('reads what pigz writes', async () => {
    const content = noise(1_000_000);
    const data = execFileSync('pigz', ['-c', '-b', '128'], { input: content, maxBuffer: 1e8 });
    expect((await collectBytes(decompress(chunked(data, 9999)), 1e7, 'it')).equals(content)).toBe(true);
  });
});

function flipped(data: Buffer, at: number): Buffer {
  const out = Buffer.from(data);
  out[at] = (out[at] as number) ^ 0x10;
  return out;
}
