import { COPY_OPTIONS, copyHow } from '../copy-options.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'pull',
  arguments: [
    { name: '<reference>', description: '[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST], read as docker reads it' },
    { name: '[name]', description: 'the name in the store; the reference as it is written when left out' },
  ],
  summary: 'fetch an image from a registry into the store',
  description:
    'Fetches an image from a registry. What the store has is not fetched again; every byte is checked against its digest.',
  options: [...COPY_OPTIONS, ...REGISTRY_OPTIONS],
  examples: [
    ['tare pull node:20', 'from Docker Hub'],
    ['tare pull registry.example.com/team/app:1 app', 'under another name'],
    ['tare pull --all-platforms alpine:3', 'every platform, under one name'],
  ],
  async run({ args, cli, options }) {
    const [{ pull }, { copyText }] = await Promise.all([
      import('../../ship/registry.ts'),
      import('../../report/copy.ts'),
    ]);
    const result = await pull({
      reference: String(args[0]),
      store: await cli.store(),
      ctx: cli.ctx,
      ...copyHow(options),
      ...(args[1] === undefined ? {} : { name: String(args[1]) }),
    });
    return { json: result, text: cli.quiet ? () => result.reference : copyText(result) };
  },
};
