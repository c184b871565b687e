import { Command, CommanderError, Option } from 'commander';
import { editDistance } from '../base/edit-distance.ts';
import { TareError } from '../base/error.ts';
import { afterText, optionText, PROGRAM_AFTER } from './describe.ts';
import { cureOfArgument, cureOfCommand, cureOfFlag } from './habits.ts';
import { GLOBAL_OPTIONS, nameOfFlag } from './options.ts';
import type { CommandSpec, OptionSpec } from './spec.ts';
import { COMMANDS, type CommandLine } from './table.ts';
import { VERSION } from '../base/version.ts';

/** Wider lines are hard to read. */
const MAX_HELP_COLUMNS = 100;
/** Of a misspelt command. */
const MAX_EDITS = 2;
const COMMON_FLAGS = 'Flags of every command:';

/** A command line taken apart; or a text that answers it at once (help). */
export type Parsed =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'command';
      readonly spec: CommandSpec;
      readonly args: readonly (string | string[] | undefined)[];
      readonly given: Record<string, unknown>;
    };

/** In a narrow terminal descriptions are wrapped all the same, down to this width. */
const MIN_WRAPPED_COLUMNS = 20;

/** `columns`: how wide a help text may be. @throws TareError E_USAGE */
export async function parseCommandLine(
  argv: readonly string[],
  { columns }: { readonly columns: number },
): Promise<Parsed> {
  const line = await chosen(argv);
  refuseUnknown(argv, line);
  const specs = new Map<string, CommandSpec>();
  if (line !== undefined) specs.set(line.name, await line.load());
  let answer: Parsed | undefined;
  let printed = '';
  const program = programWith(specs, (spec, args, given) => {
    answer = { kind: 'command', spec, args, given };
  });
  // Of each option all is said in its description.
  program.configureHelp({
    helpWidth: Math.min(columns, MAX_HELP_COLUMNS),
    optionDescription: (option) => option.description,
    minWidthToWrap: MIN_WRAPPED_COLUMNS,
  });
  program.configureOutput({
    writeOut: (text) => (printed += text),
    writeErr: (text) => (printed += text),
    outputError: () => undefined,
  });
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    program.parse(['node', 'tare', ...withBareValues(argv, line === undefined ? undefined : specs.get(line.name))]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === 'commander.help') return { kind: 'text', text: printed };
    throw usageError(error, argv, line === undefined ? undefined : specs.get(line.name));
  }
  if (answer !== undefined) return answer;
  return { kind: 'text', text: program.helpInformation() };
}

/** commander would take the word after `--sbom` for its value. */
function withBareValues(argv: readonly string[], spec: CommandSpec | undefined): readonly string[] {
  const bare = new Map(
    spec?.options.flatMap(({ bare: value, flags }) => {
      const flag = /--[a-z-]+/.exec(flags)?.[0];
      return value === undefined || flag === undefined ? [] : [[flag, value] as const];
    }),
  );
  const end = argv.indexOf('--');
  return argv.map((word, at) => {
    const value = end !== -1 && at > end ? undefined : bare.get(word);
    return value === undefined ? word : `${word}=${value}`;
  });
}

function usageError(error: CommanderError, argv: readonly string[], spec: CommandSpec | undefined): TareError {
  const unknown = /^error: unknown command '(.*?)'/.exec(error.message)?.[1];
  if (unknown !== undefined) return unknownCommand(wordsOf(argv).slice(wordsOf(argv).indexOf(unknown)));
  const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  const [flag, name = ''] = /^unknown option '(--?[^'=]+)[^']*'/.exec(message) ?? [];
  // A command that has the flag did not get it: it stands in front of the command.
  const early = spec?.options.some(({ flags }) => flags.split(/[ ,]+/).includes(name)) === true;
  const habit = flag === undefined ? undefined : cureOfFlag(early ? undefined : spec?.name, name);
  // What commander guesses from the spelling is another flag then.
  if (habit !== undefined) return new TareError('E_USAGE', String(flag), { hint: habit, cause: error });
  const excess = error.code === 'commander.excessArguments' ? cureOfArgument(spec?.name ?? '') : undefined;
  if (excess !== undefined) return new TareError('E_USAGE', message, { hint: excess, cause: error });
  const missing = /^missing required argument '(.*)'$/.exec(message)?.[1];
  const argument = spec?.arguments.find(({ name }) => name === `<${missing}>` || name === `<${missing}...>`);
  return new TareError('E_USAGE', message, {
    hint: `${argument === undefined ? '' : `${argument.description}; `}see \`tare ${spec === undefined ? '' : `${spec.name} `}--help\``,
    cause: error,
  });
}

const wordsOf = (argv: readonly string[]): readonly string[] => argv.filter((word) => !word.startsWith('-'));

