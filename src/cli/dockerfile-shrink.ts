import { TareError } from '../base/error.ts';
import type { DockerfileOptions, DockerfileResult } from '../build/dockerfile/types.ts';
import { derivedName } from '../oci/reference.ts';
import type { Shrunk, ShrinkOptions } from '../shrink/types.ts';
import { writeFiles } from './dockerfile.ts';
import type { LintNote } from './lint-note.ts';
import { refuseByProducts, shrinkOptions, writeByProducts } from './shrink-options.ts';
import type { CliContext, CommandResult, Options } from './spec.ts';

/** Any: it only has to be there while flags are looked at, before there is an image. */
const SOME_PORT = 80;

/**
 * `tare build -f --shrink`. The whole image keeps a name of its own (`app:1.0-full`), to compare with; the shrunk one gets the names that were asked for.
 * @throws TareError as building and shrinking; when shrinking fails, the error says where the whole image is
 */
export async function shrunkDockerfile(
  settings: DockerfileOptions,
  options: Options,
  cli: CliContext,
): Promise<CommandResult> {
  const [{ builtDockerfile }, { imageName }, { shrink }, { shrinkText }] = await Promise.all([
    import('../build/dockerfile/build.ts'),
    import('../build/name.ts'),
    import('../shrink/shrink.ts'),
    import('../report/shrink.ts'),
  ]);
  const told = settings.tags ?? [];
  const [first = '', ...others] = (told.length === 0 ? [undefined] : told).map((name) =>
    imageName(name, undefined, settings.dir),
  );
  const full = derivedName(first, 'full');
  const { dir } = settings;
  // Mistakes in flags and their files are told before a long build, not after it.
  await refuseByProducts(options);
  await shrinkOptions(full, options, cli, { dir, portOf: () => Promise.resolve(SOME_PORT) });
  const tools = { store: await cli.store(), ctx: cli.ctx };
  const { facts, result: built } = await builtDockerfile({ ...settings, tags: [full], output: [], sbom: [] }, tools);
  const shrunk = await shrunkOf(built, async () => {
    const asked = await shrinkOptions(built.reference, options, cli, { dir });
    const madeBy = facts === undefined ? {} : { madeBy: facts };
    return shrink({ ...settingsOf(asked, first, settings), ...madeBy }, tools);
  });
  const { result } = shrunk;
  const named = await tools.store.find(result.reference);
  if (named !== undefined) for (const name of others) await tools.store.tag(name, named.descriptor, named.evidence);
  const tags = [first, ...others];
  await writeByProducts(shrunk, options, cli.ctx.signal);
  const layers = result.layers.map((layer) => ({ ...layer, createdBy: layer.group }));
  const { digest, size } = result;
  await writeFiles({ ...built, digest, layers, reference: first, size, tags }, options, cli.ctx.signal);
  return {
    json: { built, shrunk: result, tags },
    text: cli.quiet ? () => result.reference : shrinkText(result, { tags: others, lint: await noteFor(settings, cli) }),
    exit: result.overBudget.length === 0 ? 0 : 1,
  };
}

async function noteFor(settings: DockerfileOptions, cli: CliContext): Promise<LintNote | undefined> {
  if (cli.json) return undefined;
  const { lintNote } = await import('./lint-note.ts');
  return lintNote(settings, cli);
}

const settingsOf = (asked: ShrinkOptions, name: string, { compression }: DockerfileOptions): ShrinkOptions => ({
  ...asked,
  name,
  ...(compression === undefined ? {} : { compression }),
});

/** The build was not in vain: the image is there, and can be looked at. */
async function shrunkOf({ reference }: DockerfileResult, work: () => Promise<Shrunk>): Promise<Shrunk> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TareError) || error.code === 'E_CANCELLED') throw error;
    throw new TareError(error.code, `${error.message}; the image that was built is there, whole, as ${reference}`, {
      cause: error,
      hint: `${error.hint}; \`tare run ${reference}\`, \`tare files ${reference}\` and \`tare inspect ${reference}\` look at the whole image, and \`tare shrink ${reference}\` tries again without building`,
    });
  }
}
