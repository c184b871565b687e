import { TareError } from '../../base/error.ts';
import type { Mount, Network } from '../../sandbox/types.ts';
import { IMAGE_ARGUMENT } from '../shared-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec, Options } from '../spec.ts';
import { openTerminal } from '../terminal.ts';
import { assignments, parsePublish } from '../values.ts';

export const command: CommandSpec = {
  name: 'run',
  arguments: [
    IMAGE_ARGUMENT,
    { name: '[args...]', description: 'what the entry point gets instead of the image’s own arguments' },
  ],
  summary: 'run an image',
  description:
    'Runs an image without a daemon, until it ends; nothing of the container is kept. Its exit code becomes that of tare: 128 + N when signal N has killed it. The first Ctrl-C or SIGTERM sends the image’s stop signal, and SIGKILL after ten seconds; the second one ends it at once. The network is its own and leads nowhere, but for the ports that are published.',
  options: [
    {
      flags: '-p, --publish <port>',
      description: '[[ADDRESS:]HOST:]CONTAINER; without ADDRESS at 127.0.0.1',
      repeat: true,
    },
    {
      flags: '-e, --env <name=value>',
      description: 'an environment variable; NAME alone takes it from here',
      repeat: true,
      variable: 'TARE_RUN_ENV',
    },
    { flags: '-v, --volume <source:target[:ro]>', description: 'a host folder or file to mount', repeat: true },
    {
      flags: '-u, --user <user>',
      description: 'user and group instead of the image’s own',
      variable: 'TARE_RUN_USER',
    },
    {
      flags: '-w, --workdir <path>',
      description: 'working folder instead of the image’s own',
      variable: 'TARE_RUN_WORKDIR',
    },
    { flags: '--entrypoint <program>', description: 'program to start instead of the image’s own' },
    { flags: '--read-only', description: 'the root file system cannot be written; /tmp can' },
    {
      flags: '--network <kind>',
      description: 'what the container can reach',
      choices: ['private', 'none', 'host'],
      defaultText: 'private',
    },
    {
      flags: '-t, --tty',
      description: 'give it a terminal: this one, with its keys and its size',
      variable: 'TARE_RUN_TTY',
    },
    {
      flags: '-i, --interactive',
      description: 'stdin is passed on, with it or without; docker run has it',
      variable: 'TARE_RUN_INTERACTIVE',
    },
    { flags: '--rm', description: 'nothing is kept, with it or without; docker run has it' },
    {
      flags: '-d, --detach',
      description: 'refused: nobody would be there to stop it; use your shell’s &, or `tare up -d` with a Compose file',
      variable: null,
    },
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare run -p 8080 node-status', 'then: curl localhost:8080/status'],
    ['tare run --entrypoint node node-status --version', 'another program of the image'],
    ['tare run -it --entrypoint sh debian', 'a shell in it'],
  ],
  passThrough: true,
  async run({ args, cli, options }) {
    const [{ run }, { openImage }] = await Promise.all([
      import('../../verify/with-sandbox.ts'),
      import('../../transports/index.ts'),
    ]);
    const words = args[1] as readonly string[] | undefined;
    refuseDetach(options, String(args[0]), words ?? []);
    const terminal = options.flag('tty') ? openTerminal() : undefined;
    const overrides = {
      ...overridesOf(options, words ?? [], cli.env),
      ...(terminal === undefined ? {} : { terminal: terminal.size }),
    };
    const store = await cli.store();
    const image = await openImage(String(args[0]), { store, ctx: cli.ctx });
    const exit = await run({
      image,
      overrides,
      store,
      ctx: cli.ctx,
      ...(terminal === undefined ? {} : { onStarted: terminal.follow }),
    });
    return { json: null, text: () => '', exit: exit.code };
  },
};

function refuseDetach(options: Options, image: string, words: readonly string[]): void {
  if (!options.flag('detach')) return;
  const command = ['tare', 'run', image, ...words].join(' ');
  throw new TareError('E_USAGE', '--detach: there is no daemon that could look after a container in the background', {
    hint: `leave it to your shell: \`${command} &\`, and end it with \`kill %1\`; or to the system: \`systemd-run --user ${command}\`; services of a Compose file go on in the background: \`tare up -d\``,
  });
}

function overridesOf(options: Options, words: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const entrypoint = options.text('entrypoint');
  const user = options.text('user');
  const workdir = options.text('workdir');
  const added = assignments('--env', options.list('env'), env);
  return {
    ...(words.length === 0 ? {} : { args: words }),
    ...(entrypoint === undefined ? {} : { entrypoint: [entrypoint] }),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    env: Object.entries(added).map(([name, value]) => `${name}=${value}`),
    network: networkOf(options),
    mounts: options.list('volume').map(mountOf),
    readOnly: options.flag('readOnly'),
    stdio: 'host' as const,
  };
}

function networkOf(options: Options): Network {
  const publish = options.list('publish').map(parsePublish);
  const kind = options.text('network') ?? 'private';
  if (kind === 'private') return { kind, publish };
  if (publish.length > 0)
    throw new TareError('E_USAGE', `--publish means nothing with --network ${kind}`, {
      hint: kind === 'host' ? 'the ports of the host network are open as they are' : 'leave --network out',
    });
  return { kind: kind as 'none' | 'host' };
}

function mountOf(text: string): Mount {
  const [source, target, mode, ...rest] = text.split(':');
  const wrong =
    source === undefined ||
    source === '' ||
    target?.startsWith('/') !== true ||
    rest.length > 0 ||
    !['ro', 'rw', undefined].includes(mode);
  if (wrong) {
    throw new TareError('E_USAGE', `--volume ${JSON.stringify(text)} is not SOURCE:TARGET[:ro]`, {
      hint: 'SOURCE is a folder or file of this machine, TARGET an absolute path in the container',
    });
  }
  return { source, target, readOnly: mode === 'ro' };
}
