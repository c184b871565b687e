import { describe, expect, it } from 'vitest';
import { createStyle } from '../../src/report/style.ts';
import { wrapped } from '../../src/report/wrap.ts';

const style = createStyle({ colour: true, width: 40, terminal: true });

describe('folding at the edge of a terminal', () => {
  it.each([
    ['short', 'a line', 'a line'],
    ['at a space', `  ${'word '.repeat(12).trim()}`, `  ${'word '.repeat(7).trim()}\n    ${'word '.repeat(5).trim()}`],
    ['line by line', `a\n${'b'.repeat(30)} ${'c'.repeat(20)}`, `a\n${'b'.repeat(30)}\n    ${'c'.repeat(20)}`],
    ['never inside of a word', 'x'.repeat(60), 'x'.repeat(60)],
    [
      'never inside of a command',
      'try `tare shrink app --static --no-verify` instead',
      'try\n    `tare shrink app --static --no-verify`\n    instead',
    ],
    [
      'by what is seen',
      style.red(`${'x'.repeat(30)} ${'y'.repeat(8)}`),
      style.red(`${'x'.repeat(30)} ${'y'.repeat(8)}`),
    ],
    ['keeping gaps', 'put back  /x: y', 'put back  /x: y'],
  ])('%s', (_what, text, folded) => {
    expect(wrapped(text, style, 4)).toBe(folded);
  });

  it('leaves a pipe alone', () => {
    const text = 'word '.repeat(40);
    expect(wrapped(text, createStyle({ colour: false, width: 40 }), 4)).toBe(text);
  });
});
