/** A word of a command, at `[start, end)` of the script. */
export interface ShellWord {
  /** Its value; as written when that is only known at run time. */
  readonly text: string;
  readonly constant: boolean;
  readonly start: number;
  readonly end: number;
}

/** One simple command, without `sudo`, `env` and their like before it. */
export interface ShellCommand {
  /** The program's name without its folder. */
  readonly name: string;
  /** The arguments. */
  readonly words: readonly ShellWord[];
  readonly start: number;
  readonly end: number;
  /** Of `sh -c '…'`: its place is that of the text that holds it. */
  readonly nested: boolean;
}

/** What a RUN gives to its shell. */
export interface Script {
  readonly text: string;
  /** Every command, in the order of the text. */
  readonly commands: readonly ShellCommand[];
  /** One command, or several joined by `&&` alone. */
  readonly isChain: boolean;
  /** Why nothing can be joined to its end with `&&`. */
  readonly closed: string | undefined;
  /** Where a char of the text stands in the file; undefined when that cannot be told. */
  place(index: number): number | undefined;
  /** A script of its own, between the lines of a heredoc. */
  readonly heredoc: boolean;
}
