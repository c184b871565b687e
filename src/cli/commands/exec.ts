import { TareError } from '../../base/error.ts';
import { COMPOSE_OPTIONS_WITHOUT_F, projectNameOf } from '../compose-options.ts';
import type { CommandSpec } from '../spec.ts';
import { openTerminal } from '../terminal.ts';
import { assignments } from '../values.ts';

export const command: CommandSpec = {
  name: 'exec',
  arguments: [
    { name: '<service>', description: 'of the project that runs' },
    { name: '<command...>', description: 'a program of its image, with arguments' },
  ],
  summary: 'run one more program in a service that runs',
  description:
    'Runs a program in a container of a project that `tare up` runs, with the environment, user and folder of its service. It has a terminal when this one has. Its exit code becomes that of tare.',
  options: [
    ...COMPOSE_OPTIONS_WITHOUT_F,
    { flags: '--index <number>', description: 'which container of the service', defaultText: '1' },
    { flags: '-T, --no-terminal', description: 'give it no terminal', variable: 'TARE_EXEC_NO_TERMINAL' },
    {
      flags: '-t, --tty',
      description: 'a terminal is given where there is one, with it or without; docker exec has it',
      variable: null,
    },
    {
      flags: '-i, --interactive',
      description: 'stdin is passed on, with it or without; docker exec has it',
      variable: null,
    },
    {
      flags: '-e, --env <name=value>',
      description: 'an environment variable; NAME alone takes it from here',
      repeat: true,
      variable: 'TARE_EXEC_ENV',
    },
    {
      flags: '-u, --user <user>',
      description: "user and group instead of the service's own",
      variable: 'TARE_EXEC_USER',
    },
    {
      flags: '-w, --workdir <path>',
      description: "working folder instead of the service's own",
      variable: 'TARE_EXEC_WORKDIR',
    },
  ],
  examples: [
    ['tare exec db psql -U postgres', 'a client in the container of the server'],
    ['tare exec -it web sh', 'a shell, where the image has one'],
    ['tare exec -T web cat /etc/hosts > hosts', 'in a script'],
  ],
  passThrough: true,
  async run({ args, cli, options }) {
    const [service, words] = [String(args[0]), args[1] as readonly string[]];
    const [{ entryOf }, { requireSandbox }] = await Promise.all([
      import('../../systems/status.ts'),
      import('../../verify/with-sandbox.ts'),
    ]);
    const number = options.number('index') ?? 1;
    const { home } = await cli.store();
    const entry = await entryOf(home, { project: await projectNameOf(options, cli), service, number });
    if (words[0] === undefined) throw new TareError('E_USAGE', 'no program is named');
    const wantsTerminal = options.maybeFlag('terminal') !== false && process.stdin.isTTY && process.stdout.isTTY;
    const terminal = wantsTerminal ? openTerminal() : undefined;
    const user = options.text('user');
    const workdir = options.text('workdir');
    const added = assignments('--env', options.list('env'), cli.env);
    const exit = await (
      await requireSandbox()
    ).enter(entry, {
      argv: words,
      env: Object.entries(added).map(([name, value]) => `${name}=${value}`),
      ...(user === undefined ? {} : { user }),
      ...(workdir === undefined ? {} : { workdir }),
      ...(terminal === undefined ? {} : { terminal: terminal.size }),
    });
    return { json: null, text: () => '', exit: exit.code };
  },
};
