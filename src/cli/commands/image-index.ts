import { TareError } from '../../base/error.ts';
import { REGISTRY_OPTIONS, registryAccess } from '../registry-options.ts';
import type { CommandSpec } from '../spec.ts';
import { assignments } from '../values.ts';

export const command: CommandSpec = {
  name: 'index',
  arguments: [
    { name: '<action>', description: 'create: make an index of the images' },
    {
      name: '<name>',
      description: 'a name in the store, oci:DIR[:NAME], oci-archive:FILE[:NAME], docker://HOST/REPOSITORY[:TAG]',
    },
    { name: '[images...]', description: 'one of each platform; of an index all its images' },
  ],
  summary: 'make one index of images of several platforms',
  description:
    'Puts images of several platforms under one name. The platform of each is what its config says; two of one platform are refused. The images come along, their digests stay what they are. To copy an index, `tare copy --all-platforms`; to see what is in one, `tare inspect`.',
  options: [
    {
      flags: '--annotation <name=value>',
      description: 'annotate the index',
      repeat: true,
      variable: null,
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare index create app:1 app-amd64:1 app-arm64:1', 'in the store'],
    ['tare index create docker://example.com/app:1 oci:amd64:app oci:arm64:app', 'in a registry'],
  ],
  async run({ args, cli, options }) {
    const [action, name, images] = args;
    if (action !== 'create')
      throw new TareError('E_USAGE', `${JSON.stringify(action)} is nothing to do with an index`, {
        hint: 'write `tare index create NAME IMAGE…`',
      });
    const [{ createIndex }, { indexText }] = await Promise.all([
      import('../../ship/image-index.ts'),
      import('../../report/image-index.ts'),
    ]);
    const result = await createIndex({
      target: String(name),
      images: Array.isArray(images) ? images.map(String) : [],
      annotations: assignments('--annotation', options.list('annotation')),
      store: await cli.store(),
      ctx: cli.ctx,
      ...registryAccess(options),
    });
    return { json: result, text: cli.quiet ? () => result.reference : indexText(result) };
  },
};
