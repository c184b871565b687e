import type { ContentReader, Entry, Tree } from '../../tree/types.ts';

/** A run time or a program that carries one. */
export interface Runtime {
  readonly name: string;
  /** As its files have it; null when they do not tell. */
  readonly version: string | null;
  /** The program, library or folder that was found. */
  readonly path: string;
}

export interface RuntimeInput {
  readonly tree: Tree;
  readonly content: ContentReader;
}

/** How one run time is told by its files. Nothing is run. */
export interface RuntimeRule {
  /** Whether a regular file may be one: looked at for every file, so it must be cheap. */
  readonly looks: (entry: Entry, name: string) => boolean;
  /** What it is; undefined when it is none after all. */
  readonly read: (entry: Entry, input: RuntimeInput) => Promise<Runtime | undefined>;
}
