import type { BuildOptions, BuildResult, DryRun } from '../../build/types.ts';
import { TareError } from '../../base/error.ts';
import {
  ATTACH_OPTIONS,
  attachOptions,
  COMPRESSION_OPTION,
  DRY_RUN_OPTION,
  EXCLUDE_OPTION,
  INCLUDE_OPTION,
  OUTPUT_OPTION,
  probeOption,
  TIGHTNESS_OPTION,
  TIMEOUT_OPTION,
} from '../shared-options.ts';
import { withDockerfileHint } from '../dockerfile-hint.ts';
import { dockerfileCommand, DOCKERFILE_OPTIONS, refuseOthers } from '../dockerfile.ts';
import { isComposeFile } from '../system/is-compose-file.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec, Options, OptionSpec } from '../spec.ts';
import { assignments } from '../values.ts';

const FOLDER_GROUP = 'An application folder:';
/** Flags of an application folder alone. */
const FOLDER_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--from <source>',
    description: 'where run time and libraries come from: host, or an image',
    defaultText: 'host',
    config: 'from',
  },
  {
    flags: '--entry <file>',
    description: 'the module or binary to start, instead of what is detected',
    config: 'entry',
  },
  {
    flags: '-e, --env <name=value>',
    description: 'an environment variable of the image',
    repeat: true,
    config: 'env',
  },
  {
    flags: '-u, --user <user>',
    description: 'user and group of the process',
    defaultText: '65532:65532',
    config: 'user',
  },
  {
    flags: '-w, --workdir <path>',
    description: 'where the application lies in the image',
    defaultText: '/app',
    config: 'workdir',
  },
  { flags: '--expose <port>', description: 'a port that the application listens on', repeat: true, config: 'expose' },
  { flags: '--strip', description: 'drop debug and symbol sections of ELF files', config: 'strip' },
  { flags: '--timezone <zone>', description: 'time zone data to bring along, e.g. Europe/Paris', config: 'timezone' },
  {
    ...DRY_RUN_OPTION,
    description:
      'print what would be kept and dropped, or which steps of a Dockerfile would be run, and why; write nothing',
  },
];

const KEEP_GROUP = 'What is kept, and how it is proved (a folder; --file with --shrink):';
const KEEP_OPTIONS: readonly OptionSpec[] = [
  INCLUDE_OPTION,
  EXCLUDE_OPTION,
  TIGHTNESS_OPTION,
  probeOption('a check that the running image must pass', 'the exposed ports answer, or it stays up'),
  TIMEOUT_OPTION,
  { flags: '--no-verify', description: 'do not run what was built' },
];

const COMPOSE_GROUP = 'A Compose file (--file compose.yaml):';

