import { TareError } from '../../base/error.ts';
import type { PrunedCache } from '../../solve/prune.ts';
import { parseSize } from '../../config/size.ts';
import { formatSize, plural } from '../../report/format.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import { hasRetention, pruneBy, RETENTION_OPTIONS } from '../retention-options.ts';
import type { CommandInput, CommandResult, CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'prune',
  arguments: [
    {
      name: '[place]',
      description: 'docker://HOST/REPOSITORY, or docker://HOST for all that it lists; default: the local store',
    },
  ],
  summary: 'delete what no name refers to',
  description:
    "Deletes the blobs that no name of the store refers to, and tare's own caches (unpacked layers, answers), which are made again when they are needed. What a running tare process is about to name stays. With --keep-newest, --keep-younger or --keep-tag, names go too: all but those that one of these rules keeps. What a kept image needs stays in any case: the manifests of an index, and what refers to it. An image of the store is as old as the file of its manifest; one of a registry as it says itself (of images that are the same every time nobody knows the age). A registry deletes by digest; it frees the bytes in its own time.",
  options: [
    { flags: '--dry-run', description: 'only say what would be deleted' },
    ...RETENTION_OPTIONS,
    {
      flags: '--cache',
      description: 'delete what builds of Dockerfiles left for the next build, too',
      variable: 'TARE_PRUNE_CACHE',
    },
    {
      flags: '--keep-bytes <size>',
      description:
        'with --cache: keep what was used last, up to this much (of layers and downloads, and of snapshots): 10GB',
      defaultText: '0',
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare prune --dry-run', 'what would be freed'],
    ['tare prune --cache --keep-bytes 10GB', 'keep the build cache small'],
    ['tare prune --keep-newest 10 --keep-younger 1m --dry-run', 'the last ten of each, and the last month at least'],
    ['tare prune docker://registry.example.com/app --keep-newest 10', 'of a registry'],
  ],
  async run(input) {
    const { args, cli, options } = input;
    const place = args[0] === undefined ? undefined : String(args[0]);
    if (!hasRetention(options)) {
      if (place === undefined && options.text('price') === undefined) return pruneUnnamed(input);
      throw new TareError('E_USAGE', `${place ?? '--price'} needs a rule that says what stays`, {
        hint: 'add --keep-newest N, --keep-younger AGE or --keep-tag PATTERN',
      });
    }
    if (options.flag('cache'))
      throw new TareError('E_USAGE', '--cache does not go with rules for names', { hint: 'run `tare prune` twice' });
    if (place !== undefined) {
      const { openRemotePlace } = await import('../../ship/retention/places/index.ts');
      return pruneBy(await openRemotePlace(place, cli), input);
    }
    const { storePlace } = await import('../../ship/retention/places/store.ts');
    return pruneBy(storePlace(await cli.store()), input);
  },
};

async function pruneUnnamed({ cli, options }: CommandInput): Promise<CommandResult> {
  const { pruneStore } = await import('../../ship/store.ts');
  const dryRun = options.flag('dryRun');
  const store = await cli.store();
  const keep = options.text('keepBytes');
  if (keep !== undefined && !options.flag('cache'))
    throw new TareError('E_USAGE', '--keep-bytes goes with --cache: names of the store keep everything else');
  const keepBytes = parseSize(keep ?? '0', '--keep-bytes', 'E_USAGE');
  const result = await pruneStore({ store, dryRun });
  const { pruneBuilds } = await import('../../build/dockerfile/prune.ts');
  const cache = options.flag('cache') ? await pruneBuilds({ store, ctx: cli.ctx, keepBytes, dryRun }) : undefined;
  const said = dryRun ? 'would delete' : 'deleted';
  return {
    json: { ...result, dryRun, ...(cache === undefined ? {} : { cache }) },
    text: () =>
      [
        `${said} ${plural(result.blobs, 'blob')}, ${formatSize(result.bytes - result.cacheBytes)}, and ${formatSize(result.cacheBytes)} of caches and leftovers`,
        ...(cache === undefined ? [] : [cacheLine(cache, said)]),
      ].join('\n'),
  };
}

function cacheLine({ busy, bytes, items }: PrunedCache, said: string): string {
  if (busy) return 'the build cache was left alone: something is being built';
  return `${said} ${plural(items, 'item')} of the build cache, ${formatSize(bytes)}`;
}
