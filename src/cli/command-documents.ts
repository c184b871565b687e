import { COMMAND_NOTES } from './command-notes.ts';
import { meaningsOf } from './describe.ts';
import { plain } from './error-document.ts';
import { GLOBAL_OPTIONS, nameOfFlag, variableOf } from './options.ts';
import type { CommandSpec, OptionSpec } from './spec.ts';
import { COMMANDS, type CommandLine } from './table.ts';

const MADE = '<!-- Made from the definitions in src/cli/commands/ by npm run docs; do not edit. -->';

/** Headings of the groups of the table. A group without one has its own name. */
const GROUP_TITLES: Readonly<Record<string, string>> = {
  make: 'Make',
  prove: 'Run and prove',
  explain: 'Explain',
  ship: 'Ship',
  store: 'The local store',
  machine: 'This machine',
};

/** docs/cli.md: what all commands have in common, and the way to their pages. */
export function cliDocument(): string {
  const groups = [...new Set(COMMANDS.map(({ group }) => group))];
  return [
    '# Commands',
    '',
    MADE,
    '',
    'stdout carries the answer alone; progress, warnings and hints go to stderr. With `--json` it is JSON in a [stable shape](json.md).',
    'A flag wins over its environment variable, and that over [`tare.yaml`](config.md).',
    '',
    ...groups.flatMap((group) => [
      `### ${titleOf(group)}`,
      '',
      ...COMMANDS.filter((line) => line.group === group).map(
        ({ name, summary }) => `- [\`tare ${name}\`](commands/${name}.md): ${plain(summary)}`,
      ),
      '',
    ]),
    '## Flags of every command',
    '',
    ...optionTable(GLOBAL_OPTIONS),
    '',
    '## Exit codes',
    '',
    '| code | what it means |',
    '|---|---|',
    '| 0 | done |',
    '| 1 | the answer is no: a probe failed, a rule is broken, a finding was made |',
    '| 2 | wrong use, or bad input |',
    '| 3 | the environment said no: network, permission, a missing tool |',
    '',
    'Codes 2 and 3 come with an [error code](errors.md) on stderr. An interruption ends a command with 3, a second one at once with 128 + the number',
    'of the signal; `tare run` passes on the code of the program in the container.',
    '',
    '## Environment variables',
    '',
    'Each flag has a variable, which its page names: `--dry-run` is `TARE_DRY_RUN=yes`, `--no-verify` is `TARE_VERIFY=no`, `--timeout 5` is `TARE_TIMEOUT=5`.',
    'A flag that may be repeated takes a list with commas. Besides, all commands read these:',
    '',
    '| variable | what for |',
    '|---|---|',
    '| `TARE_HOME` | where images and caches lie; default: `$XDG_DATA_HOME/tare`, else `~/.local/share/tare` |',
    '| `TARE_DEBUG=1` | the stack trace of an error |',
    '| `SOURCE_DATE_EPOCH` | the time that new images and their files bear, in seconds since 1970; default: 0 |',
    '| `NO_COLOR` | plain text |',
    '| `DOCKER_HOST` | the daemon of `docker-daemon:` |',
    '| `DOCKER_CONFIG`, `REGISTRY_AUTH_FILE` | where credentials of registries are |',
    '| `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | the way to registries |',
    '',
  ].join('\n');
}

const titleOf = (group: string): string => GROUP_TITLES[group] ?? `${group[0]?.toUpperCase() ?? ''}${group.slice(1)}`;

/** docs/commands/NAME.md. */
export function commandDocument(spec: CommandSpec, line: CommandLine): string {
  const usage = [
    'tare',
    spec.name,
    ...(spec.options.length === 0 ? [] : ['[flags]']),
    ...spec.arguments.map((item) => item.name),
  ];
  return [
    `# tare ${spec.name}`,
    '',
    MADE,
    '',
    plain(spec.description),
    '',
    '```sh',
    usage.join(' '),
    '```',
    ...spec.arguments.flatMap((item, at) => [
      ...(at === 0 ? [''] : []),
      `- \`${item.name}\`: ${plain(item.description)}`,
    ]),
    ...examplesOf(spec),
    '',
    '## Flags',
    ...groupsOf(spec.options).flatMap(([group, options]) => [
      '',
      ...(group === undefined ? [] : [`### ${group.replace(/:$/, '')}`, '']),
      ...optionTable(options),
    ]),
    '',
    `And [those of every command](../cli.md#flags-of-every-command)${spec.options.length === 0 ? '; it has no others' : ''}.`,
    '',
    '## Exit codes',
    '',
    ...exitTable(spec.name),
    '',
    '## See also',
    '',
    ...seeAlso(line),
    '',
  ].join('\n');
}

function examplesOf({ examples }: CommandSpec): string[] {
  if (examples.length === 0) return [];
  const lines = examples.map(([example, what]) => (what === '' ? example : `${example}  # ${what}`));
  return ['', '## Examples', '', '```sh', ...lines, '```'];
}

function exitTable(name: string): string[] {
  const no = COMMAND_NOTES[name]?.no;
  return [
    '| code | when |',
    '|---|---|',
    '| 0 | done |',
    ...(no === null ? [] : [`| 1 | ${no ?? 'the answer is no'} |`]),
    '| 2 | wrong use, or bad input: [the error](../errors.md) says what |',
    '| 3 | the environment said no: [the error](../errors.md) says what |',
  ];
}

function seeAlso({ group, name }: CommandLine): string[] {
  const notes = COMMAND_NOTES[name];
  const others =
    notes?.commands ?? COMMANDS.filter((line) => line.group === group && line.name !== name).map((line) => line.name);
  const known = COMMANDS.filter((line) => others.includes(line.name));
  return [
    ...known.map((line) => `- [\`tare ${line.name}\`](${line.name}.md): ${plain(line.summary)}`),
    ...(notes?.pages ?? []).map(([title, file]) => `- [${title}](${file})`),
    '- [All commands](../cli.md)',
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
  if (options.length === 0) return [];
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
      return `| \`${cell(option.flags)}\` | ${plain(cell(what))} | ${variableText(option)} | ${key} |`;
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

/** Names of flags, for tests: two flags of one command must not share one. */
export function flagNames(spec: CommandSpec): readonly string[] {
  return [...spec.options, ...GLOBAL_OPTIONS].map((option) => nameOfFlag(option.flags));
}