export const command: CommandSpec = {
  name: 'build',
  arguments: [
    { name: '[dir]', description: 'the application folder, or the build context; the current one when it is left out' },
  ],
  summary: 'make a microcontainer from an application folder, or build a Dockerfile',
  description:
    'Makes an OCI image that holds the application, its run time, the libraries that they need, and nothing more; runs it; and gives it a name in the store when it passed its probes. With --file it builds a Dockerfile, without a daemon; with --shrink as well, what the result never needs is left out.',
  options: [
    {
      flags: '-n, --name <name>',
      description: 'name of the image',
      defaultText: "the package's or folder's name",
      config: 'name',
    },
    {
      flags: '--platform <os/arch>',
      description: 'what to build for; of a folder: refuse any other',
      defaultText: "this machine's",
      config: 'platform',
    },
    { flags: '--label <name=value>', description: 'a label of the image', repeat: true, config: 'labels' },
    COMPRESSION_OPTION,
    OUTPUT_OPTION,
    ...ATTACH_OPTIONS,
    ...FOLDER_OPTIONS.map((option) => ({ ...option, group: FOLDER_GROUP })),
    ...KEEP_OPTIONS.map((option) => ({ ...option, group: KEEP_GROUP })),
    ...DOCKERFILE_OPTIONS,
    {
      flags: '--no-unpack',
      description: 'do not make ready, while the next one is built, what `tare up` will run',
      group: COMPOSE_GROUP,
    },
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare build', 'the application in the current folder'],
    ['tare build app --from oci:node-20', 'files from an image instead of this machine'],
    ['tare build app --dry-run', 'the plan, file by file'],
    ['tare build app -o docker-archive:app.tar', 'for docker load -i app.tar'],
    ['tare build app --sbom --provenance -o docker://registry.example.com/app:1', 'with what auditors ask for'],
    ['tare build -f app/Dockerfile app -t app:1.0', 'what the Dockerfile says'],
    ['tare build -f app/Dockerfile app -t app:1.0 --shrink', 'and only what it needs of it'],
    ['tare build -f compose.yaml', 'every service of a Compose file that says how'],
    ['tare build -f app/Dockerfile app --dry-run', 'which steps are in the cache'],
    ['tare build -f app/Dockerfile app --cache-to oci:cache:app', 'their results, for other machines'],
  ],
  async run(input) {
    const { args, cli, options } = input;
    if (isComposeFile(options.text('file'))) return (await import('../system/build.ts')).buildSystemCommand(input);
    if (options.isTyped('unpack'))
      throw new TareError('E_USAGE', '--no-unpack goes with a Compose file', {
        hint: 'leave it out: of a single image nothing is unpacked ahead',
      });
    const isDockerfile = options.text('file') !== undefined;
    const dir = (args[0] as string | undefined) ?? '.';
    await refuseOthers(options, { dir, isDockerfile });
    if (isDockerfile) return dockerfileCommand(dir, options, cli);
    const { build, planBuild } = await import('../../build/build.ts');
    const store = await cli.store();
    const settings = await optionsOf(dir, options, cli.env);
    const tools = { store, ctx: cli.ctx };
    try {
      if (options.flag('dryRun')) return await dryRunResult(await planBuild(settings, tools));
      return await builtResult(await build(settings, tools), cli.quiet);
    } catch (error) {
      throw await withDockerfileHint(error, dir);
    }
  },
};

async function dryRunResult(plan: DryRun) {
  const { planJson, planText } = await import('../../report/plan.ts');
  return { json: planJson(plan), text: planText(plan) };
}

async function builtResult(result: BuildResult, quiet: boolean) {
  const { buildText } = await import('../../report/build.ts');
  const passed = (result.verified === null || result.verified.ok) && result.overBudget.length === 0;
  return {
    json: result,
    text: quiet ? () => result.reference : buildText(result),
    exit: passed ? 0 : 1,
  };
}

async function optionsOf(
  dir: string,
  options: Options,
  environment: BuildOptions['environment'],
): Promise<BuildOptions> {
  const { parsePort } = await import('../../config/config.ts');
  const { parseProbe } = await import('../../sandbox/probes/parse.ts');
  const set = <K extends keyof BuildOptions>(key: K, value: BuildOptions[K] | undefined): Partial<BuildOptions> =>
    value === undefined ? {} : { [key]: value };
  const many = (name: string): readonly string[] | undefined =>
    options.list(name).length === 0 ? undefined : options.list(name);
  const seconds = options.number('timeout');
  if (seconds === 0) throw new TareError('E_USAGE', '--timeout 0 leaves no time to start');
  return {
    dir,
    ...set('name', options.text('name')),
    ...set('from', options.text('from')),
    ...set('platform', options.text('platform')),
    ...set('entry', options.text('entry')),
    ...set('env', many('env') === undefined ? undefined : assignments('--env', options.list('env'), environment)),
    ...set('user', options.text('user')),
    ...set('workdir', options.text('workdir')),
    ...set(
      'expose',
      many('expose')?.map((port) => parsePort(port, '--expose', 'E_USAGE')),
    ),
    ...set('labels', many('label') === undefined ? undefined : assignments('--label', options.list('label'), {})),
    ...set('include', many('include')),
    ...set('exclude', many('exclude')),
    ...set('tightness', options.text('tightness') as BuildOptions['tightness']),
    ...set('strip', options.maybeFlag('strip')),
    ...set('timezone', options.text('timezone')),
    ...set('compression', options.text('compression')),
    ...set('output', many('output')),
    ...(await attachOptions(options)),
    ...set(
      'probes',
      many('probe')?.map((text) => parseProbe(text)),
    ),
    ...set('timeoutMs', seconds === undefined ? undefined : seconds * 1000),
    ...set('verify', options.maybeFlag('verify')),
    ...set('environment', environment),
  };
}
