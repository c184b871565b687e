import { describe, expect, it } from 'vitest';
import { formatChange, formatSeconds, formatSize, plural, shortDigest } from '../../src/report/format.ts';
import { formatBar, formatTable } from '../../src/report/table.ts';

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [98_900_000, '98.9 MB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [1.2e9, '1.2 GB'],
    [5e18, '5000.0 PB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('changes are shares of the larger size', () => {
  it.each([
    [309, 117, '62% smaller'],
    [117, 309, '62% larger'],
    [100, 100, 'same size'],
    [0, 0, 'same size'],
    [100, 0, '100% smaller'],
    [1_000_000, 1, '>99.9% smaller'],
    [693, 2.4, '99.7% smaller'],
    [1000, 995, '0.5% smaller'],
  ])('%d to %d is %s', (before, after, text) => {
    expect(formatChange(before, after)).toBe(text);
  });
});

describe('small words', () => {
  it('say what they mean', () => {
    expect(plural(1, 'file')).toBe('1 file');
    expect(plural(2, 'probe')).toBe('2 probes');
    expect(formatSeconds(12.4)).toBe('12 ms');
    expect(formatSeconds(1240)).toBe('1.2 s');
    expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab');
  });
});

describe('tables', () => {
  it('align by what is seen, not by escapes', () => {
    const table = formatTable(
      [{ title: 'name' }, { title: 'size', align: 'right' }, { title: 'x' }],
      [
        ['\u001b[1ma\u001b[22m', '1', 'end'],
        ['long', '100', ''],
      ],
    );
    expect(table).toBe('name  size  x\n\u001b[1ma\u001b[22m        1  end\nlong   100');
  });

  it.each([
    [0, ''],
    [0.5, '██'],
    [1, '████'],
    [0.53, '██▏'],
    [7, '████'],
  ])('a bar for %d', (share, bar) => {
    expect(formatBar(share, 4)).toBe(bar);
  });
});
