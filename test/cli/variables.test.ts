import { describe, expect, it } from 'vitest';
import { variableOf } from '../../src/cli/options.ts';
import type { OptionSpec } from '../../src/cli/spec.ts';
import { COMMANDS } from '../../src/cli/table.ts';

const commands = await Promise.all(COMMANDS.map((line) => line.load()));
const options = commands.flatMap((spec) => spec.options.map((option) => ({ command: spec.name, option })));
const variable = (command: string, flag: string): string | undefined => {
  const found = options.find((item) => item.command === command && item.option.flags.includes(flag));
  if (found === undefined) throw new Error(`${command} has no ${flag}`);
  return variableOf(found.option);
};

/** What a value has to look like. */
const shapeOf = ({ choices, flags, repeat }: OptionSpec): unknown => ({
  long: /--[a-z-]+/.exec(flags)?.[0],
  value: /[<[].*[>\]]/.exec(flags)?.[0],
  choices,
  repeat: repeat ?? false,
});

describe('environment variables', () => {
  it.each([...byVariable()].filter(([name, items]) => name !== undefined && items.length > 1))(
    '%s takes the same values in every command',
    (_name, items) => {
      for (const { option } of items) expect(shapeOf(option)).toEqual(shapeOf(items[0]?.option as OptionSpec));
    },
  );

  it.each([
    ['build', '--output', 'TARE_OUTPUT'],
    ['shrink', '--output', 'TARE_OUTPUT'],
    ['observe', '--output', 'TARE_OBSERVE_OUTPUT'],
    ['profile', '--output', undefined],
    ['build', '--user', 'TARE_USER'],
    ['run', '--user', 'TARE_RUN_USER'],
    ['run', '--env', 'TARE_RUN_ENV'],
    ['run', '--workdir', 'TARE_RUN_WORKDIR'],
    ['shrink', '--no-verify', 'TARE_VERIFY'],
  ])('of %s %s is %s', (command, flag, name) => {
    expect(variable(command, flag)).toBe(name);
  });
});

function byVariable(): Map<string | undefined, typeof options> {
  const groups = new Map<string | undefined, typeof options>();
  for (const item of options) {
    const name = variableOf(item.option);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return groups;
}
