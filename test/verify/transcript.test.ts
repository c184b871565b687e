import { describe, expect, it } from 'vitest';
import type { OutputChunk } from '../../src/sandbox/types.ts';
import { transcribe } from '../../src/verify/transcript.ts';

type Piece = readonly [stream: OutputChunk['stream'], bytes: Uint8Array];

async function* outputOf(pieces: Iterable<Piece>): AsyncGenerator<OutputChunk> {
  for (const [stream, bytes] of pieces) yield await Promise.resolve({ stream, bytes });
}

async function transcriptOf(pieces: Iterable<Piece>) {
  const told = { stdout: '', stderr: '' };
  const transcript = transcribe(outputOf(pieces), (stream, text) => {
    told[stream] += text;
  });
  await transcript.done;
  return { transcript, told };
}

describe('the transcript of a container', () => {
  const text = 'aé€𝄞z';
  const bytes = Buffer.from(text);

  it.each([...bytes.keys()])('joins a character cut at byte %i, whatever comes between', async (at) => {
    const { told, transcript } = await transcriptOf([
      ['stdout', bytes.subarray(0, at)],
      ['stderr', Buffer.from('!')],
      ['stdout', bytes.subarray(at)],
    ]);
    expect(transcript.text('stdout')).toBe(text);
    expect(told).toEqual({ stdout: text, stderr: '!' });
    expect(transcript.text().replace('!', '')).toBe(text);
  });

  it('takes bytes that are no UTF-8 as they come', async () => {
    const { told, transcript } = await transcriptOf([
      ['stdout', Buffer.from([0x61, 0xff, 0x80, 0x80, 0x80, 0x80])],
      ['stdout', Buffer.from([0xc3])],
    ]);
    expect(transcript.text()).toMatch(/^a\ufffd+$/);
    expect(told.stdout).toBe(transcript.text());
  });

  it('keeps the end of a long output, and repeats its beginning alone', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const pieces = Array.from({ length: 400 }, (): Piece => ['stdout', chunk]);
    const { told, transcript } = await transcriptOf([...pieces, ['stdout', Buffer.from('the end')]]);
    expect(transcript.text().length).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(transcript.text().endsWith('xthe end')).toBe(true);
    expect(transcript.tail().length).toBe(4096);
    expect(told.stdout.length).toBeLessThan(17 * 1024 * 1024);
  });
});
