import { TareError } from '../base/error.ts';
import type { Options, OptionSpec } from './spec.ts';

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: '--json', description: 'answer in JSON on stdout, errors as one JSON line on stderr' },
  { flags: '-q, --quiet', description: 'no progress and no hints; errors only' },
  { flags: '-v, --verbose', description: 'tell more about each step' },
  { flags: '--no-color', description: 'plain text (NO_COLOR does the same)' },
  {
    flags: '--progress <mode>',
    description: 'how progress is shown on stderr',
    choices: ['auto', 'plain', 'json', 'none'],
    defaultText: 'auto',
  },
];

/** `-p, --publish <x>` → `publish`; `--no-verify` → `verify`. */
export function nameOfFlag(flags: string): string {
  const long = /--(?:no-)?([a-z][a-z0-9-]*)/.exec(flags)?.[1] ?? '';
  return long.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `--dry-run` → `TARE_DRY_RUN`; `--no-verify` → `TARE_VERIFY`; undefined for a flag that has none. */
export function variableOf({ flags, variable }: Pick<OptionSpec, 'flags' | 'variable'>): string | undefined {
  if (variable !== undefined) return variable ?? undefined;
  const long = /--(?:no-)?([a-z][a-z0-9-]*)/.exec(flags)?.[1] ?? '';
  return `TARE_${long.replace(/-/g, '_').toUpperCase()}`;
}

const takesValue = (spec: OptionSpec): boolean => /[<[]/.test(spec.flags);

const FALSE_WORDS = new Set(['', '0', 'false', 'no', 'off']);

/** Adds what the environment says to what the command line said. Command line wins. @throws TareError E_USAGE on a value outside `choices` */
export function mergeEnvironment(
  specs: readonly OptionSpec[],
  given: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Options {
  const values = new Map<string, unknown>();
  for (const spec of specs) {
    const name = nameOfFlag(spec.flags);
    const variable = variableOf(spec);
    const text = variable === undefined ? undefined : env[variable];
    if (given[name] !== undefined) values.set(name, given[name]);
    else if (text === undefined) continue;
    else if (!takesValue(spec)) values.set(name, !FALSE_WORDS.has(text.toLowerCase()));
    else if (text !== '') values.set(name, spec.repeat === true ? text.split(',').filter((item) => item !== '') : text);
    const value = values.get(name);
    if (spec.choices !== undefined && typeof value === 'string' && !spec.choices.includes(value)) {
      throw new TareError(
        'E_USAGE',
        `${variable ?? spec.flags}=${JSON.stringify(value)}: allowed are ${spec.choices.join(', ')}`,
      );
    }
  }
  return viewOf(values, given);
}

function viewOf(values: ReadonlyMap<string, unknown>, given: Readonly<Record<string, unknown>>): Options {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const maybeFlag = (name: string): boolean | undefined => {
    const value = values.get(name);
    return typeof value === 'boolean' ? value : undefined;
  };
  return {
    isTyped: (name) => given[name] !== undefined,
    text,
    maybeFlag,
    flag: (name) => maybeFlag(name) ?? false,
    list: (name) => {
      const value = values.get(name);
      return Array.isArray(value) ? value.map(String) : [];
    },
    number: (name) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (value.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
      throw new TareError(
        'E_USAGE',
        `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${JSON.stringify(value)} is not a number`,
      );
    },
  };
}
