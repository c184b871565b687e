import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { TareError } from '../base/error.ts';
import type { Config } from '../config/config.ts';
import type { ShrinkOptions, Shrunk } from '../shrink/types.ts';
import { driveOptions, DRIVE_OPTIONS, exposedPort } from './drive.ts';
import { attachOptions, COMPARE_OPTION } from './shared-options.ts';
import type { CliContext, Options, OptionSpec } from './spec.ts';
import { refuseUnwritable } from './writable.ts';

/** Flags of `tare shrink` that `tare build --file --shrink` has as well. */
export const SHRINK_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--layers <how>',
    description: 'how files are put into layers',
    choices: ['regroup', 'keep'],
    meanings: {
      regroup: 'anew, by how often they change',
      keep: "as in the original's, without what goes",
    },
    defaultText: 'regroup',
  },
  ...DRIVE_OPTIONS,
  COMPARE_OPTION,
  { flags: '--static', description: 'decide by the files alone; the original is run only to compare answers' },
  {
    flags: '--profile <file>',
    description: 'decide by what was recorded earlier; nothing is run then, unless --verify says so',
    repeat: true,
  },
  { flags: '--profile-out <file>', description: 'write what was watched to this file, for --profile' },
  {
    flags: '--seccomp-out <file>',
    description: 'write a seccomp profile to this file: the system calls that were made',
  },
  {
    flags: '--restrict',
    description: 'verify with no more than the system calls and capabilities that were observed',
  },
];

/** Mistakes that would else be noticed after all the work. @throws TareError E_USAGE, E_PATH_NOT_FOUND, E_EXISTS, … */
export async function refuseByProducts(options: Options): Promise<void> {
  if (options.text('profileOut') !== undefined && (options.flag('static') || options.list('profile').length > 0))
    throw new TareError('E_USAGE', '--profile-out: nothing is watched with --static or --profile', {
      hint: 'leave one of them out; `tare profile merge` joins profiles',
    });
  await refuseUnwritable([options.text('profileOut'), options.text('seccompOut')]);
}

/** What `--profile-out` and `--seccomp-out` ask for. */
export async function writeByProducts(
  { observed, seccomp }: Shrunk,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const { writeProfile } = await import('../evidence/observed/index.ts');
  const file = options.text('profileOut');
  if (file !== undefined && observed !== undefined) await writeProfile(file, observed, signal);
  const filter = options.text('seccompOut');
  if (filter === undefined || seccomp === undefined) return;
  const { replaceFile } = await import('../transports/write-file.ts');
  await replaceFile(filter, once(Buffer.from(seccomp)), signal);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/**
 * Flags win over tare.yaml, key by key; `include` and `exclude` are joined.
 * @param dir where tare.yaml is looked for
 * @param portOf the port that descriptions of an API are asked on; default: the one that the image exposes
 */
export async function shrinkOptions(
  image: string,
  options: Options,
  cli: CliContext,
  { dir = '.', portOf }: { readonly dir?: string; readonly portOf?: () => Promise<number | undefined> } = {},
): Promise<ShrinkOptions> {
  const { readProfile } = await import('../evidence/observed/index.ts');
  const config = await configOf(options, dir);
  const profiles = await Promise.all(options.list('profile').map((file) => readProfile(file)));
  const text = (key: keyof ShrinkOptions): Partial<ShrinkOptions> => {
    const value = options.text(key);
    return value === undefined ? {} : { [key]: value };
  };
  const { exclude = [], include = [] } = config;
  return {
    ...(config.platform === undefined ? {} : { platform: config.platform }),
    ...(config.tightness === undefined ? {} : { tightness: config.tightness }),
    ...(config.compression === undefined ? {} : { compression: config.compression }),
    ...(config.probes === undefined ? {} : { probes: config.probes }),
    ...(config.timeoutMs === undefined ? {} : { timeoutMs: config.timeoutMs }),
    ...(config.budget === undefined ? {} : { budget: config.budget }),
    image,
    ...text('name'),
    ...text('platform'),
    ...text('tightness'),
    ...text('layers'),
    ...text('compression'),
    ...text('compare'),
    ...(await driveOptions(options, portOf ?? (() => exposedPort(image, cli)))),
    include: [...include, ...options.list('include')],
    exclude: [...exclude, ...options.list('exclude')],
    output: options.list('output'),
    ...(await attachOptions(options)),
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(options.flag('static') ? { observe: false } : {}),
    ...(options.flag('restrict') ? { restrict: true } : {}),
    ...(options.text('seccompOut') === undefined ? {} : { syscalls: true }),
    ...(options.maybeFlag('verify') === undefined ? {} : { verify: options.flag('verify') }),
  };
}

async function configOf(options: Options, dir: string): Promise<Config> {
  const { CONFIG_FILE, readConfigFile } = await import('../config/config.ts');
  const file = options.text('config');
  if (file !== undefined) return readConfigFile(file);
  const path = join(dir, CONFIG_FILE);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  return there ? readConfigFile(path) : {};
}
