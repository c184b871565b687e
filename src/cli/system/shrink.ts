import { TareError } from '../../base/error.ts';
import type { Image } from '../../oci/types.ts';
import type { Project } from '../../formats/compose/types.ts';
import type { Tightness } from '../../plan/types.ts';
import type { SystemCostOptions } from '../../ship/system-cost.ts';
import { projectOf, refuseWithFile } from '../compose-options.ts';
import type { CliContext, CommandInput, CommandResult, Options } from '../spec.ts';

/** What is about one image. */
export const OF_ONE_IMAGE: readonly string[] = [
  'name',
  'platform',
  'output',
  'sbom',
  'provenance',
  'layers',
  'probe',
  'openapi',
  'exec',
  'observe',
  'config',
  'static',
  'profile',
  'profileOut',
  'seccompOut',
  'restrict',
  'verify',
  'dryRun',
];

/** `tare shrink --file`. */
export async function shrinkSystemCommand({ args, cli, options }: CommandInput): Promise<CommandResult> {
  if (args[0] !== undefined)
    throw new TareError('E_USAGE', `--file means all services, and ${JSON.stringify(args[0])} is one image`, {
      hint: 'leave one of them out',
    });
  refuseWithFile(options, OF_ONE_IMAGE);
  const project = await projectOf(options, cli);
  const { imagesOf } = await import('../../systems/images.ts');
  const tools = { store: await cli.store(), ctx: cli.ctx };
  return shrinkProject(project, await imagesOf(project, { environment: cli.env }, tools), { cli, options });
}

/** Shrinks what is there of a project. */
export async function shrinkProject(
  project: Project,
  images: ReadonlyMap<string, Image>,
  { cli, options }: { readonly cli: CliContext; readonly options: Options },
): Promise<CommandResult> {
  const [
    { shrinkSystem },
    { probesOfFile, probesOfProject },
    { systemShrinkText },
    { driveOptions },
    { COMPARE_MODES },
  ] = await Promise.all([
    import('../../systems/shrink/shrink.ts'),
    import('../../systems/prove/probes.ts'),
    import('../../report/system-shrink.ts'),
    import('../drive.ts'),
    import('../../verify/compare.ts'),
  ]);
  const { run, timeoutMs } = await driveOptions(withoutProbes(options), async () => undefined);
  const files = options.list('probeFile');
  const told = await Promise.all(files.map((file) => probesOfFile(project, file)));
  const compare = COMPARE_MODES.find((mode) => mode === options.text('compare'));
  const compression = options.text('compression');
  const tightness = options.text('tightness') as Tightness | undefined;
  const { result } = await shrinkSystem(
    {
      project,
      images,
      probes: files.length > 0 ? told.flat() : probesOfProject(project),
      include: options.list('include'),
      exclude: options.list('exclude'),
      ...(tightness === undefined ? {} : { tightness }),
      ...(compression === undefined ? {} : { compression }),
      ...(compare === undefined ? {} : { compare }),
      ...(run === undefined ? {} : { run }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      cost: await costOptions(options),
    },
    { store: await cli.store(), ctx: cli.ctx },
  );
  const names = (): string => result.services.map(({ reference }) => reference).join('\n');
  return { json: result, text: cli.quiet ? names : systemShrinkText(result) };
}

const withoutProbes = (options: Options): Options => ({
  ...options,
  list: (name) => (['probeFile', 'probe', 'openapi'].includes(name) ? [] : options.list(name)),
});

async function costOptions(options: Options): Promise<SystemCostOptions> {
  const { parsePrice } = await import('../../ship/retention/storage.ts');
  const [price, pullPrice, pulls] = [options.text('price'), options.text('pullPrice'), options.number('pulls')];
  return {
    ...(price === undefined ? {} : { price: parsePrice(price, '--price') }),
    ...(pullPrice === undefined ? {} : { pullPrice: parsePrice(pullPrice, '--pull-price') }),
    ...(pulls === undefined ? {} : { pulls }),
  };
}
