import { COMPOSE_OPTIONS, projectNameOf } from '../compose-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'ps',
  arguments: [],
  summary: 'the containers of a Compose project that runs',
  description:
    'Lists the containers of a project that `tare up` runs, with their state, health and published ports. Exit code 1 when the project does not run. With --all it names every project that runs here. With --quiet it prints names alone, one a line: of the containers that have not ended, or with --all of the projects that run.',
  options: [
    ...COMPOSE_OPTIONS,
    { flags: '-a, --all', description: 'every project, wherever its file is', variable: 'TARE_PS_ALL' },
  ],
  examples: [
    ['tare ps', 'the project of this folder'],
    ['tare ps --all', 'what runs on this machine'],
    ['tare ps -q', 'the names of its containers, for a script'],
  ],
  async run({ cli, options }) {
    const [{ statusOf }, { systemsText, systemText }] = await Promise.all([
      import('../../systems/status.ts'),
      import('../../report/system.ts'),
    ]);
    const { home } = await cli.store();
    if (options.flag('all')) {
      const { systemNames } = await import('../../systems/state.ts');
      const all = await Promise.all(
        (await systemNames(home)).map(async (project) => ({ project, ...(await statusOf(home, project)) })),
      );
      const names = all.filter(({ runs }) => runs).map(({ project }) => project);
      return { json: all, text: cli.quiet ? () => names.join('\n') : systemsText(all) };
    }
    const project = await projectNameOf(options, cli);
    const status = await statusOf(home, project);
    const answer = { project, ...status };
    if (!status.runs) return { json: answer, text: () => (cli.quiet ? '' : `${project} does not run`), exit: 1 };
    const names = status.replicas.filter(({ state }) => state !== 'exited').map(({ name }) => name);
    if (cli.quiet) return { json: answer, text: () => names.join('\n') };
    return { json: answer, text: systemText(status) };
  },
};
