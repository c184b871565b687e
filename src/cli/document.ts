import { ERROR_CODES } from '../base/error-codes.ts';
import { meaningsOf } from './describe.ts';
import { GLOBAL_OPTIONS, nameOfFlag, variableOf } from './options.ts';
import type { CommandSpec, OptionSpec } from './spec.ts';
import { COMMANDS } from './table.ts';

/** docs/cli.md: every command from its own definition. */
export async function cliDocument(): Promise<string> {
  const specs = await Promise.all(COMMANDS.map((line) => line.load()));
  return [
    '# The commands',
    '',
    'Made from the definitions in `src/cli/commands/` by `npm run docs`; do not edit.',
    '',
    'stdout carries the answer alone; progress, warnings and hints go to stderr. Exit codes: `0` done, `1` the answer is no, `2` wrong',
    'use or bad input, `3` the environment said no. A flag wins over its environment variable, and that over `tare.yaml`.',
    '',
    ...COMMANDS.map((line) => `- [\`tare ${line.name}\`](#tare-${line.name}): ${line.summary}`),
    '',
    '## Flags of every command',
    '',
    ...optionTable(GLOBAL_OPTIONS),
    ...specs.flatMap(commandSection),
    '',
  ].join('\n');
}

function commandSection(spec: CommandSpec): string[] {
  const usage = [
    'tare',
    spec.name,
    ...(spec.options.length === 0 ? [] : ['[flags]']),
    ...spec.arguments.map((item) => item.name),
  ];
  return [
    '',
    `## tare ${spec.name}`,
    '',
    spec.description,
    '',
    '```',
    usage.join(' '),
    '```',
    ...(spec.arguments.length === 0
      ? []
      : ['', ...spec.arguments.map((item) => `- \`${item.name}\`: ${item.description}`)]),
    ...groupsOf(spec.options).flatMap(([group, options]) => [
      '',
      ...(group === undefined ? [] : [group, '']),
      ...optionTable(options),
    ]),
    ...(spec.examples.length === 0
      ? []
      : [
          '',
          '```sh',
          ...spec.examples.map(([example, what]) => (what === '' ? example : `${example}  # ${what}`)),
          '```',
        ]),
  ];
}

/** As in the help: flags without a heading first, then heading by heading. */
function groupsOf(
  options: readonly OptionSpec[],
): readonly (readonly [group: string | undefined, options: readonly OptionSpec[]])[] {
  const groups = [...new Set([undefined, ...options.map(({ group }) => group)])];
  return groups
    .map((group) => [group, options.filter((option) => option.group === group)] as const)
    .filter(([, members]) => members.length > 0);
}

function optionTable(options: readonly OptionSpec[]): string[] {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    '| flag | what | variable | tare.yaml |',
    '|---|---|---|---|',
    ...options.map((option) => {
      const more = [
        ...choicesOf(option),
        ...(option.defaultText === undefined ? [] : [`default: ${option.defaultText}`]),
        ...(option.repeat === true ? ['may be repeated'] : []),
      ];
      const what = [option.description, ...more].join('; ');
      const key = option.config === undefined ? '' : `\`${option.config}\``;
      return `| \`${cell(option.flags)}\` | ${cell(what)} | ${variableText(option)} | ${key} |`;
    }),
  ];
}

function choicesOf(option: OptionSpec): string[] {
  if (option.choices === undefined) return [];
  const meanings = meaningsOf(option);
  return meanings.length > 0
    ? meanings.map(([choice, meaning]) => `\`${choice}\`: ${meaning}`)
    : [`one of ${option.choices.map((item) => `\`${item}\``).join(', ')}`];
}

function variableText(option: OptionSpec): string {
  const name = variableOf(option);
  if (name === undefined) return '';
  return `\`${name}${option.flags.includes('--no-') ? '=no' : ''}\``;
}

/** docs/errors.md: the closed table of codes. */
export function errorDocument(): string {
  return [
    '# Errors',
    '',
    'Made from `src/base/error-codes.ts` by `npm run docs`; do not edit.',
    '',
    'Every failure has one of these codes; they are stable. The message says what failed, on which path or reference, and why; the hint says',
    'how to mend it. With `--json`, stderr gets one line: `{"error":{"code":…,"message":…,"hint":…}}`. `TARE_DEBUG=1` adds the stack trace.',
    '',
    '| code | exit | what it means | the usual cure |',
    '|---|---|---|---|',
    ...Object.entries(ERROR_CODES).map(
      ([code, spec]) => `| \`${code}\` | ${spec.exit} | ${spec.title} | ${spec.hint.replaceAll('|', '\\|')} |`,
    ),
    '',
  ].join('\n');
}

/** Names of flags, for tests: two flags of one command must not share one. */
export function flagNames(spec: CommandSpec): readonly string[] {
  return [...spec.options, ...GLOBAL_OPTIONS].map((option) => nameOfFlag(option.flags));
}
