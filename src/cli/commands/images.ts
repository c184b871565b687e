import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'images',
  arguments: [],
  summary: 'the images of the local store',
  description: 'Lists the names in the store (TARE_HOME), which is an OCI layout that other tools can read as well.',
  options: [{ flags: '--disk', description: 'sizes on disk too, which takes a look at every layer' }],
  examples: [['tare images --json', 'for scripts']],
  async run({ cli, options }) {
    const [{ images }, { imagesText }] = await Promise.all([
      import('../../ship/store.ts'),
      import('../../report/images.ts'),
    ]);
    const rows = await images({ store: await cli.store(), disk: options.flag('disk'), signal: cli.ctx.signal });
    return { json: rows, text: cli.quiet ? () => rows.map((row) => row.reference).join('\n') : imagesText(rows) };
  },
};
