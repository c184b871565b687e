import { TareError } from '../../base/error.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import { PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

const DEFAULT_LIMIT = 20;

export const command: CommandSpec = {
  name: 'diff',
  arguments: [
    {
      name: '<before>',
      description:
        'an image as in other commands; dir:PATH, a folder; tar:FILE, an archive of a root file system; or the path of what is one of these: ./rootfs, ./app.tar',
    },
    { name: '<after>', description: 'what it has become, in the same forms' },
  ],
  summary: 'what changed between two images, folders or archives',
  description:
    'Compares two images: their files (content, mode, owner, link, type, extended attributes and times), packages and versions, settings, and which layers they share. Compressed layers are read by their index, plain ones by their headers; contents are read only where neither tells.',
  options: [
    {
      flags: '--semantic',
      description: 'leave out times, annotations, the order in archives, and how layers are cut and compressed',
    },
    { flags: '--exit-code', description: 'exit with 1 when there is a difference, with 0 when there is none' },
    {
      flags: '--limit <n>',
      description: 'rows of each list at most, 0: all; JSON has all of them',
      defaultText: String(DEFAULT_LIMIT),
      variable: 'TARE_DIFF_LIMIT',
    },
    PLATFORM_OPTION,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare diff app:1.0 app:1.1', 'what a release changed'],
    [
      'tare diff --semantic --exit-code docker-archive:a.tar oci:layout:b',
      'the same image, built or packed another way?',
    ],
    ['tare diff dir:./rootfs app:1.0', 'a folder and an image'],
  ],
  async run({ args, cli, options }) {
    const [{ diffImages }, { openSide }, { diffText }] = await Promise.all([
      import('../../explain/diff/diff.ts'),
      import('../../explain/diff/side.ts'),
      import('../../report/diff/diff.ts'),
    ]);
    const limit = options.number('limit');
    if (limit !== undefined && !Number.isInteger(limit))
      throw new TareError('E_USAGE', `--limit ${limit} is not a whole number: 0, 1, 2 …`);
    const store = await cli.store();
    const platform = options.text('platform');
    const tools = { ctx: cli.ctx, store, ...(platform === undefined ? {} : { platform }) };
    const before = await openSide(String(args[0]), tools);
    const after = await openSide(String(args[1]), tools);
    const found = await diffImages({ before, after, semantic: options.flag('semantic'), ctx: cli.ctx, store });
    return {
      json: found,
      text: diffText(found, limit ?? DEFAULT_LIMIT),
      ...(options.flag('exitCode') && found.different ? { exit: 1 } : {}),
    };
  },
};
