import type { ByteString, TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import type { Facts } from '../facts.ts';

/** One line of a configuration, whatever its language. Texts are byte strings. */
export interface Statement {
  readonly name: ByteString;
  readonly args: readonly ByteString[];
  readonly line: number;
  /** What the file says before of the environment of processes. */
  readonly env?: Readonly<Record<string, ByteString>>;
}

/** What a statement says is needed. */
export type Need = FileNeed | ProcessNeed;

/** A process that is started, in the environment of the server. */
export interface ProcessNeed {
  readonly what: 'process';
  readonly argv: readonly ByteString[];
  /** Added to the server's environment. */
  readonly env?: Readonly<Record<string, ByteString>>;
  /** Default: the server's. */
  readonly cwd?: ByteString;
  /** Only when somebody asks for it. */
  readonly perhaps?: boolean;
}

/** `text` is a path as written; relative ones are looked up from the bases of the server in turn. */
export interface FileNeed {
  readonly what:
    | 'include'
    /** Must be there as it is. */
    | 'file'
    /** A folder that is served: all that is below. */
    | 'content'
    /** A library that the server loads. */
    | 'module'
    /** Is written: the folder around it must be there, and when it is a link (to /dev/stdout) the link. */
    | 'written';
  readonly text: ByteString;
}

export interface Started {
  /** The first word of its command line. */
  readonly called: string;
  /** Words behind the program's name; none when nobody knows how it is called. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: TreePath;
  readonly program: Entry;
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly facts: Facts | undefined;
}

/** What a server reads first. */
export interface Setup {
  /** Configuration files or patterns, each with who says so. */
  readonly configs: readonly { readonly text: ByteString; readonly because: string }[];
  /** Statements given on the command line. */
  readonly statements: readonly Statement[];
  /** Folders that relative paths are looked up from, the likeliest first. */
  readonly bases: readonly ByteString[];
  /** Values for `${NAME}`. */
  readonly variables: Readonly<Record<string, ByteString>>;
  /** Needed in any case. */
  readonly needs: readonly { readonly need: Need; readonly because: string }[];
}

/** Knows the configuration of one server. */
export interface ServerRule {
  /** File names of its program, or names that it is called by. */
  readonly programs: RegExp;
  /** Its program is a script. */
  readonly isScript?: true;
  setup(started: Started): Promise<Setup>;
  /** `file`: the name that the text was found by, links as they are. */
  parse(text: ByteString, file: TreePath): { readonly statements: readonly Statement[]; readonly problem?: string };
  /** `setup` with the variables that were set since. */
  needs(statement: Statement, setup: Setup): readonly Need[];
  /** A statement that moves the folder that relative paths are meant from. */
  base?(statement: Statement): ByteString | undefined;
  /** A statement that sets variables for those that follow; also in the environment of the processes that are started. */
  sets?(statement: Statement, setup: Setup): Readonly<Record<string, ByteString>> | undefined;
}
