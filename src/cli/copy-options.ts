import { parseCompression } from '../pack/compression.ts';
import type { CopyHow } from '../ship/copy.ts';
import { PLATFORM_OPTION } from './shared-options.ts';
import type { Options, OptionSpec } from './spec.ts';

/** What is copied, and how: of copy, pull and push. */
export const COPY_OPTIONS: readonly OptionSpec[] = [
  PLATFORM_OPTION,
  { flags: '--all-platforms', description: 'the index with all its images, digests as they are' },
  { flags: '--referrers', description: 'signatures, SBOMs, attestations and what else refers to it come along' },
  {
    flags: '--compression <how>',
    description:
      'pack layers that are compressed in another way anew, which changes digests: gzip[:LEVEL], zstd[:LEVEL] or none',
    defaultText: 'layers stay as they are',
    variable: 'TARE_COPY_COMPRESSION',
  },
  { flags: '--dry-run', description: 'tell what would travel; write nothing' },
];

/** @throws TareError E_USAGE */
export function copyHow(options: Options): CopyHow {
  const platform = options.text('platform');
  const compression = options.text('compression');
  return {
    allPlatforms: options.flag('allPlatforms'),
    referrers: options.flag('referrers'),
    dryRun: options.flag('dryRun'),
    ...(platform === undefined ? {} : { platform }),
    ...(compression === undefined ? {} : { compression: parseCompression(compression) }),
  };
}
