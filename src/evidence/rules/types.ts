import type { Warning } from '../../base/events.ts';
import type { TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import type { Facts } from '../facts.ts';
import type { Edge, EvidenceGraph, ProcessContext } from '../types.ts';
import type { KeptPrograms } from './kept-programs.ts';

/** An entry that a rule makes, and why. All go into the layer of the system. */
export interface RuleEntry {
  readonly entry: Entry;
  readonly reason: Edge;
  readonly group: 'system';
}

export interface RuleOptions {
  /** `user`, `uid`, with or without `:group` or `:gid`. */
  readonly user: string;
  /** A zone name: `Europe/Paris`. */
  readonly timezone?: string;
  /** Folders that the image promises to its users: volumes, the working folder. */
  readonly folders?: readonly TreePath[];
}

export interface RuleInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** What is kept so far; a rule judges by it. */
  readonly graph: EvidenceGraph;
  readonly context: ProcessContext;
  readonly options: RuleOptions;
  readonly warn: (warning: Warning) => void;
  readonly facts?: Facts;
  readonly programs: KeptPrograms;
}

export interface Findings {
  /** To paths of the tree. Their `from` is the rule's root. */
  readonly edges: readonly Edge[];
  readonly add: readonly RuleEntry[];
}

/** What an image needs although no file of the application says so. */
export interface Rule {
  /** Its root is `rule:NAME`. */
  readonly name: string;
  apply(input: RuleInput): Findings | Promise<Findings>;
}
