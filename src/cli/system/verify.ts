import { TareError } from '../../base/error.ts';
import { projectOf, refuseWithFile, timeoutOf } from '../compose-options.ts';
import type { CommandInput, CommandResult } from '../spec.ts';

/** `tare verify --file`. */
export async function verifySystemCommand({ args, cli, options }: CommandInput): Promise<CommandResult> {
  if (args[0] !== undefined)
    throw new TareError('E_USAGE', `--file means all services, and ${JSON.stringify(args[0])} is one image`, {
      hint: 'leave one of them out',
    });
  refuseWithFile(options, ['probe', 'openapi', 'config']);
  const [{ verifySystem }, { probesOfProject, probesOfFile }, { imagesOf, shrunkImagesOf }, { systemVerifyText }] =
    await Promise.all([
      import('../../systems/prove/verify.ts'),
      import('../../systems/prove/probes.ts'),
      import('../../systems/images.ts'),
      import('../../report/system-verify.ts'),
    ]);
  const project = await projectOf(options, cli);
  const { COMPARE_MODES } = await import('../../verify/compare.ts');
  const compare = COMPARE_MODES.find((mode) => mode === options.text('compare'));
  const timeoutMs = timeoutOf(options);
  const tools = { store: await cli.store(), ctx: cli.ctx };
  const files = options.list('probeFile');
  const told = await Promise.all(files.map((file) => probesOfFile(project, file)));
  const probes = files.length > 0 ? told.flat() : probesOfProject(project);
  const images = await imagesOf(project, { environment: cli.env }, tools);
  const against = options.text('against');
  const common = {
    project,
    probes,
    ...(compare === undefined ? {} : { compare }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...tools,
  };
  if (options.flag('shrunk')) {
    if (against !== undefined)
      throw new TareError('E_USAGE', '--shrunk compares with the images of the file: --against says something else');
    const small = await shrunkImagesOf(project, images, tools);
    const result = await verifySystem({ ...common, images: small, against: { project, images } });
    return { json: result, text: systemVerifyText(result), exit: result.ok ? 0 : 1 };
  }
  const other = against === undefined ? undefined : await otherProject(against, { cli, options });
  const result = await verifySystem({
    ...common,
    images,
    ...(other === undefined
      ? {}
      : { against: { project: other, images: await imagesOf(other, { environment: cli.env }, tools) } }),
  });
  return { json: result, text: systemVerifyText(result), exit: result.ok ? 0 : 1 };
}

async function otherProject(file: string, { cli }: Pick<CommandInput, 'cli' | 'options'>) {
  const { readProject } = await import('../../systems/read-project.ts');
  const { project, warnings } = await readProject({ files: [file], env: cli.env });
  for (const warning of warnings) cli.ctx.onEvent({ kind: 'warning', warning });
  return project;
}
