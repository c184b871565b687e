import { TareError } from '../base/error.ts';
import type { Project } from '../formats/compose/types.ts';
import type { CliContext, Options, OptionSpec } from './spec.ts';

/** Which project a command means. */
export const COMPOSE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-f, --file <file>',
    description: 'a Compose file; several are merged',
    defaultText: 'COMPOSE_FILE, else compose.yaml here or in a folder above',
    repeat: true,
    variable: 'TARE_COMPOSE_FILE',
  },
  {
    flags: '-p, --project-name <name>',
    description: 'what the project is called',
    defaultText: 'COMPOSE_PROJECT_NAME, `name` in the file, or the folder',
    variable: 'TARE_COMPOSE_PROJECT_NAME',
  },
  {
    flags: '--project-directory <dir>',
    description: 'where relative paths begin',
    defaultText: "the file's folder",
    variable: 'TARE_COMPOSE_PROJECT_DIRECTORY',
  },
  {
    flags: '--env-file <file>',
    description: 'variables for the Compose file',
    defaultText: '.env beside it, when it is there',
    repeat: true,
  },
  {
    flags: '--profile <name>',
    description: 'services of this profile too; COMPOSE_PROFILES has more',
    repeat: true,
    variable: 'TARE_COMPOSE_PROFILE',
  },
];

/** The same where `-f` is taken. */
export const COMPOSE_OPTIONS_WITHOUT_F: readonly OptionSpec[] = COMPOSE_OPTIONS.map((option) => ({
  ...option,
  flags: option.flags.replace(/^-f, /, ''),
}));

const SYSTEM_GROUP = 'A whole system (with --file):';

export const SHRUNK_OPTION: OptionSpec = {
  flags: '--shrunk',
  description: 'the images that `tare shrink --file` made of those in the file',
};

/** Without it, these commands are about an image: no file is looked for. */
const FILE_OF_SYSTEM: OptionSpec = {
  flags: '-f, --file <file>',
  description: 'all services of this Compose file; several are merged',
  repeat: true,
  variable: 'TARE_COMPOSE_FILE',
};

/** The same for commands that are about an image otherwise: their `--profile` means something else; COMPOSE_PROFILES counts. */
export const SYSTEM_OPTIONS: readonly OptionSpec[] = COMPOSE_OPTIONS.filter(
  ({ flags }) => !flags.includes('--profile ') && !flags.startsWith('-p,'),
).map((option) => ({ ...(option.flags.startsWith('-f,') ? FILE_OF_SYSTEM : option), group: SYSTEM_GROUP }));
export const ofSystem = (option: OptionSpec): OptionSpec => ({ ...option, group: SYSTEM_GROUP });

/** @throws TareError E_USAGE for a flag on the command line that means one image */
export function refuseWithFile(options: Options, names: readonly string[]): void {
  const unfit = names.find((name) => options.isTyped(name));
  if (unfit === undefined) return;
  throw new TareError('E_USAGE', `${flagOf(unfit)} is about one image, and does not go with --file`, {
    hint: 'what is particular to a service stands in its x-tare in the Compose file: docs/compose.md',
  });
}

/** @throws TareError E_USAGE for a flag on the command line that means a whole system */
export function refuseWithoutFile(options: Options, names: readonly string[]): void {
  const unfit = ['projectDirectory', 'envFile', ...names].find((name) => options.isTyped(name));
  if (unfit !== undefined)
    throw new TareError('E_USAGE', `${flagOf(unfit)} goes with --file, and no --file names a Compose file`, {
      hint: 'add --file compose.yaml, or leave it out',
    });
}

export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Of `--timeout`, in milliseconds. @throws TareError E_USAGE */
export function timeoutOf(options: Options): number | undefined {
  const seconds = options.number('timeout');
  if (seconds === 0) throw new TareError('E_USAGE', '--timeout 0 leaves no time to start');
  return seconds === undefined ? undefined : seconds * 1000;
}

/** The project that the flags name; its warnings are told. @param services these alone, and what they depend on */
export async function projectOf(
  options: Options,
  cli: CliContext,
  services: readonly string[] = [],
  profiles: readonly string[] = options.list('profile'),
): Promise<Project> {
  const { readProject } = await import('../systems/read-project.ts');
  const name = options.text('projectName');
  const dir = options.text('projectDirectory');
  const { project, warnings } = await readProject({
    env: cli.env,
    ...(options.list('file').length === 0 ? {} : { files: options.list('file') }),
    ...(name === undefined ? {} : { projectName: name }),
    ...(dir === undefined ? {} : { projectDir: dir }),
    ...(options.list('envFile').length === 0 ? {} : { envFiles: options.list('envFile') }),
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(services.length === 0 ? {} : { services }),
  });
  for (const warning of warnings) cli.ctx.onEvent({ kind: 'warning', warning });
  return project;
}

/** The name alone: a system may be spoken to when its file is gone. */
export async function projectNameOf(options: Options, cli: CliContext): Promise<string> {
  const given = options.text('projectName');
  // What `tare up` has warned of is not said again.
  const silent = { ...cli, ctx: { ...cli.ctx, onEvent: () => undefined } };
  if (given === undefined) return (await projectOf(options, silent)).name;
  const { checkedProjectName } = await import('../systems/project-name.ts');
  return checkedProjectName(given, 'the name of the project');
}

/** `--scale SERVICE=NUMBER`. @throws TareError E_USAGE */
export function scaled(project: Project, scales: readonly string[]): Project {
  const wanted = new Map(
    scales.map((text) => {
      const [, service = '', number = ''] = /^([^=]+)=(\d{1,3})$/.exec(text) ?? [];
      if (service === '')
        throw new TareError('E_USAGE', `--scale ${JSON.stringify(text)} is not SERVICE=NUMBER`, {
          hint: 'e.g. --scale web=3; at most 999',
        });
      return [service, Number(number)];
    }),
  );
  const unknown = [...wanted.keys()].find((name) => !project.services.some((service) => service.name === name));
  if (unknown !== undefined)
    throw new TareError('E_USAGE', `--scale: ${project.name} has no service ${unknown}`, {
      hint: `there are: ${project.services.map(({ name }) => name).join(', ')}`,
    });
  return {
    ...project,
    services: project.services.map((service) => ({
      ...service,
      replicas: wanted.get(service.name) ?? service.replicas,
    })),
  };
}
