import { COPY_OPTIONS, copyHow } from '../copy-options.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import { IMAGE_ARGUMENT } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'push',
  arguments: [
    IMAGE_ARGUMENT,
    { name: '[reference]', description: '[HOST[:PORT]/]REPOSITORY[:TAG]; the name of the image when left out' },
  ],
  summary: 'put an image into a registry',
  description:
    'Puts an image into a registry. What is there is not sent again; the record of reasons goes along, as a referrer of the image.',
  options: [...COPY_OPTIONS, ...REGISTRY_OPTIONS],
  examples: [
    ['tare push registry.example.com/team/app:1', 'an image of that name'],
    ['tare push app registry.example.com/team/app:1', 'under another name'],
    ['tare push --all-platforms registry.example.com/team/app:1', 'an index with all its images'],
  ],
  async run({ args, cli, options }) {
    const [{ push }, { copyText }] = await Promise.all([
      import('../../ship/registry.ts'),
      import('../../report/copy.ts'),
    ]);
    const result = await push({
      name: String(args[0]),
      store: await cli.store(),
      ctx: cli.ctx,
      ...copyHow(options),
      ...(args[1] === undefined ? {} : { reference: String(args[1]) }),
    });
    return { json: result, text: cli.quiet ? () => result.reference : copyText(result) };
  },
};
