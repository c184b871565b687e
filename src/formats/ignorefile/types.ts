/** One line of an ignore file that says something. */
export interface IgnoreRule {
  /** For messages: `.dockerignore`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** As it was written, without white space around it. */
  readonly text: string;
  /** Cleaned: relative to the folder of the context, without `!`. */
  readonly pattern: string;
  /** It begins with `!`: what it matches is shown again. */
  readonly exception: boolean;
}

/** In the order of the file: the last rule that matches a path wins. */
export type IgnoreRules = readonly IgnoreRule[];
