import { describe, expect, it } from 'vitest';
import { formatTable } from '../../src/report/table.ts';

const columns = [
  { title: 'name', gives: true as const },
  { title: 'size', align: 'right' as const },
];
const rows = [
  ['registry.example/team/application:1.0-shrunk', '1.0 MB'],
  ['a', '812 B'],
];
const table = (style?: { terminal: boolean; width: number }): string[] =>
  formatTable(columns, rows, undefined, style).split('\n');

describe('a table', () => {
  it('cuts the column that gives way, where a terminal is too narrow', () => {
    expect(table({ terminal: true, width: 30 })).toEqual([
      'name                      size',
      'registry.ex…1.0-shrunk  1.0 MB',
      'a                        812 B',
    ]);
    for (const line of table({ terminal: true, width: 30 })) expect(line.length).toBeLessThanOrEqual(30);
  });

  it('stays whole on a pipe, and where there is room', () => {
    expect(table({ terminal: false, width: 30 })[1]).toContain(rows[0]?.[0]);
    expect(table({ terminal: true, width: 80 })[1]).toContain(rows[0]?.[0]);
  });
});
