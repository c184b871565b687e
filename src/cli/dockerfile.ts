import { TareError } from '../base/error.ts';
import type { DockerfileOptions, DockerfileResult, DockerfileTools } from '../build/dockerfile/types.ts';
import { buildCommand, dockerfileIn, shellWord } from './dockerfile-hint.ts';
import { agentsOf, secretsOf } from './secrets.ts';
import { nameOfFlag } from './options.ts';
import { attachOptions } from './shared-options.ts';
import { SHRINK_OPTIONS } from './shrink-options.ts';
import type { CliContext, CommandResult, Options, OptionSpec } from './spec.ts';
import { assignments } from './values.ts';

const MAX_STDIN_BYTES = 1024 * 1024; // 1 MiB

const FILE_GROUP = 'A Dockerfile (with --file):';
const SHRINK_GROUP = 'With --file and --shrink:';

/** Of `tare shrink`; `tare build` has `--probe` and `--timeout` itself. */
const SHRINKING: readonly OptionSpec[] = SHRINK_OPTIONS.filter(
  ({ flags }) => !['probe', 'timeout'].includes(nameOfFlag(flags)),
).map((option) => ({
  ...option,
  group: SHRINK_GROUP,
  ...(nameOfFlag(option.flags) === 'config' ? { defaultText: "the folder's, when it is there" } : {}),
}));
const SHRINK_FLAGS = SHRINKING.map(({ flags }) => nameOfFlag(flags));

const BUILDING: readonly OptionSpec[] = [
  {
    flags: '-f, --file <file>',
    description:
      'build this Dockerfile; the folder is its context (- is stdin). Of a Compose file (*.yaml) every service',
  },
  { flags: '-t, --tag <name>', description: 'a name of the image, as --name', repeat: true },
  { flags: '--shrink', description: 'shrink the result, and compare it with what was built (kept as NAME-full)' },
  { flags: '--target <stage>', description: 'name or number of the stage to build', defaultText: 'the last' },
  {
    flags: '--build-arg <name=value>',
    description: 'the value of an ARG; a bare name takes it from the environment',
    repeat: true,
  },
  {
    flags: '--pull <when>',
    description: 'fetch base images from their registry',
    choices: ['missing', 'always', 'never'],
    meanings: {
      missing: 'those that the store does not have',
      always: 'all, so that a tag means what it means now',
      never: 'none: they have to be in the store',
    },
    defaultText: 'never; of a Compose file missing',
  },
  { flags: '--no-cache', description: 'run every step anew' },
  {
    flags: '--cache-from <reference>',
    description: 'take steps from an image that --cache-to wrote; not with --engine',
    repeat: true,
  },
  {
    flags: '--cache-to <reference>',
    description:
      'write the steps as an image, for --cache-from of another machine: REFERENCE, or REFERENCE,mode=min for those of the result alone; not with --engine',
  },
  {
    flags: '--explain-cache',
    description: 'say of each step that is run again what has changed since the last build; not with --engine',
  },
  {
    flags: '--secret <id=…>',
    description: 'for RUN --mount=type=secret: id=ID,src=FILE or id=ID,env=VARIABLE',
    repeat: true,
  },
  { flags: '--ssh <id>', description: 'for RUN --mount=type=ssh: default, or ID=SOCKET', repeat: true },
  { flags: '--add-host <host:address>', description: 'a line for /etc/hosts of the steps', repeat: true },
  {
    flags: '--build-context <name=source>',
    description: 'a folder or an image in place of a stage or an image',
    repeat: true,
  },
  {
    flags: '--network <mode>',
    description:
      'of the steps: one of their own with a way out (as root; else that of this machine), that of this machine, or none',
    choices: ['default', 'host', 'none'],
    defaultText: 'default',
    variable: 'TARE_BUILD_NETWORK',
  },
  { flags: '--host-ca', description: 'let the steps trust the certificate authorities that this machine trusts' },
  {
    flags: '--engine <address>',
    description: 'a BuildKit daemon that builds: unix:///PATH, tcp://HOST:PORT, docker-container:NAME',
    defaultText: 'this machine builds',
  },
  {
    flags: '--allow <what>',
    description: 'what RUN may ask for beyond its sandbox',
    choices: ['security.insecure', 'network.host'],
    repeat: true,
  },
  { flags: '--iidfile <file>', description: "write the image's digest to this file" },
  { flags: '--metadata-file <file>', description: 'write digest, names and layers to this file, as JSON' },
];

/** Flags of `tare build` that go with a Dockerfile alone. */
export const DOCKERFILE_OPTIONS: readonly OptionSpec[] = [
  ...BUILDING.map((option) => ({ ...option, group: FILE_GROUP })),
  ...SHRINKING,
];

