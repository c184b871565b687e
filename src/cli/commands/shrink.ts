import { TareError } from '../../base/error.ts';
import { ofSystem, refuseWithoutFile, SYSTEM_OPTIONS } from '../compose-options.ts';
import { PRICE_OPTION } from '../retention-options.ts';
import { refuseByProducts, SHRINK_OPTIONS, shrinkOptions, writeByProducts } from '../shrink-options.ts';
import {
  ATTACH_OPTIONS,
  COMPRESSION_OPTION,
  DRY_RUN_OPTION,
  EXCLUDE_OPTION,
  IMAGE_ARGUMENT,
  INCLUDE_OPTION,
  OUTPUT_OPTION,
  PLATFORM_OPTION,
  TIGHTNESS_OPTION,
} from '../shared-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandInput, CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'shrink',
  arguments: [{ ...IMAGE_ARGUMENT, name: '[image]' }],
  summary: 'make an image without what it never needs',
  description:
    "Runs the image in a sandbox and watches which files it asks for while it is probed. Adds what these files lead to: imports, libraries, interpreters, settings. Packs that and nothing else. Runs the result with the same probes, compares its answers with the original's, and puts back what was missed. With --file the same is done with all services of a Compose file together: each is watched while the system is asked from outside what its `x-tare` says, and what several services have in common becomes one layer.",
  options: [
    {
      flags: '-n, --name <name>',
      description: 'name of the result',
      defaultText: "the original's, with -shrunk after its tag",
    },
    { ...PLATFORM_OPTION, config: 'platform' },
    TIGHTNESS_OPTION,
    INCLUDE_OPTION,
    EXCLUDE_OPTION,
    COMPRESSION_OPTION,
    OUTPUT_OPTION,
    ...ATTACH_OPTIONS,
    ...SHRINK_OPTIONS,
    { flags: '--no-verify', description: 'do not run the result (--verify: run it, also with --profile)' },
    DRY_RUN_OPTION,
    ...SYSTEM_OPTIONS,
    ofSystem(PRICE_OPTION),
    ofSystem({ flags: '--pulls <count>', description: 'how often the system is pulled in a month' }),
    ofSystem({ flags: '--pull-price <money>', description: 'what a gigabyte costs that is pulled: 0.09/GB' }),
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare shrink docker-daemon:app:1.0', 'watched while its pages are crawled'],
    ['tare shrink oci:images:app --config app/tare.yaml', 'watched while it answers the probes of a tare.yaml'],
    ['tare shrink app --run "npm test" --profile-out app.profile.json', 'driven by a test suite, and recorded'],
    ['tare shrink -f compose.yaml', 'all services of a system, with layers that they share'],
    ['tare shrink app --profile app.profile.json', 'the same again, without running anything'],
  ],
  run: shrinkCommand,
};

async function shrinkCommand(input: CommandInput) {
  const { args, cli, options } = input;
  if (options.list('file').length > 0) return (await import('../system/shrink.ts')).shrinkSystemCommand(input);
  if (args[0] === undefined) throw new TareError('E_USAGE', 'neither an image nor --file says what is to be shrunk');
  refuseWithoutFile(options, ['price', 'pulls', 'pullPrice']);
  await refuseByProducts(options);
  const { planShrink, shrink } = await import('../../shrink/shrink.ts');
  const settings = await shrinkOptions(String(args[0]), options, cli);
  const tools = { store: await cli.store(), ctx: cli.ctx };
  if (options.flag('dryRun')) {
    const { shrinkPlanJson, shrinkPlanText } = await import('../../report/shrink.ts');
    const plan = await planShrink(settings, tools);
    return { json: shrinkPlanJson(plan), text: shrinkPlanText(plan) };
  }
  const shrunk = await shrink(settings, tools);
  await writeByProducts(shrunk, options, cli.ctx.signal);
  const { shrinkText } = await import('../../report/shrink.ts');
  const { result } = shrunk;
  return {
    json: result,
    text: cli.quiet ? () => result.reference : shrinkText(result),
    exit: result.overBudget.length === 0 ? 0 : 1,
  };
}
