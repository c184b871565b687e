import { TareError } from '../../base/error.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandSpec, Options } from '../spec.ts';

const DEFAULT_LIMIT = 10;

export const command: CommandSpec = {
  name: 'layers',
  arguments: [IMAGE_ARGUMENT],
  summary: 'where the bytes are, layer by layer',
  description:
    'Takes an image apart: the instruction that made each layer, what it adds, changes and removes, and what it carries that a later layer overwrites or deletes, which is shipped all the same. Then the largest folders, packages and kinds of files. Nothing is unpacked; plain layers of an archive are read by their headers alone.',
  options: [
    { flags: '--layer <n>', description: 'also what this layer did, path by path, counted from 0 (the base)' },
    {
      flags: '--limit <n>',
      description: 'rows of each list at most; 0: all',
      defaultText: String(DEFAULT_LIMIT),
      variable: 'TARE_LAYERS_LIMIT',
    },
    {
      flags: '--dockerfile',
      description: 'print a Dockerfile reconstructed from the history and the config instead',
    },
    PLATFORM_OPTION,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare layers docker-archive:app.tar', 'an archive made by docker save'],
    ['tare layers app:1.0 --layer 3 --limit 50', 'what the fourth layer did'],
    ['tare layers app:1.0 --dockerfile', 'how it may have been built'],
  ],
  async run({ args, cli, options }) {
    const [{ layers }, { openImage }, { layersText }] = await Promise.all([
      import('../../explain/layers/layers.ts'),
      import('../../transports/index.ts'),
      import('../../report/layers.ts'),
    ]);
    const layer = countOf(options, 'layer');
    const limit = countOf(options, 'limit') ?? DEFAULT_LIMIT;
    const store = await cli.store();
    const platform = options.text('platform');
    const image = await openImage(String(args[0]), {
      store,
      ctx: cli.ctx,
      ...(platform === undefined ? {} : { platform }),
    });
    if (options.flag('dockerfile')) {
      const { dockerfileOf } = await import('../../explain/layers/dockerfile.ts');
      const dockerfile = dockerfileOf(image);
      return { json: { reference: image.reference, dockerfile }, text: () => dockerfile };
    }
    const answer = await layers({ image, store, ctx: cli.ctx, limit, ...(layer === undefined ? {} : { layer }) });
    return { json: answer, text: layersText(answer) };
  },
};

function countOf(options: Options, name: 'layer' | 'limit'): number | undefined {
  const count = options.number(name);
  if (count !== undefined && !Number.isInteger(count))
    throw new TareError('E_USAGE', `--${name} ${count} is not a whole number: 0, 1, 2 …`);
  return count;
}
