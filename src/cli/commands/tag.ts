import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'tag',
  arguments: [
    { name: '<image>', description: 'a name of the store, NAME@DIGEST, or a digest' },
    { name: '<name>', description: 'the new name: NAME[:TAG]' },
  ],
  summary: 'give an image one more name',
  description: 'Points a name at an image of the store; a name that exists is moved.',
  options: [],
  examples: [['tare tag app app:1.2', 'one more name; app:latest stays']],
  async run({ args, cli }) {
    const { tagImage } = await import('../../ship/store.ts');
    const result = await tagImage({ store: await cli.store(), source: String(args[0]), name: String(args[1]) });
    return { json: result, text: () => result.reference };
  },
};
