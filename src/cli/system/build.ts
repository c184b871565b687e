import { TareError } from '../../base/error.ts';
import { dockerfileOptions, refuseOthers } from '../dockerfile.ts';
import type { CommandInput, CommandResult, Options } from '../spec.ts';
import { flagOf, projectOf, refuseWithFile } from '../compose-options.ts';
import { OF_ONE_IMAGE } from './shrink.ts';

/** Of one Dockerfile. */
const OF_ONE = ['name', 'tag', 'target', 'output', 'iidfile', 'metadataFile', 'dryRun', 'sbom', 'provenance'];

/** `tare build --file compose.yaml`. */
export async function buildSystemCommand({ args, cli, options }: CommandInput): Promise<CommandResult> {
  if (args[0] !== undefined)
    throw new TareError(
      'E_USAGE',
      `a Compose file says itself what is built: ${JSON.stringify(args[0])} has no place`,
      {
        hint: 'leave it out: all services that say how are built, and steps that have not changed come from the cache',
      },
    );
  const unfit = OF_ONE.find((name) => options.isTyped(name));
  if (unfit !== undefined)
    throw new TareError('E_USAGE', `${flagOf(unfit)} is about one image, and a Compose file has several`, {
      hint: 'the file says it: image, build.target, build.tags',
    });
  await refuseOthers(options, { dir: '.', isDockerfile: true });
  // Of what is built each may be for another platform.
  refuseWithFile(
    options,
    OF_ONE_IMAGE.filter((name) => name !== 'platform'),
  );
  const file = options.text('file') ?? '';
  const project = await projectOf(oneFile(options, file), cli);
  const [{ buildServices, imagesOf }, { systemBuildText }] = await Promise.all([
    import('../../systems/images.ts'),
    import('../../report/system-build.ts'),
  ]);
  const {
    dir: _dir,
    file: _file,
    tags: _tags,
    target: _target,
    ...defaults
  } = await dockerfileOptions('.', options, cli);
  const tools = { store: await cli.store(), ctx: cli.ctx };
  const unpacks = options.maybeFlag('unpack') !== false;
  const built = await buildServices(project, defaults, tools, { unpacks });
  if (built.length === 0)
    throw new TareError('E_COMPOSE', `${file}: no service says how it is built`, { hint: 'write `build: FOLDER`' });
  if (!options.flag('shrink')) {
    const rows = built.map(({ result, service }) => ({ service, ...result }));
    return {
      json: rows,
      text: cli.quiet ? () => rows.map(({ reference }) => reference).join('\n') : systemBuildText(rows),
    };
  }
  const { shrinkProject } = await import('./shrink.ts');
  return shrinkProject(project, await imagesOf(project, defaults, tools), { cli, options });
}

/** `tare build` takes one file. */
const oneFile = (options: Options, file: string): Options => ({
  ...options,
  list: (name) => (name === 'file' ? [file] : name === 'profile' || name === 'envFile' ? [] : options.list(name)),
});
