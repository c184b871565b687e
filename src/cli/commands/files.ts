import { TareError } from '../../base/error.ts';
import { formatSize, plural } from '../../report/format.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec, Options } from '../spec.ts';

export const command: CommandSpec = {
  name: 'files',
  arguments: [
    IMAGE_ARGUMENT,
    {
      name: '[glob]',
      description:
        'only paths that match as a whole, such as **/server.js: * stops at a slash, ** does not; with --extract where to write',
    },
  ],
  summary: 'what is in an image, file by file',
  description: 'Lists the flattened file system of an image in byte order of the paths, or what one layer holds.',
  options: [
    { flags: '--layer <n>', description: 'what this layer alone holds, counted from 0 (the base)' },
    { flags: '--package <name>', description: 'what this package owns: NAME, or "MANAGER NAME"' },
    {
      flags: '--sort <how>',
      description: 'in which order',
      choices: ['path', 'size'],
      defaultText: 'path',
    },
    {
      flags: '--tree',
      description: 'as a tree, folders with the bytes of all that is in them',
      variable: 'TARE_FILES_TREE',
    },
    {
      flags: '--duplicates',
      description: 'contents that are there more than once, and what the copies cost',
    },
    {
      flags: '--cat <path>',
      description: 'print the content of one file, links followed inside the image',
    },
    {
      flags: '--extract <path>',
      description:
        'copy a file or folder of the image to the host: to a file that is not there, into a new or empty folder',
    },
    PLATFORM_OPTION,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ["tare files node-status '**/*.so*'", 'its shared libraries'],
    ['tare files node-status --package libc6 --sort size', 'what a package brings, the largest first'],
    ['tare files node-status --duplicates', 'what is there more than once'],
    ['tare files node-status --cat /etc/passwd', 'one file'],
    ['tare files node-status --extract /app ./app', 'a folder'],
  ],
  async run({ args, cli, options }) {
    const { openImage } = await import('../../transports/index.ts');
    const store = await cli.store();
    const platform = options.text('platform');
    const layer = layerOf(options);
    const path = options.text('cat');
    const extracted = options.text('extract');
    const given = args[1] as string | undefined;
    if (extracted !== undefined && given === undefined)
      throw new TareError('E_USAGE', '--extract needs a place to write to: tare files IMAGE --extract PATH TARGET');
    const image = await openImage(String(args[0]), {
      store,
      ctx: cli.ctx,
      ...(platform === undefined ? {} : { platform }),
    });
    const tools = { image, store, ctx: cli.ctx };
    if (extracted !== undefined && given !== undefined) {
      const { extract } = await import('../../explain/extract.ts');
      const done = await extract({ ...tools, path: extracted, target: given });
      const told = `${done.target}: ${plural(done.files, 'file')}, ${formatSize(done.bytes)} of ${done.reference}`;
      return { json: done, text: () => (cli.quiet ? '' : told) };
    }
    const [{ catFile, files }, { duplicatesText, filesText, fileTreeText }] = await Promise.all([
      import('../../explain/files.ts'),
      import('../../report/files.ts'),
    ]);
    if (path !== undefined) return { json: null, text: () => '', raw: await catFile(tools, path) };
    const owner = options.text('package');
    const rows = await files({
      ...tools,
      ...(given === undefined ? {} : { glob: given }),
      ...(layer === undefined ? {} : { layer }),
      ...(owner === undefined ? {} : { package: owner }),
      sort: options.text('sort') === 'size' ? 'size' : 'path',
    });
    if (options.flag('duplicates')) {
      const { duplicatesIn } = await import('../../explain/duplicates.ts');
      const found = duplicatesIn(rows);
      return { json: found, text: duplicatesText(found) };
    }
    return { json: rows, text: options.flag('tree') ? fileTreeText(rows) : filesText(rows) };
  },
};

function layerOf(options: Options): number | undefined {
  const layer = options.number('layer');
  if (layer !== undefined && !Number.isInteger(layer))
    throw new TareError('E_USAGE', `--layer ${layer}: layers are counted 0, 1, 2 …`);
  return layer;
}
