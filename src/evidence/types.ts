import type { Warning } from '../base/events.ts';
import type { TreePath } from '../base/path.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';
import type { Facts } from './facts.ts';

/** Why A needs B. */
export type Kind =
  | 'entrypoint'
  | 'interpreter'
  | 'command'
  | 'elf-needed'
  | 'elf-dlopen'
  | 'node-import'
  | 'python-import'
  | 'dotnet-reference'
  | 'config'
  | 'opened'
  | 'looked-up'
  | 'symlink'
  | 'parent'
  | 'rule'
  | 'app'
  | 'include';

export type Certainty = 'sure' | 'likely' | 'guess';

/** Where a chain may start: not a path, so it never begins with '/'. E.g. `entrypoint`, `rule:ca-certificates`, `include`, `app`. */
export type Root = string;
export type EvidenceNode = TreePath | Root;

export interface Edge {
  readonly from: EvidenceNode;
  readonly to: TreePath;
  readonly kind: Kind;
  /** One sentence fragment for people: "NEEDED libm.so.6, found in /lib/x86_64-linux-gnu by ld.so.cache". */
  readonly because: string;
  readonly certainty: Certainty;
  readonly at?: { readonly line: number };
  /**
   * The analyser has answered for the file that `to` leads to as well (a loader resolves a whole closure at once, and what a library finds
   * depends on who loads it). The analyser is asked about that file only when another edge, or a root, leads there too.
   */
  readonly settled?: true;
  /**
   * The process that uses what `to` leads to, when it is another than the one of the question: a script starts `python -m app` in some folder.
   * All analysers are asked about that file in this context (but the one that answers, when `settled`), whatever was asked about it before. No part of the graph.
   */
  readonly starts?: ProcessContext;
}

/** How a file is going to be used: `node server.js` or `sh -c …` mean different things in different places. */
export interface ProcessContext {
  /** As the program gets it. A word of a script's command that is only known at run time is empty when it is an option's value, else left out. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: TreePath;
}

export interface Question {
  readonly path: TreePath;
  readonly entry: Entry;
  readonly context: ProcessContext;
}

export interface AnalyserTools {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly warn: (warning: Warning) => void;
  /** What was learned in earlier runs. */
  readonly facts?: Facts;
}

/** Knows one format or language, and nothing of other analysers. Pure but for reading through `tools`. */
export interface Analyser {
  readonly name: string;
  /** `head` is the first 4096 bytes of the file (fewer when it is shorter). */
  wants(question: Question, head: Uint8Array): boolean;
  /** Edges from `question.path`. Their order does not matter. Paths need not be canonical: symlinks on the way become edges of their own. */
  edges(question: Question, tools: AnalyserTools): Promise<readonly Edge[]>;
}

/** Everything that is needed, and why. */
export interface EvidenceGraph {
  readonly edges: readonly Edge[];
  has(path: TreePath): boolean;
  /** From a root to the path: the surest chain, and of those the shortest; ties by bytes. Empty when the path is not needed. */
  chain(path: TreePath): readonly Edge[];
}
