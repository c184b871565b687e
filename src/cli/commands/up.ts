import { stderr, stdout } from 'node:process';
import { isTareError, TareError } from '../../base/error.ts';
import type { Project } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import type { StatusAnswer } from '../../systems/control.ts';
import { COMPOSE_OPTIONS, projectOf, scaled, SHRUNK_OPTION } from '../compose-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CliContext, CommandResult, CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'up',
  arguments: [{ name: '[service...]', description: 'these alone, and what they depend on' }],
  summary: 'run the services of a Compose file together',
  description:
    'Runs a Compose project on this machine, without a daemon: private networks in which services find each other by name, published ports, start in the order of dependencies and health checks. Images come from the store; what it lacks is built or pulled. It shows what the services print until Ctrl-C, which stops them in order (a second one at once); with --detach they go on in the background until `tare down`, and the same command again tells what runs; when the file has changed meanwhile, it names the services that have. Nothing leads out of the networks but the published ports. It is meant for development, tests and verification: for production, `tare systems export` writes what orchestrators read.',
  options: [
    ...COMPOSE_OPTIONS,
    {
      flags: '-d, --detach',
      description: 'come back when all services are ready; they go on',
      variable: 'TARE_UP_DETACH',
    },
    { flags: '--build', description: 'build the services that say how, also when the store has their image' },
    SHRUNK_OPTION,
    { flags: '--scale <service=number>', description: 'so many containers of a service', repeat: true },
    { flags: '--no-log-prefix', description: 'print what the containers print without their names' },
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare up', 'the compose.yaml of this folder, until Ctrl-C'],
    ['tare up -f app/compose.yaml -d', 'in the background; then tare ps, tare logs -f, tare down'],
    ['tare up web --scale web=3', 'three of one service, and what it needs'],
  ],
  async run({ args, cli, options }) {
    const services = (args[0] as readonly string[] | undefined) ?? [];
    const project = scaled(await projectOf(options, cli, services), options.list('scale'));
    const { buildServices, imagesOf, shrunkImagesOf } = await import('../../systems/images.ts');
    const tools = { store: await cli.store(), ctx: cli.ctx };
    const defaults = { environment: cli.env };
    if (options.flag('build')) await buildServices(project, defaults, tools, { unpacks: true });
    const whole = await imagesOf(project, defaults, tools);
    const images = options.flag('shrunk') ? await shrunkImagesOf(project, whole, tools) : whole;
    return options.flag('detach')
      ? detached(project, images, { cli, isWhole: services.length === 0 })
      : attached(project, images, { cli, prefix: options.maybeFlag('logPrefix') !== false });
  },
};

async function detached(
  project: Project,
  images: ReadonlyMap<string, Image>,
  { cli, isWhole }: { readonly cli: CliContext; readonly isWhole: boolean },
): Promise<CommandResult> {
  const [{ upAgain }, { upDetached }, { lastingReferences }, { keptLog }, { statusEvent }, { systemText }] =
    await Promise.all([
      import('../../systems/up-again.ts'),
      import('../../systems/detach.ts'),
      import('../../systems/images.ts'),
      import('../../systems/kept-log.ts'),
      import('../../systems/run/status-event.ts'),
      import('../../report/system.ts'),
    ]);
  const store = await cli.store();
  const running = (): Promise<StatusAnswer | undefined> =>
    upAgain({ project, images, home: store.home, isWhole, ctx: cli.ctx });
  const start = (): Promise<StatusAnswer> =>
    upDetached(
      { project, images: lastingReferences(project, images), home: store.home },
      { ctx: cli.ctx, onStatus: (now) => cli.ctx.onEvent(statusEvent(now)) },
    ).catch(async (error: unknown) => {
      // Somebody else may have started it this moment.
      const other = isTareError(error, 'E_SYSTEM_STATE') ? await running() : undefined;
      if (other !== undefined) return other;
      if (!isTareError(error, 'E_SYSTEM') || keptLog(store.home, project.name) === undefined) throw error;
      throw new TareError('E_SYSTEM', error.message, {
        cause: error,
        hint: `all that its services have printed: \`tare logs -p ${project.name}\``,
      });
    });
  const status = (await running()) ?? (await start());
  return { json: { project: project.name, ...status }, text: systemText(status) };
}

async function attached(
  project: Project,
  images: ReadonlyMap<string, Image>,
  { cli, prefix }: { readonly cli: CliContext; readonly prefix: boolean },
): Promise<CommandResult> {
  const [{ up }, { statusEvent }, { linePrinter, systemText }] = await Promise.all([
    import('../../systems/up.ts'),
    import('../../systems/run/status-event.ts'),
    import('../../report/system.ts'),
  ]);
  const names = project.services.flatMap(({ name, replicas }) =>
    Array.from({ length: replicas }, (_, index) => `${name}-${index + 1}`),
  );
  const printer = linePrinter(names, cli.style, { prefix });
  const { replicas, stopped } = await up(
    {
      project,
      images,
      strict: false,
      keepsLog: false,
      onLine: (line) => {
        if (!cli.json) stdout.write(printer.line(line));
      },
      onStatus: (now) => cli.ctx.onEvent(statusEvent(now)),
      onReady(status: StatusAnswer) {
        if (!cli.quiet) stderr.write(`${systemText(status)(cli.style)}\n`);
      },
    },
    { store: await cli.store(), ctx: cli.ctx, env: process.env },
  );
  const failed = replicas.some(({ exit }) => exit === undefined || exit.code !== 0);
  // Who was asked to stop ends as its program pleases.
  return { json: { project: project.name, replicas }, text: () => '', exit: failed && !stopped ? 1 : 0 };
}
