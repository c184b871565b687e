import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeAnswer,
  MAX_MESSAGE_BYTES,
  parseQuestion,
  RECORD_TYPES,
  RESPONSE_CODES,
} from '../../../src/formats/dns/message.ts';

interface Asked {
  readonly id?: number;
  readonly flags?: number;
  readonly count?: number;
  readonly labels?: readonly string[];
  readonly type?: number;
}

/** A question as clients write it (RFC 1035, 4.1.2). */
function question({ count = 1, flags = 0x0100, id = 7, labels = ['db'], type = 1 }: Asked = {}): Buffer {
  const name = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  const numbers = (...values: readonly number[]): Buffer =>
    Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
  return Buffer.concat([numbers(id, flags, count, 0, 0, 0), ...name, Buffer.from([0]), numbers(type, 1)]);
}

describe('a question', () => {
  it('is read with its name in small letters', () => {
    expect(parseQuestion(question({ labels: ['DB', 'Local'], type: 28 }))).toEqual({
      id: 7,
      opcode: 0,
      recursionDesired: true,
      name: 'db.local',
      type: 28,
      class: 1,
      section: question({ labels: ['DB', 'Local'], type: 28 }).subarray(12),
    });
  });

  it('may ask for the root', () => {
    expect(parseQuestion(question({ labels: [] }))?.name).toBe('');
  });

  it('is followed by what nobody looks at (EDNS)', () => {
    expect(parseQuestion(Buffer.concat([question(), Buffer.alloc(11, 9)]))?.name).toBe('db');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a header alone', question().subarray(0, 12)],
    ['an answer', question({ flags: 0x8180 })],
    ['no question', question({ count: 0 })],
    ['two questions', question({ count: 2 })],
    ['a name that is cut short', question().subarray(0, 14)],
    ['no class', question().subarray(0, -1)],
    ['a pointer', Buffer.concat([question().subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])])],
    ['a name of more than 255 bytes', question({ labels: Array.from({ length: 20 }, () => 'a'.repeat(20)) })],
  ])('is none: %s', (_, bytes) => {
    expect(parseQuestion(bytes)).toBeUndefined();
  });

  it('is asked for in any bytes without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, hasHeader) => {
        const message = hasHeader ? Buffer.concat([question().subarray(0, 12), bytes]) : bytes;
        const found = parseQuestion(message);
        if (found !== undefined) expect(found.section.length).toBeLessThanOrEqual(message.length - 12);
      }),
    );
  });
});

describe('an answer', () => {
  const label = fc
    .array(fc.constantFrom('a', 'b', 'z', '0', '9', '-', '_'), { minLength: 1, maxLength: 20 })
    .map((letters) => letters.join(''));
  const address = fc.uint8Array({ minLength: 4, maxLength: 4 });

  it('repeats what was asked, and tells every address', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.array(label, { minLength: 1, maxLength: 8 }),
        fc.array(address, { maxLength: 20 }),
        (id, labels, addresses) => {
          const asked = parseQuestion(question({ id, labels }));
          if (asked === undefined) throw new Error('a question');
          expect(asked.name).toBe(labels.join('.'));
          const answer = Buffer.from(encodeAnswer(asked, { code: RESPONSE_CODES.ok, addresses }));
          expect(answer.readUInt16BE(0)).toBe(id);
          expect(answer.readUInt16BE(2)).toBe(0x8580);
          expect([4, 6, 8, 10].map((at) => answer.readUInt16BE(at))).toEqual([1, addresses.length, 0, 0]);
          expect(answer.subarray(12, 12 + asked.section.length)).toEqual(Buffer.from(asked.section));
          const records = answer.subarray(12 + asked.section.length);
          expect(records.length).toBe(addresses.length * 16);
          for (const [index, each] of addresses.entries()) {
            const record = records.subarray(index * 16, index * 16 + 16);
            expect([0, 2, 4, 10].map((at) => record.readUInt16BE(at))).toEqual([0xc00c, RECORD_TYPES.a, 1, 4]);
            expect(record.subarray(12)).toEqual(Buffer.from(each));
          }
        },
      ),
    );
  });

  it('fits into a datagram, and says when something is left out', () => {
    const asked = parseQuestion(question());
    if (asked === undefined) throw new Error('a question');
    const addresses = Array.from({ length: 100 }, (_, index) => Uint8Array.of(10, 89, 0, index));
    const whole = Buffer.from(encodeAnswer(asked, { code: 0, addresses }));
    expect([whole.readUInt16BE(2) & 0x0200, whole.readUInt16BE(6)]).toEqual([0, 100]);
    const cut = Buffer.from(encodeAnswer(asked, { code: 0, addresses, maxBytes: MAX_MESSAGE_BYTES.udp }));
    expect(cut.length).toBeLessThanOrEqual(512);
    expect([cut.readUInt16BE(2) & 0x0200, cut.readUInt16BE(6)]).toEqual([0x0200, 30]);
  });
});
