import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'compare',
  arguments: [{ name: '<image...>', description: 'the first is what the others are compared with' }],
  summary: 'a table of sizes, with honest percentages',
  description:
    'Prints the size of each image on disk (the content of its files) and on the wire (the compressed layers), against the first. A percentage is of the larger of the two sizes: 309 to 117 MB is 62% smaller.',
  options: [...IMAGE_REGISTRY_OPTIONS],
  examples: [['tare compare docker-archive:node.tar node-status', 'what was saved']],
  async run({ args, cli }) {
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
    return { json: rows, text: compareText(rows) };
  },
};
