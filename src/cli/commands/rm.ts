import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'rm',
  arguments: [{ name: '<name...>', description: 'names of the store' }],
  summary: 'take a name away',
  description: 'Takes names away. The blobs stay until `tare prune`.',
  options: [],
  examples: [['tare rm app:1.1 && tare prune', 'takes a name away, and frees the space']],
  async run({ args, cli }) {
    const { removeImages } = await import('../../ship/store.ts');
    const result = await removeImages({ store: await cli.store(), names: args[0] as readonly string[] });
    return { json: result, text: () => result.removed.join('\n') };
  },
};
