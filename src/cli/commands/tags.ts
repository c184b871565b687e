import { compareBytes } from '../../base/path.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'tags',
  arguments: [{ name: '<repository>', description: '[HOST[:PORT]/]REPOSITORY, read as docker reads it' }],
  summary: 'the tags of a repository in a registry',
  description: 'Lists the tags of a repository, in byte order; with --json in the order of the registry.',
  options: [
    ...REGISTRY_OPTIONS,
    { flags: '--limit <count>', description: 'list no more than so many', defaultText: 'all, up to a million' },
  ],
  examples: [['tare tags node', 'of Docker Hub']],
  async run({ args, cli, options }) {
    const { listTags } = await import('../../ship/registry.ts');
    const limit = options.number('limit');
    const result = await listTags({
      repository: String(args[0]),
      ctx: cli.ctx,
      env: cli.env,
      ...(limit === undefined ? {} : { limit }),
    });
    return { json: result, text: () => [...result.tags].sort(compareBytes).join('\n') };
  },
};
