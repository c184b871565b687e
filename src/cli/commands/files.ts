import { TareError } from '../../base/error.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec, Options } from '../spec.ts';

export const command: CommandSpec = {
  name: 'files',
  arguments: [IMAGE_ARGUMENT, { name: '[glob]', description: 'only these paths: * stops at a slash, ** does not' }],
  summary: 'what is in an image, file by file',
  description: 'Lists the flattened file system of an image in byte order of the paths, or what one layer holds.',
  options: [
    { flags: '--layer <n>', description: 'what this layer alone holds, counted from 0 (the base)' },
    { flags: '--cat <path>', description: 'print the content of one file, links followed inside the image' },
    PLATFORM_OPTION,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ["tare files node-status '**/*.so*'", 'its shared libraries'],
    ['tare files node-status --cat /etc/passwd', 'one file'],
  ],
  async run({ args, cli, options }) {
    const [{ catFile, files }, { openImage }, { filesText }] = await Promise.all([
      import('../../explain/files.ts'),
      import('../../transports/index.ts'),
      import('../../report/files.ts'),
    ]);
    const store = await cli.store();
    const platform = options.text('platform');
    const glob = args[1] as string | undefined;
    const image = await openImage(String(args[0]), {
      store,
      ctx: cli.ctx,
      ...(platform === undefined ? {} : { platform }),
    });
    const path = options.text('cat');
    if (path !== undefined)
      return { json: null, text: () => '', raw: await catFile({ image, store, ctx: cli.ctx }, path) };
    const layer = layerOf(options);
    const rows = await files({
      image,
      store,
      ctx: cli.ctx,
      ...(glob === undefined ? {} : { glob }),
      ...(layer === undefined ? {} : { layer }),
    });
    return { json: rows, text: filesText(rows) };
  },
};

function layerOf(options: Options): number | undefined {
  const layer = options.number('layer');
  if (layer !== undefined && !Number.isInteger(layer))
    throw new TareError('E_USAGE', `--layer ${layer}: layers are counted 0, 1, 2 …`);
  return layer;
}
