import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import type { ComparedImage } from '../../src/explain/compare.ts';
import type { Trend } from '../../src/explain/trend.ts';
import { compareMarkdown } from '../../src/report/compare-markdown.ts';
import { compareText } from '../../src/report/compare.ts';
import { markdownText } from '../../src/report/markdown-table.ts';
import { sparkline } from '../../src/report/sparkline.ts';
import { createStyle } from '../../src/report/style.ts';
import { trendText } from '../../src/report/trend.ts';

const row = (reference: string, disk: number, wire: number): ComparedImage => ({
  reference,
  digest: sha256(reference),
  size: { disk, wire },
  files: 3,
  layers: 2,
  change: { disk: 0, wire: 0 },
});
const trend = (reference: string, ...sizes: readonly number[]): Trend => ({
  reference,
  points: sizes.map((disk) => {
    const digest = sha256(`${disk}`);
    return { reference, digest, created: null, disk, wire: disk, files: 1, layers: 1 };
  }),
});
const screen = createStyle({ colour: false, terminal: true, width: 140 });
const pipe = createStyle({ colour: false, terminal: false, width: 100 });

describe('the table of sizes', () => {
  const rows = [row('node:22', 309e6, 100e6), row('a|b`<img src=x>@team\n*c*', 117e6, 100e6)];

  it('is Markdown that says what the names say, with percentages of the larger', () => {
    expect(compareMarkdown(rows, [trend('x_y', 1e6, 3e6, 2e6), trend('z', 5)])).toMatchInlineSnapshot(`
      "| image | disk | wire | files | layers | disk vs first | wire vs first | disk |
      | --- | ---: | ---: | ---: | ---: | --- | --- | --- |
      | node:22 | 309.0 MB | 100.0 MB | 3 | 2 |  |  | ████████████████████ |
      | a\\|b\\\`&lt;img src=x&gt;@​team�\\*c\\* | 117.0 MB | 100.0 MB | 3 | 2 | 62% smaller | same size | ███████▋ |

      - x\\_y: 3 images, 1.0 MB ▁█▅ 2.0 MB, 50% larger on disk
      - z: 1 image, 5 B on disk"
    `);
  });

  it('has bars on a terminal that has room, and none on a pipe', () => {
    expect(compareText(rows.slice(0, 1))(screen)).toContain('█'.repeat(24));
    expect(compareText(rows)(pipe)).not.toContain('█');
  });
});

describe('markdownText', () => {
  it.each([
    ['a|b', String.raw`a\|b`],
    [String.raw`a\|b`, String.raw`a\\\|b`],
    ['<script>&amp;', '&lt;script&gt;&amp;amp;'],
    ['[x](javascript:y) ![z](w)', String.raw`\[x\]\(javascript:y\) \!\[z\]\(w\)`],
    ['two\nlines\u001b[31m', 'two�lines�\\[31m'],
    ['docker://host:5000/a_b@sha256:1', 'docker://host:5000/a\\_b@\u200bsha256:1'],
  ])('%j', (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });
});

describe('the trend', () => {
  it.each<[readonly number[], string]>([
    [[], ''],
    [[5], '▄'],
    [[5, 5], '▄▄'],
    [[0, 7], '▁█'],
    [[0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
    [[7, 0, 3], '█▁▄'],
  ])('of %j is %s', (values, expected) => {
    expect(sparkline(values)).toBe(expected);
  });

  it('draws the last points when there are many', () => {
    expect(sparkline([9e9, ...Array.from({ length: 60 }, (_, at) => at)])).toHaveLength(60);
  });

  it('is drawn on a terminal, and told on a pipe', () => {
    const trends = [trend('app:latest', 20e6, 30e6, 10e6), trend('new\u001b[0m', 5e6)];
    expect(trendText(trends, screen)).toMatchInlineSnapshot(`
      "trend                 disk                                wire
      app:latest  3 images  20.0 MB → ▅█▁ 10.0 MB, 50% smaller  20.0 MB → ▅█▁ 10.0 MB, 50% smaller
      new�[0m     1 image   5.0 MB                              5.0 MB"
    `);
    expect(trendText(trends, pipe)).toMatchInlineSnapshot(`
      "trend                 disk                            wire
      app:latest  3 images  20.0 MB → 10.0 MB, 50% smaller  20.0 MB → 10.0 MB, 50% smaller
      new�[0m     1 image   5.0 MB                          5.0 MB"
    `);
  });
});
