import { variableOf } from './options.ts';
import type { CommandSpec, OptionSpec } from './spec.ts';

/** The description of a flag in the help: the default and the like in brackets, what each choice means on a line of its own. */
export function optionText(spec: OptionSpec): string {
  const regular = variableOf({ flags: spec.flags });
  const variable = variableOf(spec);
  const notes = [
    ...(spec.choices === undefined || spec.meanings !== undefined ? [] : [spec.choices.join(', ')]),
    ...(spec.defaultText === undefined ? [] : [`default: ${spec.defaultText}`]),
    ...(spec.repeat === true ? ['repeatable'] : []),
    ...(spec.config === undefined ? [] : [`tare.yaml: ${spec.config}`]),
    ...(variable === regular || variable === undefined ? [] : [`variable: ${variable}`]),
  ];
  const first = notes.length === 0 ? spec.description : `${spec.description} (${notes.join('; ')})`;
  return [first, ...meaningsOf(spec).map(([choice, meaning]) => `${choice}: ${meaning}`)].join('\n');
}

/** What each choice means, in the order of the choices; empty when nothing is said of them. */
export function meaningsOf({
  choices = [],
  meanings,
}: OptionSpec): readonly (readonly [choice: string, text: string])[] {
  return meanings === undefined ? [] : choices.map((choice) => [choice, meanings[choice] ?? '']);
}

/** What follows the flags of one command: examples below what they do, and how to set flags in the environment. */
export function afterText({ examples, options }: CommandSpec): string {
  const shown = examples.flatMap(([example, what]) => [...(what === '' ? [] : [`  # ${what}`]), `  ${example}`]);
  const [sample] = options.filter((option) => option.variable === undefined).map(({ flags }) => flags);
  const flag = /--[a-z-]+/.exec(sample ?? '--json')?.[0] ?? '';
  return [
    ...(shown.length === 0 ? [] : ['', 'Examples:', ...shown]),
    '',
    `Flags can be set in the environment: ${flag} as ${variableOf({ flags: flag }) ?? ''} etc.`,
  ].join('\n');
}

/** What follows the list of commands. */
export const PROGRAM_AFTER = `
Data lives under TARE_HOME (default: $XDG_DATA_HOME/tare, else
~/.local/share/tare). Every flag can be set in the environment: --dry-run as
TARE_DRY_RUN=yes, --no-verify as TARE_VERIFY=no, --timeout 5 as TARE_TIMEOUT=5.
Exit codes: 0 done, 1 the answer is no, 2 wrong use or bad input, 3 the
environment said no.`;
