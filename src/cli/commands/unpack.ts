import { formatSize, plural } from '../../report/format.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'unpack',
  arguments: [IMAGE_ARGUMENT, { name: '<dir>', description: 'a new or empty folder' }],
  summary: 'write the file system of an image to a folder, safely',
  description:
    'Writes the flattened file system of an image. Nothing is ever written outside the folder, whatever the layers say. Owners and devices need root; everybody else owns what is written.',
  options: [PLATFORM_OPTION, ...IMAGE_REGISTRY_OPTIONS],
  examples: [['tare unpack app rootfs', 'into ./rootfs']],
  async run({ args, cli, options }) {
    const [{ unpack }, { openImage }] = await Promise.all([
      import('../../ship/unpack.ts'),
      import('../../transports/index.ts'),
    ]);
    const store = await cli.store();
    const platform = options.text('platform');
    const image = await openImage(String(args[0]), {
      store,
      ctx: cli.ctx,
      ...(platform === undefined ? {} : { platform }),
    });
    const result = await unpack({ image, dir: String(args[1]), store, ctx: cli.ctx });
    return {
      json: result,
      text: cli.quiet
        ? () => ''
        : () => `${result.dir}: ${plural(result.files, 'path')}, ${formatSize(result.bytes)} of ${result.reference}`,
    };
  },
};
