import type { ComparedImage } from '../../explain/compare.ts';
import type { Trend } from '../../explain/trend.ts';
import type { Image } from '../../oci/types.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'compare',
  arguments: [{ name: '<image...>', description: 'the first is what the others are compared with' }],
  summary: 'a table of sizes, with honest percentages',
  description:
    'Prints the size of each image on disk (the content of its files) and on the wire (the compressed layers), against the first. A percentage is of the larger of the two sizes: 309 to 117 MB is 62% smaller.',
  options: [
    { flags: '--markdown', description: 'a table of GitHub-flavoured Markdown, for comments and summaries of jobs' },
    {
      flags: '--history <file>',
      description:
        'append a row for each image to this file of JSON lines, and draw what became of the sizes of each name since; an image that is in it is not appended again',
      variable: 'TARE_COMPARE_HISTORY',
    },
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare compare docker-archive:node.tar node-status', 'what was saved'],
    ['tare compare --markdown --history sizes.jsonl node:22 app:1 >summary.md', 'in a CI job'],
  ],
  async run({ args, cli, options }) {
    const [{ compare }, { openImage }, { compareText }] = await Promise.all([
      import('../../explain/compare.ts'),
      import('../../transports/index.ts'),
      import('../../report/compare.ts'),
    ]);
    const store = await cli.store();
    const names = args[0] as readonly string[];
    const images = [];
    for (const name of names) images.push(await openImage(name, { store, ctx: cli.ctx }));
    const rows = await compare({ images, store, ctx: cli.ctx });
    const history = options.text('history');
    const trends = history === undefined ? undefined : await trendsOf(history, rows, images);
    const json = trends === undefined ? rows : { images: rows, trends };
    if (options.flag('markdown')) {
      const { compareMarkdown } = await import('../../report/compare-markdown.ts');
      return { json, text: () => compareMarkdown(rows, trends ?? []) };
    }
    const table = compareText(rows);
    if (trends === undefined) return { json, text: table };
    const { trendText } = await import('../../report/trend.ts');
    return { json, text: (style) => `${table(style)}\n\n${trendText(trends, style)}` };
  },
};

async function trendsOf(
  file: string,
  rows: readonly ComparedImage[],
  images: readonly Image[],
): Promise<readonly Trend[]> {
  const { appendTrend, trendPoint } = await import('../../explain/trend.ts');
  return appendTrend(
    file,
    rows.map((row, at) => trendPoint(row, images[at] as Image)),
  );
}