/** commander answers `help NAME` and `NAME --help` of an unknown command with the general help. */
function refuseUnknown(argv: readonly string[], line: CommandLine | undefined): void {
  const words = wordsOf(argv);
  const named = words[0] === 'help' ? words.slice(1) : words;
  const asksHelp = words[0] === 'help' || argv.includes('--help') || argv.includes('-h');
  if (line !== undefined || named.length === 0 || !asksHelp) return;
  throw unknownCommand(named);
}

/** @param words the unknown command, and what follows it but for flags */
function unknownCommand(words: readonly string[]): TareError {
  const [name = ''] = words;
  const near = COMMANDS.map((line) => ({ name: line.name, distance: editDistance(name.toLowerCase(), line.name) }))
    .filter(({ distance }) => distance <= Math.min(MAX_EDITS, Math.ceil(name.length / 2) - 1))
    .sort((a, b) => a.distance - b.distance)[0];
  const cure =
    cureOfCommand(words, (other) => COMMANDS.some((line) => line.name === other)) ??
    (near === undefined ? undefined : `did you mean \`tare ${near.name}\`?`);
  return new TareError('E_USAGE', `there is no command ${JSON.stringify(name)}`, {
    hint: `${cure === undefined ? '' : `${cure}${cure.endsWith('?') ? '' : ';'} `}\`tare --help\` lists all of them`,
  });
}

/** The first word that is a command; only its file is loaded. `help NAME` counts as well. */
async function chosen(argv: readonly string[]): Promise<CommandLine | undefined> {
  const words = wordsOf(argv);
  const name = words[0] === 'help' ? words[1] : words[0];
  return COMMANDS.find((line) => line.name === name);
}

type OnCommand = (
  spec: CommandSpec,
  args: readonly (string | string[] | undefined)[],
  given: Record<string, unknown>,
) => void;

/** The whole program; commands that are not in `specs` are there by name and summary only. */
function programWith(specs: ReadonlyMap<string, CommandSpec>, onCommand: OnCommand): Command {
  const program = new Command('tare')
    .description(
      'Makes, explains and proves microcontainers: images that hold what the application needs to run, and nothing more.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpOption(new Option('-h, --help', 'print this help').helpGroup(COMMON_FLAGS))
    .helpCommand('help [command]', 'the help of a command')
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError(true);
  for (const option of GLOBAL_OPTIONS) program.addOption(commanderOption(option).helpGroup(COMMON_FLAGS));
  for (const line of COMMANDS) program.addCommand(commanderCommand(line, specs.get(line.name), program, onCommand));
  program.addHelpText('after', PROGRAM_AFTER);
  return program;
}

function commanderCommand(
  line: CommandLine,
  spec: CommandSpec | undefined,
  program: Command,
  onCommand: OnCommand,
): Command {
  const command = new Command(line.name).summary(line.summary).description(spec?.description ?? line.summary);
  command.exitOverride().showSuggestionAfterError(true);
  if (spec === undefined) return command.allowUnknownOption().allowExcessArguments();
  for (const argument of spec.arguments) command.argument(argument.name, argument.description);
  for (const option of spec.options) {
    const made = commanderOption(option);
    command.addOption(option.group === undefined ? made : made.helpGroup(option.group));
    // What a variable or another flag has switched off can be switched on again.
    if (option.flags.startsWith('--no-')) command.addOption(new Option(option.flags.replace('--no-', '--')).hideHelp());
  }
  for (const option of GLOBAL_OPTIONS)
    command.addOption(commanderOption(withoutTakenLetter(option, spec.options)).helpGroup(COMMON_FLAGS));
  if (spec.passThrough === true) command.passThroughOptions();
  command.addHelpText('after', afterText(spec));
  command.action((...values: unknown[]) => {
    const args = values.slice(0, spec.arguments.length) as (string | string[] | undefined)[];
    const given = { ...givenBy(program, GLOBAL_OPTIONS), ...givenBy(command, [...spec.options, ...GLOBAL_OPTIONS]) };
    onCommand(spec, args, given);
  });
  return command;
}

/** `-v` of `run` is a volume, as everywhere else: there, `--verbose` has no letter. */
function withoutTakenLetter(option: OptionSpec, own: readonly OptionSpec[]): OptionSpec {
  const letter = /^-\w, /.exec(option.flags)?.[0];
  if (letter === undefined || !own.some((other) => other.flags.startsWith(letter))) return option;
  return { ...option, flags: option.flags.slice(letter.length) };
}

/** Only what stands on the command line: commander's own defaults (`--no-x` means true) are none of the user's words. */
function givenBy(command: Command, specs: readonly OptionSpec[]): Record<string, unknown> {
  const names = specs
    .map((spec) => nameOfFlag(spec.flags))
    .filter((name) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(names.map((name) => [name, command.getOptionValue(name) as unknown]));
}

function commanderOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, optionText(spec));
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.repeat === true)
    option.argParser((value: string, previous: unknown) => [
      ...(Array.isArray(previous) ? (previous as string[]) : []),
      value,
    ]);
  return option;
}
