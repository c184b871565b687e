import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerTo } from '../../../src/sandbox/switchboard/name-server.ts';
import type { Names } from '../../../src/sandbox/switchboard/protocol.ts';

const NAMES: Names = {
  networks: {
    front: { web: ['10.89.0.2', '10.89.0.3'], api: ['10.89.0.4'] },
    back: { db: ['10.89.1.2'], api: ['10.89.1.3'] },
  },
  members: { '10.89.0.2': ['front'], '10.89.0.4': ['front', 'back'], '10.89.1.2': ['back'] },
};

const ask = (name: string, type = 1, { flags = 0x0100, klass = 1 } = {}): Buffer =>
  Buffer.concat([
    Buffer.from([0, 1, flags >> 8, flags & 0xff, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0, 0, type, 0, klass]),
  ]);

/** Code and addresses. */
function answer(message: Buffer, from: string, turn = 0): readonly [number, ...string[]] {
  const bytes = Buffer.from(answerTo(message, { from, names: NAMES, turn, over: 'udp' }) ?? []);
  const count = bytes.readUInt16BE(6);
  const addresses = Array.from({ length: count }, (_, index) => {
    const end = bytes.length - (count - index - 1) * 16;
    return [...bytes.subarray(end - 4, end)].join('.');
  });
  return [bytes.readUInt16BE(2) & 15, ...addresses];
}

describe('names', () => {
  it.each([
    ['one of its network', 'web', '10.89.0.4', [0, '10.89.0.2', '10.89.0.3']],
    ['in any letters', 'WEB', '10.89.0.4', [0, '10.89.0.2', '10.89.0.3']],
    ['one of each of its networks', 'api', '10.89.0.4', [0, '10.89.0.4', '10.89.1.3']],
    ['of its own network alone', 'api', '10.89.1.2', [0, '10.89.1.3']],
    ['of another network', 'db', '10.89.0.2', [3]],
    ['nobody', 'nobody', '10.89.0.2', [3]],
    ['who is in no network', 'web', '10.89.9.9', [5]],
    ['a word of the language', 'constructor', '10.89.0.2', [3]],
    ['another one', '__proto__', '10.89.0.2', [3]],
  ] as const)('%s: %s', (_, name, from, expected) => {
    expect(answer(ask(name), from)).toEqual(expected);
  });

  it('whose addresses are of IPv4 exist without any for another type', () => {
    expect(answer(ask('web', 28), '10.89.0.4')).toEqual([0]);
    expect(answer(ask('nobody', 28), '10.89.0.4')).toEqual([3]);
    expect(answer(ask('web', 255), '10.89.0.4')).toEqual([0, '10.89.0.2', '10.89.0.3']);
  });

  it('share the work in turn', () => {
    expect([0, 1, 2].map((turn) => answer(ask('web'), '10.89.0.4', turn)[1])).toEqual([
      '10.89.0.2',
      '10.89.0.3',
      '10.89.0.2',
    ]);
  });

  it('are not asked for by other means', () => {
    expect(answer(ask('web', 1, { flags: 0x2800 }), '10.89.0.4')).toEqual([4]);
    expect(answer(ask('web', 1, { klass: 3 }), '10.89.0.4')).toEqual([5]);
  });

  it('are asked for in any bytes without an error', () => {
    const words = fc.constantFrom('web', 'toString', 'valueOf', '__proto__', 'hasOwnProperty', 'a'.repeat(63));
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 3 }),
        fc.uint8Array(),
        fc.nat(255),
        (labels, more, type) => {
          const message = Buffer.concat([ask(labels.join('.'), type), more]);
          for (const from of ['10.89.0.4', 'constructor', ''])
            expect(answerTo(message, { from, names: NAMES, turn: 3, over: 'tcp' })?.length).toBeGreaterThan(12);
        },
      ),
    );
  });
});
