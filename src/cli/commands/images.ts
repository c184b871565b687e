import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'images',
  arguments: [],
  summary: 'the images of the local store',
  description: 'Lists the names in the store (TARE_HOME), which is an OCI layout that other tools can read as well.',
  options: [],
  examples: [['tare images --json', 'for scripts']],
  async run({ cli }) {
    const [{ images }, { imagesText }] = await Promise.all([
      import('../../ship/store.ts'),
      import('../../report/images.ts'),
    ]);
    const rows = await images({ store: await cli.store() });
    return { json: rows, text: cli.quiet ? () => rows.map((row) => row.reference).join('\n') : imagesText(rows) };
  },
};
