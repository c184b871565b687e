import type { CheckReport } from '../../explain/check/types.ts';
import { checkOutputs, FORMAT_NAMES, writeOutputs } from '../check-outputs.ts';
import { checkSettings, instantOf } from '../check-settings.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandResult, CommandSpec, OptionSpec } from '../spec.ts';

/** Everywhere else these words mean something else. */
const named = (option: OptionSpec, variable: string): OptionSpec => ({ ...option, variable: `TARE_CHECK_${variable}` });

const BUDGETS = 'Budgets:';
const SAFETY = 'Rules:';
const ANSWERS = 'Answers:';

export const command: CommandSpec = {
  name: 'check',
  arguments: [IMAGE_ARGUMENT],
  summary: 'hold an image against budgets and rules, for CI',
  description:
    'Holds an image against rules from flags and files, and says of each that fails who is to blame: package, layer, instruction. Files are a tare.yaml (its `check`), tests of container-structure-test, or a .dive-ci of dive, all as they are. Only the commands of structure tests run anything, in the sandbox. Exit code 1 when a rule fails.',
  options: [
    named(
      {
        flags: '--disk <size>',
        description: 'bytes of files at most, once unpacked',
        group: BUDGETS,
        config: 'check.disk',
      },
      'DISK',
    ),
    named(
      {
        flags: '--wire <size>',
        description: 'bytes of compressed layers at most',
        group: BUDGETS,
        config: 'check.wire',
      },
      'WIRE',
    ),
    named({ flags: '--layers <n>', description: 'layers at most', group: BUDGETS, config: 'check.layers' }, 'LAYERS'),
    named({ flags: '--files <n>', description: 'files at most', group: BUDGETS, config: 'check.files' }, 'FILES'),
    named(
      {
        flags: '--efficiency <share>',
        description: "at least so efficient, by dive's definition: 0.95 or 95%",
        group: BUDGETS,
        config: 'check.efficiency',
      },
      'EFFICIENCY',
    ),
    named(
      {
        flags: '--wasted <amount>',
        description: 'shipped and not seen at most: 5MB, or 3% of the disk size',
        group: BUDGETS,
        config: 'check.wasted',
      },
      'WASTED',
    ),
    named(
      {
        flags: '--growth <amount>',
        description: 'larger than the base at most, on disk and on the wire: 5MB or 3%',
        group: BUDGETS,
        config: 'check.growth',
      },
      'GROWTH',
    ),
    {
      flags: '--against <image>',
      description: 'the base that growth is measured against',
      group: BUDGETS,
      config: 'check.base',
      variable: 'TARE_CHECK_AGAINST',
    },
    named(
      {
        flags: '--user <user>',
        description: 'who it has to run as: non-root, a name or a number',
        group: SAFETY,
        config: 'check.user',
      },
      'USER',
    ),
    named(
      {
        flags: '--no-setuid',
        description: 'no setuid, setgid, or file capabilities',
        group: SAFETY,
        config: 'check.no-setuid',
      },
      'SETUID',
    ),
    named(
      { flags: '--no-secrets', description: 'no keys, tokens or passwords', group: SAFETY, config: 'check.no-secrets' },
      'SECRETS',
    ),
    named({ flags: '--no-shell', description: 'no shell', group: SAFETY, config: 'check.no-shell' }, 'SHELL'),
    named(
      {
        flags: '--max-age <age>',
        description: 'how old its base may be: 90d, 12w, 6m, 1y',
        group: SAFETY,
        config: 'check.max-age',
      },
      'MAX_AGE',
    ),
    named(
      {
        flags: '--forbid <package>',
        description: 'a package that must not be there: NAME, GLOB, MANAGER:NAME, "NAME < VERSION"',
        repeat: true,
        group: SAFETY,
        config: 'check.packages.forbid',
      },
      'FORBID',
    ),
    named(
      {
        flags: '--require <package>',
        description: 'a package that has to be there',
        repeat: true,
        group: SAFETY,
        config: 'check.packages.require',
      },
      'REQUIRE',
    ),
    named(
      {
        flags: '--require-label <label>',
        description: 'a label that has to be set: NAME, or NAME=GLOB',
        repeat: true,
        group: SAFETY,
        config: 'check.labels.require',
      },
      'REQUIRE_LABEL',
    ),
    named(
      {
        flags: '--config <file>',
        description: 'take rules from this tare.yaml, structure test or .dive-ci',
        defaultText: './tare.yaml and ./.dive-ci, when they are there',
        repeat: true,
      },
      'CONFIG',
    ),
    named(
      {
        flags: '--now <date>',
        description: 'what max-age takes for today',
        defaultText: 'the clock; nothing else looks at it',
        group: SAFETY,
      },
      'NOW',
    ),
    named(
      {
        flags: '--format <format>',
        description: 'form of the answer; github also adds a job summary to $GITHUB_STEP_SUMMARY',
        choices: FORMAT_NAMES,
        defaultText: 'text',
        group: ANSWERS,
      },
      'FORMAT',
    ),
    named(
      {
        flags: '--output <format=file>',
        description: 'write the answer to a file too, in this form',
        repeat: true,
        group: ANSWERS,
      },
      'OUTPUT',
    ),
    PLATFORM_OPTION,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare check app --disk 50MB --wire 20MB --user non-root', 'may it go out?'],
    ['tare check app:new --against app:1.0 --growth 3%', 'who made it larger?'],
    ['tare check app --config tests.yaml --output junit=report.xml', 'structure tests, for CI'],
    ['tare check app --format github --output sarif=tare.sarif', 'annotations, job summary, code scanning'],
  ],
  async run({ args, cli, options }): Promise<CommandResult> {
    const now = instantOf(options.text('now'));
    const outputs = await checkOutputs(options.list('output'));
    const { base, files, rules } = await checkSettings(options);
    const [{ check }, { openImage }] = await Promise.all([
      import('../../explain/check/check.ts'),
      import('../../transports/index.ts'),
    ]);
    const store = await cli.store();
    const { ctx } = cli;
    const platform = options.text('platform');
    const open = (reference: string) =>
      openImage(reference, { store, ctx, ...(platform === undefined ? {} : { platform }) });
    const image = await open(String(args[0]));
    const report = await check({
      image,
      base: base === undefined ? undefined : await open(base),
      rules,
      files,
      env: cli.env,
      now,
      store,
      ctx,
    });
    const format = options.text('format') ?? 'text';
    await writeOutputs(report, { cli, format, outputs });
    return { json: report, text: await textOf(report, format), exit: report.ok ? 0 : 1 };
  },
};

async function textOf(report: CheckReport, format: string): Promise<CommandResult['text']> {
  if (format === 'text') {
    const { checkText } = await import('../../report/check/tty.ts');
    return checkText(report);
  }
  const { CHECK_FORMATS } = await import('../../report/check/formats.ts');
  return () => CHECK_FORMATS[format]?.(report) ?? '';
}
