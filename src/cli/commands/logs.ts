import { TareError } from '../../base/error.ts';
import { COMPOSE_OPTIONS_WITHOUT_F, projectNameOf } from '../compose-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'logs',
  arguments: [{ name: '[service...]', description: 'of these alone' }],
  summary: 'what the services of a Compose project have printed',
  description:
    'Prints what the containers of a project that runs have printed, each line with its container in front; the last 64 MB are kept. Of a project in the background that has ended without `tare down`, or that did not come up, it prints what there was. With --json each line is an object of its own.',
  options: [
    ...COMPOSE_OPTIONS_WITHOUT_F,
    {
      flags: '-f, --follow',
      description: 'go on with what comes, until the project stops',
      variable: 'TARE_LOGS_FOLLOW',
    },
    {
      flags: '-n, --tail <lines>',
      description: 'no more than the last lines of each container',
      defaultText: 'all',
      variable: 'TARE_LOGS_TAIL',
    },
    { flags: '-t, --timestamps', description: 'with the time of each line', variable: 'TARE_LOGS_TIMESTAMPS' },
    { flags: '--no-log-prefix', description: 'without the name of the container' },
  ],
  examples: [
    ['tare logs -f', 'of all services, as they come'],
    ['tare logs web --tail 20', 'the last words of one service'],
  ],
  async run({ args, cli, options }) {
    const [{ keptLog }, { lastLines, readLog }, { findSystem }, { statusOf }, { linePrinter }] = await Promise.all([
      import('../../systems/kept-log.ts'),
      import('../../systems/logs.ts'),
      import('../../systems/state.ts'),
      import('../../systems/status.ts'),
      import('../../report/system.ts'),
    ]);
    const { home } = await cli.store();
    const name = await projectNameOf(options, cli);
    const system = await findSystem(home, name);
    const file = system?.folder.log ?? keptLog(home, name);
    if (file === undefined)
      throw new TareError('E_SYSTEM_STATE', `${name} does not run`, { hint: 'start it with `tare up`' });
    const { replicas } = await statusOf(home, name);
    const services = (args[0] as readonly string[] | undefined) ?? [];
    const unknown = services.find((service) => !replicas.some((replica) => replica.service === service));
    if (unknown !== undefined && replicas.length > 0)
      throw new TareError('E_USAGE', `${name} has no service ${unknown}`, {
        hint: `there are: ${[...new Set(replicas.map(({ service }) => service))].join(', ')}`,
      });
    const follows = async (): Promise<boolean> => {
      if (!options.flag('follow')) return false;
      const now = await findSystem(home, name);
      return now?.runs === true && now.record.process === system?.record.process;
    };
    const all = readLog(file, follows, cli.ctx.signal);
    const lines = lastLines(all, {
      wanted: (line) => services.length === 0 || services.includes(line.service),
      tail: tailOf(options.text('tail')),
    });
    const printer = linePrinter(
      replicas.map((replica) => replica.name),
      cli.style,
      { prefix: options.maybeFlag('logPrefix') !== false, timestamps: options.flag('timestamps') },
    );
    async function* raw(): AsyncGenerator<Uint8Array> {
      for await (const line of lines) yield Buffer.from(cli.json ? `${JSON.stringify(line)}\n` : printer.line(line));
    }
    return { json: null, text: () => '', raw: raw() };
  },
};

/** `all`, or a number of lines. @throws TareError E_USAGE */
function tailOf(text = 'all'): number {
  if (text === 'all') return Infinity;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TareError('E_USAGE', `--tail ${JSON.stringify(text)} is no number of lines`, {
    hint: 'e.g. --tail 20, or --tail all',
  });
}
