import { access } from 'node:fs/promises';
import { TareError } from '../../base/error.ts';
import type { Config } from '../../config/config.ts';
import type { ShrinkOptions, Shrunk } from '../../shrink/types.ts';
import { driveOptions, DRIVE_OPTIONS } from '../drive.ts';
import { refuseUnwritable } from '../writable.ts';
import {
  COMPARE_OPTION,
  COMPRESSION_OPTION,
  DRY_RUN_OPTION,
  EXCLUDE_OPTION,
  IMAGE_ARGUMENT,
  INCLUDE_OPTION,
  OUTPUT_OPTION,
  PLATFORM_OPTION,
  TIGHTNESS_OPTION,
} from '../shared-options.ts';
import type { CliContext, CommandInput, CommandSpec, Options } from '../spec.ts';

export const command: CommandSpec = {
  name: 'shrink',
  arguments: [IMAGE_ARGUMENT],
  summary: 'make an image without what it never needs',
  description:
    "Runs the image in a sandbox and watches which files it asks for while it is probed. Adds what these files lead to: imports, libraries, interpreters, settings. Packs that and nothing else. Runs the result with the same probes, compares its answers with the original's, and puts back what was missed.",
  options: [
    {
      flags: '-n, --name <name>',
      description: 'name of the result',
      defaultText: "the original's, with -shrunk after its tag",
    },
    { ...PLATFORM_OPTION, config: 'platform' },
    TIGHTNESS_OPTION,
    INCLUDE_OPTION,
    EXCLUDE_OPTION,
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
    COMPRESSION_OPTION,
    OUTPUT_OPTION,
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
    { flags: '--no-verify', description: 'do not run the result (--verify: run it, also with --profile)' },
    DRY_RUN_OPTION,
  ],
  examples: [
    ['tare shrink docker-daemon:app:1.0', 'watched while its pages are crawled'],
    ['tare shrink oci:images:app --config app/tare.yaml', 'watched while it answers the probes of a tare.yaml'],
    ['tare shrink app --run "npm test" --profile-out app.profile.json', 'driven by a test suite, and recorded'],
    ['tare shrink app --profile app.profile.json', 'the same again, without running anything'],
  ],
  run: shrinkCommand,
};

async function shrinkCommand({ args, cli, options }: CommandInput) {
  if (options.text('profileOut') !== undefined && (options.flag('static') || options.list('profile').length > 0))
    throw new TareError('E_USAGE', '--profile-out: nothing is watched with --static or --profile', {
      hint: 'leave one of them out; `tare profile merge` joins profiles',
    });
  await refuseUnwritable([options.text('profileOut'), options.text('seccompOut')]);
  const { planShrink, shrink } = await import('../../shrink/shrink.ts');
  const settings = await shrinkOptions(String(args[0]), options, cli);
  const tools = { store: await cli.store(), ctx: cli.ctx };
  if (options.flag('dryRun')) {
    const { shrinkPlanJson, shrinkPlanText } = await import('../../report/shrink.ts');
    const plan = await planShrink(settings, tools);
    return { json: shrinkPlanJson(plan), text: shrinkPlanText(plan) };
  }
  const shrunk = await shrink(settings, tools);
  await writeByProducts(shrunk, options, cli.ctx.signal);
  const { shrinkText } = await import('../../report/shrink.ts');
  const { result } = shrunk;
  return {
    json: result,
    text: cli.quiet ? () => result.reference : shrinkText(result),
    exit: result.overBudget.length === 0 ? 0 : 1,
  };
}

async function writeByProducts({ observed, seccomp }: Shrunk, options: Options, signal: AbortSignal): Promise<void> {
  const { writeProfile } = await import('../../evidence/observed/index.ts');
  const file = options.text('profileOut');
  if (file !== undefined && observed !== undefined) await writeProfile(file, observed, signal);
  const filter = options.text('seccompOut');
  if (filter === undefined || seccomp === undefined) return;
  const { replaceFile } = await import('../../transports/write-file.ts');
  await replaceFile(filter, once(Buffer.from(seccomp)), signal);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Flags win over tare.yaml, key by key; `include` and `exclude` are joined. */
export async function shrinkOptions(image: string, options: Options, cli: CliContext): Promise<ShrinkOptions> {
  const { readProfile } = await import('../../evidence/observed/index.ts');
  const config = await configOf(options);
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
    ...(await driveOptions(image, options, cli)),
    include: [...include, ...options.list('include')],
    exclude: [...exclude, ...options.list('exclude')],
    output: options.list('output'),
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(options.flag('static') ? { observe: false } : {}),
    ...(options.flag('restrict') ? { restrict: true } : {}),
    ...(options.text('seccompOut') === undefined ? {} : { syscalls: true }),
    ...(options.maybeFlag('verify') === undefined ? {} : { verify: options.flag('verify') }),
  };
}

async function configOf(options: Options): Promise<Config> {
  const { CONFIG_FILE, readConfigFile } = await import('../../config/config.ts');
  const file = options.text('config');
  if (file !== undefined) return readConfigFile(file);
  const there = await access(CONFIG_FILE).then(
    () => true,
    () => false,
  );
  return there ? readConfigFile(CONFIG_FILE) : {};
}
