import { TareError } from '../../base/error.ts';
import type { EntrySettings } from '../../ship/image-index/edit.ts';
import type { IndexResult } from '../../ship/image-index/types.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandInput, CommandSpec, Options } from '../spec.ts';
import { assignments } from '../values.ts';

export const command: CommandSpec = {
  name: 'index',
  arguments: [
    {
      name: '<action>',
      description:
        'create: make an index of the images; add: put more images into one; annotate: change what one says of itself, or of its images',
    },
    {
      name: '<name>',
      description: 'a name in the store, oci:DIR[:NAME], oci-archive:FILE[:NAME], docker://HOST/REPOSITORY[:TAG]',
    },
    {
      name: '[images...]',
      description: 'one of each platform; of an index all its images. With annotate: entries, by platform or digest',
    },
  ],
  summary: 'make one index of images of several platforms',
  description:
    'Puts images of several platforms under one name. The platform of each is what its config says; two of one platform are refused. The images come along, their digests stay what they are. With add, an image takes the place of the one of its platform; with add and annotate the index gets another digest, and whatever was signed was the old one. To copy an index, `tare copy --all-platforms`; to see what is in one, `tare inspect`.',
  options: [
    {
      flags: '--annotation <name=value>',
      description:
        'annotate the index; with add, the entries of the images; with annotate, the entries that are named. Nothing after the = takes it away',
      repeat: true,
      variable: null,
    },
    {
      flags: '--set-platform <os/arch>',
      description: 'with add and annotate: the platform of the image, in place of what its config says',
      variable: 'TARE_INDEX_PLATFORM',
    },
    {
      flags: '--os-version <version>',
      description: 'with add and annotate: of its operating system; Windows goes by it',
    },
    {
      flags: '--os-feature <feature>',
      description: 'with add and annotate: that it needs, such as win32k',
      repeat: true,
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare index create app:1 app-amd64:1 app-arm64:1', 'in the store'],
    ['tare index create docker://example.com/app:1 oci:amd64:app oci:arm64:app', 'in a registry'],
    ['tare index add docker://example.com/app:1 app-riscv64:1', 'one more, or a newer one of its platform'],
    ['tare index annotate app:1 --annotation org.opencontainers.image.version=1.0', 'the index itself'],
    ['tare index annotate app:1 linux/arm --set-platform linux/arm/v6', 'one of its images'],
  ],
  async run(input) {
    const { args, cli } = input;
    const action = actionOf(String(args[0]));
    const result = await action(input);
    const { indexText } = await import('../../report/image-index.ts');
    return { json: result, text: cli.quiet ? () => result.reference : indexText(result) };
  },
};

type Action = (input: CommandInput) => Promise<IndexResult>;

function actionOf(name: string): Action {
  if (name === 'create') return create;
  if (name === 'add') return add;
  if (name === 'annotate') return annotate;
  throw new TareError('E_USAGE', `${JSON.stringify(name)} is nothing to do with an index`, {
    hint: 'write `tare index create NAME IMAGE…`, `tare index add NAME IMAGE…` or `tare index annotate NAME`',
  });
}

async function add(input: CommandInput): Promise<IndexResult> {
  const { addToIndex } = await import('../../ship/image-index/edit.ts');
  return addToIndex({ ...(await common(input)), ...settings(input.options), images: imagesOf(input) });
}

async function annotate(input: CommandInput): Promise<IndexResult> {
  const { annotateIndex } = await import('../../ship/image-index/edit.ts');
  return annotateIndex({ ...(await common(input)), ...settings(input.options), entries: imagesOf(input) });
}

async function create(input: CommandInput): Promise<IndexResult> {
  const { annotations, ...others } = settings(input.options);
  if (Object.keys(others).length > 0)
    throw new TareError('E_USAGE', 'platforms are set one by one, with add and annotate', {
      hint: 'make the index, then `tare index annotate NAME PLATFORM --set-platform …`',
    });
  const { createIndex } = await import('../../ship/image-index/create.ts');
  return createIndex({
    ...(await common(input)),
    images: imagesOf(input),
    ...(annotations === undefined ? {} : { annotations }),
  });
}

async function common({ args, cli }: CommandInput) {
  return { target: String(args[1]), store: await cli.store(), ctx: cli.ctx };
}

const imagesOf = ({ args }: CommandInput): readonly string[] => (Array.isArray(args[2]) ? args[2].map(String) : []);

function settings(options: Options): EntrySettings {
  const annotations = assignments('--annotation', options.list('annotation'));
  const [platform, osVersion, osFeatures] = [
    options.text('setPlatform'),
    options.text('osVersion'),
    options.list('osFeature'),
  ];
  return {
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(platform === undefined ? {} : { platform }),
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(osFeatures.length === 0 ? {} : { osFeatures }),
  };
}
