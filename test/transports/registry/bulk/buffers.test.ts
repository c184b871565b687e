import { assert, array, boolean, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBuffers } from '../../../../src/transports/registry/bulk/buffers.ts';

describe('the buffers of a connection', () => {
  it('give back what came, in its order, and never write to what is being read', () => {
    const steps = array(record({ bytes: integer({ min: 1, max: 700_000 }), takes: boolean() }), { maxLength: 40 });
    assert(
      property(steps, (plan) => {
        const buffers = createBuffers();
        let sent = 0;
        let read = 0;
        let lent: { readonly piece: Buffer; readonly from: number } | undefined;
        const marks = (bytes: Uint8Array, from: number): boolean => bytes.every((byte, at) => byte === mark(from + at));
        const take = (): boolean => {
          expect(lent === undefined || marks(lent.piece, lent.from)).toBe(true);
          const piece = buffers.take();
          lent = piece === undefined ? undefined : { piece, from: read };
          read += piece?.length ?? 0;
          return piece !== undefined;
        };
        // As a connection does it: the place is asked for after each arrival, and used for the next.
        let space = buffers.space();
        for (const { bytes, takes } of plan) {
          if (!buffers.isFull()) {
            const count = Math.min(bytes, space.length);
            expect(count).toBeGreaterThan(0);
            for (let at = 0; at < count; at++) space[at] = mark(sent + at);
            sent += count;
            buffers.filled(count);
            space = buffers.space();
          }
          if (takes) take();
        }
        while (take());
        expect(read).toBe(sent);
        expect(buffers.isFull()).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('have room for what TLS still gives when it is told to stop', () => {
    const buffers = createBuffers();
    let sent = 0;
    let space = buffers.space();
    const arrive = (): void => {
      // A record of TLS is no longer.
      const count = Math.min(16 * 1024, space.length);
      for (let at = 0; at < count; at++) space[at] = mark(sent + at);
      sent += count;
      buffers.filled(count);
      space = buffers.space();
    };
    let read = 0;
    const take = (): boolean => {
      const piece = buffers.take();
      const from = read;
      expect(piece === undefined || piece.every((byte, at) => byte === mark(from + at))).toBe(true);
      read += piece?.length ?? 0;
      return piece !== undefined;
    };
    for (let round = 0; round < 5; round++) {
      while (!buffers.isFull()) arrive();
      for (let late = 0; late < 4; late++) arrive();
      while (buffers.isFull()) take();
    }
    while (take());
    expect(read).toBe(sent);
  });

  it('show what came first, and leave it out', () => {
    const buffers = createBuffers();
    buffers.space().set(Buffer.from('headbody'));
    buffers.filled(8);
    expect(buffers.peek().toString()).toBe('headbody');
    buffers.drop(4);
    expect(buffers.take()?.toString()).toBe('body');
    expect(buffers.take()).toBeUndefined();
    expect(buffers.peek()).toHaveLength(0);
  });
});

/** Another byte at each place, also where a buffer begins anew. */
const mark = (at: number): number => (at * 31 + (at >> 16) * 7) & 0xff;
