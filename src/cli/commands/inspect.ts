import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'inspect',
  arguments: [IMAGE_ARGUMENT],
  summary: 'what an image is',
  description:
    'Prints what an image is and what is in it: sizes, layers, all settings of its config, distribution, run times. Nothing is run. On disk is the content of its files, on the wire the compressed layers; MB are 10^6 bytes.',
  options: [PLATFORM_OPTION],
  examples: [
    ['tare inspect node-status', 'an image of the store'],
    ['tare inspect docker-archive:app.tar --json', 'an archive made by docker save'],
  ],
  async run({ args, cli, options }) {
    const [{ inspect, inspectIndex }, { openImage, openIndex }, { inspectText }] = await Promise.all([
      import('../../explain/inspect.ts'),
      import('../../transports/index.ts'),
      import('../../report/inspect.ts'),
    ]);
    const store = await cli.store();
    const platform = options.text('platform');
    const image = await openImage(String(args[0]), {
      store,
      ctx: cli.ctx,
      ...(platform === undefined ? {} : { platform }),
    });
    const found = await openIndex(String(args[0]), { store, ctx: cli.ctx });
    const answer = {
      ...(await inspect({ image, store, ctx: cli.ctx })),
      ...(found === undefined ? {} : { index: inspectIndex(found) }),
    };
    return { json: answer, text: inspectText(answer) };
  },
};
