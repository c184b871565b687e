import { formatSize, plural } from '../../report/format.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'prune',
  arguments: [],
  summary: 'delete what no name refers to',
  description:
    'Deletes the blobs and caches that no name of the store refers to. What a running tare process is about to name stays.',
  options: [{ flags: '--dry-run', description: 'only say what would be deleted' }],
  examples: [['tare prune --dry-run', 'what would be freed']],
  async run({ cli, options }) {
    const { pruneStore } = await import('../../ship/store.ts');
    const dryRun = options.flag('dryRun');
    const result = await pruneStore({ store: await cli.store(), dryRun });
    return {
      json: { ...result, dryRun },
      text: () => `${dryRun ? 'would delete' : 'deleted'} ${plural(result.blobs, 'blob')}, ${formatSize(result.bytes)}`,
    };
  },
};
