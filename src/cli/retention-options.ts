import { TareError } from '../base/error.ts';
import type { RetentionPlace } from '../ship/retention/places/types.ts';
import type { CommandInput, CommandResult, Options, OptionSpec } from './spec.ts';

export const PRICE_OPTION: OptionSpec = {
  flags: '--price <money>',
  description: 'what a gigabyte (10^9 bytes) costs for a month: 0.10/GB-month, $23/TB-month',
};

/** What stays. */
export const RETENTION_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--keep-newest <count>',
    description: 'keep so many images of each repository; several tags of one image count once',
    variable: 'TARE_PRUNE_KEEP_NEWEST',
  },
  {
    flags: '--keep-younger <age>',
    description: 'keep what is younger: 12h, 30d, 6w, 1m (30 days), 1y',
    variable: 'TARE_PRUNE_KEEP_YOUNGER',
  },
  {
    flags: '--keep-tag <glob>',
    description: 'keep tags that match: v*, release-?.*',
    repeat: true,
    variable: 'TARE_PRUNE_KEEP_TAG',
  },
  PRICE_OPTION,
];

export function hasRetention(options: Options): boolean {
  return (
    options.text('keepNewest') !== undefined ||
    options.text('keepYounger') !== undefined ||
    options.list('keepTag').length > 0
  );
}

/** Deletes, or says what it would delete, by the flags above. Ends with 1 when a repository could not be read. */
export async function pruneBy(place: RetentionPlace, { cli, options }: CommandInput): Promise<CommandResult> {
  const [{ parseAge }, { parsePrice }, { pruneByPolicy }, { retentionText }] = await Promise.all([
    import('../ship/retention/policy.ts'),
    import('../ship/retention/storage.ts'),
    import('../ship/retention/prune.ts'),
    import('../report/retention.ts'),
  ]);
  const newest = options.number('keepNewest');
  if (newest !== undefined && !Number.isSafeInteger(newest))
    throw new TareError('E_USAGE', `--keep-newest ${newest} is not a count`);
  const younger = options.text('keepYounger');
  const price = options.text('price');
  const result = await pruneByPolicy({
    place,
    policy: {
      tags: options.list('keepTag'),
      ...(newest === undefined ? {} : { newest }),
      ...(younger === undefined ? {} : { youngerThan: parseAge(younger, '--keep-younger') }),
    },
    dryRun: options.flag('dryRun'),
    now: Date.now() / 1000,
    signal: cli.ctx.signal,
    ...(price === undefined ? {} : { price: parsePrice(price, '--price') }),
  });
  const isWhole = result.repositories.every((repository) => repository.problem === undefined);
  return { json: result, text: retentionText(result), ...(isWhole ? {} : { exit: 1 }) };
}
