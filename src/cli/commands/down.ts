import { COMPOSE_OPTIONS, projectNameOf, projectOf } from '../compose-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'down',
  arguments: [],
  summary: 'stop the services of a Compose file',
  description:
    'Stops what `tare up` has started, in the reverse order of dependencies: the stop signal first, SIGKILL after the time that each service has for it. Also removes what a `tare up` left that was killed itself. Volumes stay unless they are asked for.',
  options: [
    ...COMPOSE_OPTIONS,
    { flags: '-v, --volumes', description: 'remove the volumes of the project too, with all that is in them' },
    {
      flags: '-t, --time <seconds>',
      description: 'how long each service may take to stop',
      defaultText: 'stop_grace_period of each, else 10',
      variable: 'TARE_DOWN_TIME',
    },
  ],
  examples: [
    ['tare down', 'the project of this folder'],
    ['tare down -v', 'and forget its data'],
    ['tare down -p shop', 'a project by its name, wherever its file is'],
  ],
  async run({ cli, options }) {
    const { down } = await import('../../systems/down.ts');
    const seconds = options.number('time');
    // Which volumes it has stands in its file alone.
    const project = options.flag('volumes') ? await projectOf(options, cli) : undefined;
    const name = project?.name ?? (await projectNameOf(options, cli));
    const store = await cli.store();
    cli.ctx.onEvent({ kind: 'step.started', step: `stop ${name}` });
    const result = await down({
      home: store.home,
      name,
      signal: cli.ctx.signal,
      ...(seconds === undefined ? {} : { graceMs: seconds * 1000 }),
      ...(project === undefined ? {} : { volumesOf: project }),
    });
    cli.ctx.onEvent({ kind: 'step.done', step: `stop ${name}` });
    const said = {
      running: `${name} is stopped`,
      killed: `${name} had been killed; what it left is removed`,
      'not there': `${name} does not run`,
    }[result.was];
    const volumes = result.volumes.map((volume) => `\nremoved volume ${volume}`).join('');
    return { json: result, text: () => `${said}${volumes}` };
  },
};
