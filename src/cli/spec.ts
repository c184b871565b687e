import type { Context } from '../base/events.ts';
import type { Style } from '../report/style.ts';
import type { Store } from '../store/types.ts';

/** One flag, as data: commander, the environment variables and docs/cli.md are all made from it. */
export interface OptionSpec {
  /** As commander reads them: `-p, --publish <host:container>`. A `--no-x` flag makes `x` true by default, and `--x` says so. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  /** What each choice means, in a few words. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** Where TARE_<FLAG> means something else in another command: another name; null for none at all. */
  readonly variable?: string | null;
  /** For the help text only; the use case fills it in. */
  readonly defaultText?: string;
  /** May be given several times; the environment variable holds them separated by commas. */
  readonly repeat?: boolean;
  /** Of a flag whose value may be left out (`--sbom [format]`): what it means then. A value is put behind `=`: the next word is none. */
  readonly bare?: string;
  /** Heading of the flags among which it stands in the help; those without one come first. */
  readonly group?: string;
  /** The key in tare.yaml that means the same. */
  readonly config?: string;
}

export interface CommandInput {
  /** Positional arguments, missing ones undefined; a variadic one is the last element, as a list. */
  readonly args: readonly (string | readonly string[] | undefined)[];
  /** By camel-case name; flags, then environment variables. */
  readonly options: Options;
  readonly cli: CliContext;
}

export interface Options {
  /** Whether it stands on the command line: a variable of the environment is meant for many commands, and need not fit each of them. */
  isTyped(name: string): boolean;
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** Undefined when neither flag nor variable was given; for flags that tare.yaml may set too. */
  maybeFlag(name: string): boolean | undefined;
  list(name: string): readonly string[];
  /** @throws TareError E_USAGE unless it is a finite number not below 0 */
  number(name: string): number | undefined;
}

export interface CliContext {
  readonly ctx: Context;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly style: Style;
  store(): Promise<Store>;
}

/** What a command answers. stdout gets `json` or `text`, never both; `raw` replaces both for bytes (`files --cat`). */
export interface CommandResult {
  readonly json: unknown;
  readonly text: (style: Style) => string;
  readonly raw?: AsyncIterable<Uint8Array>;
  /** 1: the answer is no. `tare run` passes the container's own code on. */
  readonly exit?: number;
}

export interface CommandSpec {
  readonly name: string;
  /** As commander reads them: `<image> [args...]`. */
  readonly arguments: readonly { readonly name: string; readonly description: string }[];
  readonly summary: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Everything after the first argument belongs to that argument, flags too. */
  readonly passThrough?: boolean;
  run(input: CommandInput): Promise<CommandResult>;
}
