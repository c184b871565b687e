import { type ByteString, showPath, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import type { AnalyserTools, Certainty, Edge, Kind, ProcessContext } from '../types.ts';
import type { Surroundings } from './process.ts';
import type { Argv } from './wrappers.ts';

/** Scripts that one start leads to; the rest would be an attack. */
const MAX_SCRIPTS = 256;
const MAX_EDGES = 100_000;
const HEAD_BYTES = 4096;

/** Who does something, and where it says so. */
export interface Origin {
  /** The script, or the program that was started. */
  readonly from: TreePath;
  readonly line?: number;
  readonly certainty: Certainty;
  /** It goes on when that fails: nothing to warn of. */
  readonly tried?: boolean;
}

/** Where names are looked up, and what is inherited there. */
export interface Where extends Surroundings {
  /** Values of PATH, unsplit. */
  readonly searchPaths: readonly ByteString[];
  /** Folders that relative names may be meant from, the likeliest first. */
  readonly folders: readonly TreePath[];
  /** Commands within commands, scripts within scripts. */
  readonly depth: number;
}

/** Commands in commands, scripts in scripts. */
export const MAX_DEPTH = 32;

/** Something that is started: its words, or a script that a shell reads, from a file or from the STRING of `sh -c STRING`. */
export type Job =
  | { readonly kind: 'execline'; readonly script: Entry; readonly where: Where }
  | { readonly kind: 'command'; readonly argv: Argv; readonly origin: Origin; readonly where: Where }
  | {
      readonly kind: 'script';
      readonly script: Entry | ByteString;
      /** `$0`, and the arguments after it. */
      readonly program: ByteString;
      readonly parameters: readonly ByteString[];
      readonly origin: Origin;
      readonly where: Where;
    };

/** One question's worth of work: the process, and everything that its scripts start. */
export interface Session {
  readonly tools: AnalyserTools;
  readonly context: ProcessContext;
  readonly edges: Edge[];
  /** `starts`: the processes that use the file; none when it is not known, or the one of the question. */
  edge(origin: Origin, to: TreePath, kind: Kind, because: string, starts?: readonly ProcessContext[]): void;
  warn(code: string, origin: Origin, message: string): void;
  /** False when the script has been read before with these arguments, or when there are too many. */
  enter(script: TreePath, args: readonly string[]): boolean;
  head(entry: Entry): Promise<Uint8Array>;
  /** Work that is left; what is found does not depend on its order. */
  readonly jobs: Job[];
}

export function createSession(context: ProcessContext, tools: AnalyserTools): Session {
  const edges: Edge[] = [];
  const entered = new Set<string>();
  const warn = (code: string, { from, line }: Origin, message: string): void => {
    const path = showPath(from);
    tools.warn({ code, message: `${path}: ${message}`, path, ...(line !== undefined && { line }) });
  };
  return {
    tools,
    context,
    edges,
    jobs: [],
    warn,
    edge: ({ certainty, from, line }, to, kind, because, starts = []) => {
      const at = line === undefined ? {} : { at: { line } };
      const edge: Edge = { from, to, kind, because, certainty, ...at, settled: true };
      const all = starts.length === 0 ? [edge] : starts.map((process): Edge => ({ ...edge, starts: process }));
      edges.push(...all.slice(0, Math.max(0, MAX_EDGES - edges.length)));
    },
    enter: (script, args) => {
      const key = JSON.stringify([script, args]);
      if (entered.has(key)) return false;
      if (entered.size >= MAX_SCRIPTS) {
        warn(
          'shell-limit',
          { from: script, certainty: 'sure' },
          'too many scripts start each other: the rest was left out',
        );
        return false;
      }
      entered.add(key);
      return true;
    },
    head: async (entry) =>
      entry.content === undefined
        ? new Uint8Array(0)
        : tools.content.read(entry, { offset: 0, size: Math.min(HEAD_BYTES, entry.size) }),
  };
}
