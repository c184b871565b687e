import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyAnswer, bodyRoom, readBody } from '../../../src/sandbox/probes/body-answer.ts';
import { countParts, partsOf } from '../../../src/sandbox/probes/body-parts.ts';

const MIB = 1024 * 1024;

/** Bytes that look random and are the same each time. */
function noise(length: number, seed: string): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += 32) parts.push(createHash('sha256').update(`${seed} ${at}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

describe('parts', () => {
  it('are the same in whatever pieces the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 20 }), (pieces) => {
        const counter = countParts();
        for (const piece of pieces) counter.add(piece);
        expect(counter.done()).toEqual(partsOf(Buffer.concat(pieces)));
      }),
    );
  });

  it('stay the same around what is put in', () => {
    const all = noise(20_000, 'x');
    const before = partsOf(all);
    const after = new Set(
      partsOf(Buffer.concat([all.subarray(0, 9999), Buffer.from('something'), all.subarray(9999)])).hashes,
    );
    expect(before.hashes.length).toBeGreaterThan(150);
    expect(before.hashes.filter((hash) => !after.has(hash)).length).toBeLessThan(5);
  });

  it('are a sample of a long body, bounded in size', () => {
    const { hashes, sampled } = partsOf(noise(4 * MIB, 'long'));
    expect([hashes.length, sampled]).toEqual([1024, true]);
    expect(hashes).toEqual(hashes.toSorted());
    expect(new Set(hashes).size).toBe(1024);
    expect(partsOf(noise(1000, 'short')).sampled).toBe(false);
    expect(partsOf(Buffer.alloc(4 * MIB)).hashes).toHaveLength(1);
    expect(partsOf(Buffer.alloc(0))).toEqual({ hashes: new Float64Array(), sampled: false });
  });
});

describe('an answer', () => {
  it.each<[what: string, body: Buffer, kept: string]>([
    ['nothing', Buffer.alloc(0), 'text'],
    ['text', Buffer.from('größe'), 'text'],
    ['long text', Buffer.alloc(MIB, 'a'), 'text'],
    ['longer text', Buffer.alloc(MIB + 1, 'a'), 'parts'],
    ['bytes', Buffer.from([1, 0, 2]), 'binary parts'],
    ['what is not UTF-8', Buffer.from([0xc3, 0x28]), 'binary parts'],
    ['more than is kept', Buffer.alloc(17 * MIB, 'a'), 'parts'],
  ])('to %s', (_, body, kept) => {
    const reader = readBody();
    for (let at = 0; at < body.length; at += 65_536) reader.add(body.subarray(at, at + 65_536));
    const { answer, body: beginning } = reader.done();
    expect(beginning.equals(body.subarray(0, 16 * MIB))).toBe(true);
    expect(answer).toMatchObject({
      size: body.length,
      digest: `sha256:${createHash('sha256').update(body).digest('hex')}`,
    });
    const { binary, parts, text } = answer;
    expect([binary && 'binary', parts && 'parts', text !== undefined && 'text'].filter(Boolean).join(' ')).toBe(kept);
    if (text !== undefined) expect(text).toBe(body.toString('utf8'));
    if (parts !== undefined) expect(parts).toEqual(partsOf(body));
  });

  it('shares one room with the others of its container', () => {
    const room = bodyRoom();
    const answers = Array.from({ length: 500 }, (_, index) =>
      bodyAnswer(Buffer.alloc(70_000 + index, 'some words '), room),
    );
    const texts = answers.flatMap(({ text }) => text ?? []);
    expect(texts.length).toBeGreaterThan(300);
    expect(texts.reduce((sum, text) => sum + text.length, 0)).toBeLessThanOrEqual(32 * MIB);
    const parts = answers.flatMap((answer) => answer.parts ?? []);
    expect(texts.length + parts.length).toBe(500);
    // Short ones still find room.
    expect(bodyAnswer(Buffer.from('short'), room).text).toBe('short');
    // And what is known takes none.
    expect(bodyAnswer(Buffer.alloc(70_000, 'some words '), room)).toBe(answers[0]);
    const bits = Buffer.concat([Buffer.alloc(1), noise(110_000, 'x')]);
    const binary = Array.from({ length: 2100 }, (_, index) => bodyAnswer(bits.subarray(0, 100_000 + index), room));
    const bytes = binary.reduce((sum, answer) => sum + (answer.parts?.hashes.byteLength ?? 0), 0);
    expect(bytes).toBeLessThanOrEqual(16 * MIB);
    expect(binary.at(-1)).toEqual({ size: 102_099, digest: expect.any(String), binary: true });
  });
});
