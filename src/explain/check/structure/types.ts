import type { GoRegexp } from '../../../formats/go-regexp/index.ts';
import type { RuleSource } from '../types.ts';

/** A regular expression with the text that it was written as. */
export interface Pattern extends GoRegexp {
  readonly text: string;
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** What an environment variable or a label has to be: a text, or anything that matches. */
export interface Wanted {
  readonly key: string;
  readonly value: string | Pattern;
}

interface Named {
  readonly name: string;
  readonly source: RuleSource;
}

export interface CommandTest extends Named {
  /** Commands before it, each in a container of its own; what they write stays for the next. */
  readonly setup: readonly (readonly string[])[];
  readonly env: readonly Pair[];
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly expectedOutput: readonly Pattern[];
  readonly excludedOutput: readonly Pattern[];
  readonly expectedError: readonly Pattern[];
  readonly excludedError: readonly Pattern[];
}

export interface FileExistenceTest extends Named {
  readonly path: string;
  readonly shouldExist: boolean;
  /** As Go writes a mode: `-rw-r--r--`, `drwxr-xr-x`, `urwxr-xr-x`. */
  readonly permissions?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly isExecutableBy?: 'owner' | 'group' | 'other' | 'any';
}

export interface FileContentTest extends Named {
  readonly path: string;
  readonly expected: readonly Pattern[];
  readonly excluded: readonly Pattern[];
}

/** What is absent is not asked. */
export interface MetadataTest {
  readonly source: RuleSource;
  readonly env: readonly Wanted[];
  readonly unboundEnv: readonly string[];
  readonly labels: readonly Wanted[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly exposedPorts: readonly string[];
  readonly unexposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly unmountedVolumes: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
}

/** A file of container-structure-test, schema 2.0.0. */
export interface StructureTests {
  readonly file: string;
  readonly env: readonly Pair[];
  /** In place of the image's own. */
  readonly user?: string;
  /** Variables of this machine that commands get. */
  readonly hostEnv: readonly string[];
  readonly commands: readonly CommandTest[];
  readonly existence: readonly FileExistenceTest[];
  readonly contents: readonly FileContentTest[];
  readonly metadata?: MetadataTest;
  readonly licences: readonly RuleSource[];
}