/** Camel-case names of flags that only one of the two ways of building knows. */
const ONLY_DOCKERFILE = [
  'tag',
  'shrink',
  'target',
  'buildArg',
  'pull',
  'secret',
  'ssh',
  'addHost',
  'buildContext',
  'network',
  'engine',
  'hostCa',
  'allow',
  'cache',
  'cacheFrom',
  'cacheTo',
  'explainCache',
  'iidfile',
  'metadataFile',
  ...SHRINK_FLAGS,
];
const ONLY_SHRINK = ['probe', 'timeout', 'include', 'exclude', 'tightness', ...SHRINK_FLAGS, 'verify'];
const ONLY_FOLDER = ['from', 'entry', 'env', 'user', 'workdir', 'expose', 'strip', 'timezone'];

/** @throws TareError E_USAGE when a flag of the other way is there */
export async function refuseOthers(
  options: Options,
  { dir, isDockerfile }: { readonly dir: string; readonly isDockerfile: boolean },
): Promise<void> {
  if (isDockerfile && options.flag('dryRun') && options.flag('shrink'))
    throw new TareError('E_USAGE', '--dry-run does not go with --shrink: what is not built cannot be looked at', {
      hint: 'leave --shrink out to see what would be built; `tare shrink IMAGE --dry-run` looks at an image',
    });
  if (isDockerfile && !options.flag('shrink')) refuseIdle(options);
  const unfit = (isDockerfile ? ONLY_FOLDER : ONLY_DOCKERFILE).find((name) => options.isTyped(name));
  if (isDockerfile && unfit !== undefined)
    throw new TareError('E_USAGE', `${flagOf(unfit)} does not go with --file: the Dockerfile says it`);
  if (isDockerfile) return;
  if (unfit !== undefined) throw await withoutFile(flagOf(unfit), dir, options);
}

const SHOWN: Readonly<Record<string, string>> = { tag: '-t', cache: '--no-cache', verify: '--no-verify' };
const flagOf = (name: string): string =>
  SHOWN[name] ?? `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What only shrinking knows, and nothing is shrunk. */
function refuseIdle(options: Options): void {
  const idle = ONLY_SHRINK.find((name) => options.isTyped(name));
  if (idle === undefined) return;
  throw new TareError('E_USAGE', `${flagOf(idle)} goes with --shrink when a Dockerfile is built`, {
    hint: 'add --shrink, or leave it out',
  });
}

/** People bring `docker build -t NAME DIR` along: the command that they mean is the cure. */
async function withoutFile(flag: string, dir: string, options: Options): Promise<TareError> {
  const file = await dockerfileIn(dir);
  const message = `${flag} goes with a Dockerfile, and no --file names one`;
  const [tag] = options.list('tag');
  if (file !== undefined) {
    const more = `${tag === undefined ? '' : ` -t ${shellWord(tag)}`}${options.flag('shrink') ? ' --shrink' : ''}`;
    return new TareError('E_USAGE', message, { hint: `to build the Dockerfile: ${buildCommand(file, dir, more)}` });
  }
  if (flag === '--shrink')
    return new TareError('E_USAGE', message, {
      hint: `leave it out: a folder without a Dockerfile becomes a small image anyway; or name the Dockerfile: \`tare build -f FILE ${shellWord(dir)} --shrink\``,
    });
  const named = tag === undefined ? 'leave it out' : `name its image with \`-n ${shellWord(tag)}\``;
  return new TareError('E_USAGE', message, {
    hint: `${shellWord(dir)} has no Dockerfile: name it as in \`tare build -f FILE ${shellWord(dir)}\`; or build the folder itself, and ${named}`,
  });
}

/** What the flags say. Secrets are read here, and are nowhere else than in memory. @throws TareError E_USAGE, E_SECRET */
export async function dockerfileOptions(dir: string, options: Options, cli: CliContext): Promise<DockerfileOptions> {
  const { env } = cli;
  const file = options.text('file') ?? 'Dockerfile';
  const named = options.text('name');
  const tags = [...(named === undefined ? [] : [named]), ...options.list('tag')];
  const set = <K extends keyof DockerfileOptions>(
    key: K,
    value: DockerfileOptions[K] | undefined,
  ): Partial<DockerfileOptions> => (value === undefined ? {} : { [key]: value });
  return {
    dir,
    file: file === '-' ? 'Dockerfile (stdin)' : file,
    ...(file === '-' ? { text: await stdinText() } : {}),
    tags,
    output: options.list('output'),
    ...(await attachOptions(options)),
    ...set('target', options.text('target')),
    buildArgs: new Map(Object.entries(assignments('--build-arg', options.list('buildArg'), env))),
    labels: new Map(Object.entries(assignments('--label', options.list('label')))),
    ...set('platform', options.text('platform')),
    ...set('pull', options.text('pull') as DockerfileOptions['pull']),
    noCache: options.maybeFlag('cache') === false,
    cacheFrom: options.list('cacheFrom'),
    ...set('cacheTo', await cacheTarget(options.text('cacheTo'))),
    explainCache: options.flag('explainCache'),
    ...set('compression', options.text('compression')),
    secrets: await secretsOf(options.list('secret'), env),
    ssh: await agentsOf(options.list('ssh'), env),
    hosts: options.list('addHost').map(hostOf),
    contexts: new Map(Object.entries(assignments('--build-context', options.list('buildContext')))),
    allow: options.list('allow'),
    ...set('network', options.text('network') as DockerfileOptions['network']),
    hostCa: options.flag('hostCa'),
    ...set('engine', options.text('engine')),
    ...set(
      'epoch',
      epochOf(
        options
          .list('buildArg')
          .findLast((item) => item.startsWith('SOURCE_DATE_EPOCH='))
          ?.slice(18) ?? env['SOURCE_DATE_EPOCH'],
      ),
    ),
    environment: env,
  };
}

async function cacheTarget(text: string | undefined): Promise<DockerfileOptions['cacheTo']> {
  if (text === undefined) return undefined;
  const { parseCacheTarget } = await import('../build/dockerfile/cache-options.ts');
  return parseCacheTarget(text);
}

async function stdinText(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MAX_STDIN_BYTES) throw new TareError('E_LIMIT', `stdin holds more than ${MAX_STDIN_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function epochOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,12}$/.test(text))
    throw new TareError('E_USAGE', `SOURCE_DATE_EPOCH=${JSON.stringify(text)} is not a number of seconds`);
  return Number(text);
}

function hostOf(text: string): string {
  const match = /^([A-Za-z0-9_.-]+)[:=](\[?[0-9a-fA-F:.]+\]?)$/.exec(text);
  if (match === null) throw new TareError('E_USAGE', `--add-host ${JSON.stringify(text)} is not HOST:ADDRESS`);
  return `${match[1]}:${(match[2] ?? '').replaceAll(/[[\]]/g, '')}`;
}

/** `tare build -f`. */
export async function dockerfileCommand(dir: string, options: Options, cli: CliContext): Promise<CommandResult> {
  const settings = await dockerfileOptions(dir, options, cli);
  if (options.flag('shrink')) {
    const { shrunkDockerfile } = await import('./dockerfile-shrink.ts');
    return shrunkDockerfile(settings, options, cli);
  }
  const tools = { store: await cli.store(), ctx: cli.ctx };
  if (options.flag('dryRun')) return planCommand(settings, tools);
  const { buildDockerfile } = await import('../build/dockerfile/build.ts');
  const result = await buildDockerfile(settings, tools);
  await writeFiles(result, options, cli.ctx.signal);
  if (cli.json || cli.quiet) return { json: result, text: () => result.reference };
  const [{ dockerfileText }, { lintNote }] = await Promise.all([
    import('../report/build-dockerfile.ts'),
    import('./lint-note.ts'),
  ]);
  return { json: result, text: dockerfileText(result, await lintNote(settings, cli)) };
}

async function planCommand(settings: DockerfileOptions, tools: DockerfileTools): Promise<CommandResult> {
  const [{ planDockerfile }, { dockerfilePlanText }] = await Promise.all([
    import('../build/dockerfile/plan.ts'),
    import('../report/dockerfile-plan.ts'),
  ]);
  const plan = await planDockerfile(settings, tools);
  return { json: plan, text: dockerfilePlanText(plan) };
}

/** For scripts: `--iidfile`, `--metadata-file`. */
export async function writeFiles(result: DockerfileResult, options: Options, signal: AbortSignal): Promise<void> {
  const { replaceFile } = await import('../transports/write-file.ts');
  const files: readonly (readonly [string | undefined, string])[] = [
    [options.text('iidfile'), result.digest],
    [options.text('metadataFile'), `${JSON.stringify(metadataOf(result), null, 2)}\n`],
  ];
  for (const [file, text] of files) if (file !== undefined) await replaceFile(file, once(Buffer.from(text)), signal);
}

/** With the keys that `docker buildx build --metadata-file` writes. */
const metadataOf = ({ digest, layers, size, tags }: DockerfileResult): unknown => ({
  'containerimage.digest': digest,
  'image.name': tags.join(','),
  layers: layers.map(({ digest: layer, wire }) => ({ digest: layer, size: wire })),
  size,
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
